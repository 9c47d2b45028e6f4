"""What a user gave wrongly, in one line. Every start imports this file: nothing heavy here."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from hydra.core.hydra_config import HydraConfig
from hydra.errors import (
    HydraException,
    InstantiationException,
    MissingConfigException,
    OverrideParseException,
)
from hydra.types import RunMode
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    ValidationError,
)

from cryoice.errors import InputError
from cryoice.experiment.processes import is_first

_FULL = "HYDRA_FULL_ERROR"
_ASKED = "CRYOICE_TRACEBACKS"

WANTS_TRACEBACKS = os.environ.setdefault(_ASKED, os.environ.get(_FULL, "0")) == "1"
"""Whether the user set HYDRA_FULL_ERROR=1; asked before `one_line_composition` sets it, for workers too."""

_KINDS = {
    "converted to Integer": "a whole number",
    "converted to Float": "a number",
    "valid bool": "true or false",
    "not Optional": "something else than null",
    "not a subclass": "a group of keys",
}
"""What OmegaConf's complaints ask for."""

_SEVERAL = re.compile(r"Ambiguous value for argument '(.+)'")
"""How Hydra begins where it has not found that a sweep is meant."""

_RESOLVER = "InputError raised while resolving interpolation: "
"""What OmegaConf puts before the complaints of ``schema.py``'s resolvers."""

_GROUPS = {
    "torch.optim.lr_scheduler": "schedule",
    "torch.optim": "optimizer",
    "pytorch_lightning": "trainer",
    "cryoice.learn.networks": "model",
    "cryoice.learn.losses": "loss",
    "cryoice.learn.strategies": "loss",
    "cryoice.learn.unet": "model",
    "cryoice.learn.pixel_loss": "loss",
    "cryoice.learn": "data",
}
"""The config group that the classes of a package are named in, the narrower package first."""


@contextmanager
def one_line_composition() -> Iterator[None]:
    """Around Hydra's main: a config that cannot be composed ends in one line and exit status 1.

    Hydra raises its faults instead of printing them under HYDRA_FULL_ERROR=1, which is set here; where
    the user has set it, nothing is caught.
    """
    os.environ[_FULL] = "1"
    try:
        yield
    except (InputError, HydraException, InterpolationResolutionError) as error:
        if WANTS_TRACEBACKS:
            raise
        sys.exit(f"error: {composition_fault(error)}" if is_first() else 1)
    except ValueError as error:
        if WANTS_TRACEBACKS or not str(error).startswith("Config group override must be"):
            raise
        sys.exit("error: a group of the config was given a number; give the name of one of its options")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what the user gave wrongly into one line on stderr and exit status 1.

    In a sweep it stays an `InputError`, for Hydra to go on with the other jobs.
    """
    try:
        yield
    except (InputError, InstantiationException) as error:
        line = str(error) if isinstance(error, InputError) else _construction_fault(error)
        if line is None or WANTS_TRACEBACKS:
            raise
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            raise InputError(line) from error
        sys.exit(f"error: {line}")


def composition_fault(error: Exception) -> str:
    """Return key, fault and remedy of a config that does not compose."""
    cause = error.__cause__
    if isinstance(error, InterpolationResolutionError):
        return _first_line(error).removeprefix(_RESOLVER)
    if isinstance(error, MissingConfigException) and error.options:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        choices = (option for option in error.options if not option.startswith("_"))
        return f"{group}={name}: choose from {', '.join(choices)}"
    if isinstance(error, OverrideParseException):
        return (
            f"{error.override}: cannot be read; write key=value, special characters in quotes: key='\"a b\"'"
        )
    if isinstance(cause, ConfigAttributeError | ConfigKeyError):
        return _unknown_key(cause)
    if isinstance(cause, OmegaConfBaseException):
        given = str(error).partition("Error merging override ")[2] or str(cause.full_key)
        return f"{given}: {_wrong_value(cause)}"
    if several := _SEVERAL.match(_first_line(error)):
        return (
            f"{several[1]}: several values make a sweep; add -m, which also tells what another override has "
            "wrong where the preset is a sweep; or write key=[a,b] for one list"
        )
    return _first_line(error)


def _unknown_key(cause: OmegaConfBaseException) -> str:
    parent, _, key = str(cause.full_key).rpartition(".")
    prefix = f"{parent}." if parent else ""
    keys = sorted(str(name) for name in cause.parent_node or () if name not in ("hydra", "_target_"))
    close = get_close_matches(key, keys, n=1)
    if close:
        return f"{cause.full_key}: no such key; did you mean {prefix}{close[0]}?"
    return f"{cause.full_key}: no such key" + (
        f"; {parent or 'the root'} has {', '.join(keys)}" if keys else ""
    )


def _wrong_value(cause: OmegaConfBaseException) -> str:
    said = _first_line(cause)
    kind = next((text for words, text in _KINDS.items() if words in said), None)
    return f"must be {kind}" if kind and isinstance(cause, ValidationError) else said


def _construction_fault(error: InstantiationException) -> str | None:
    """Return what a class had against its settings, None where the fault need not be the user's."""
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    cause = error.__cause__
    if isinstance(cause, InputError):
        return str(cause)
    called = re.search(r"call to target '(.+?)'", str(error))
    if not called or not isinstance(cause, ValueError | TypeError | MisconfigurationException):
        return None
    group = next((name for package, name in _GROUPS.items() if called[1].startswith(package)), called[1])
    return f"{group}: {' '.join(str(cause).split())}"


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
