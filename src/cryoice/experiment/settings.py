"""What a user typed, as plain checked data."""

import inspect
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, InterpolationResolutionError, OmegaConfBaseException

from cryoice.errors import InputError
from cryoice.experiment.command_line import composition_fault


def plain_settings(config: DictConfig) -> dict[str, Any]:
    """Return the resolved config as dictionaries, lists and numbers.

    Raises
    ------
    InputError
        A value is missing or an interpolation fails.
    """
    try:
        settings = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except InterpolationResolutionError as error:
        where = f"{error.full_key}: " if isinstance(error, InterpolationKeyError) else ""
        raise InputError(f"{where}{composition_fault(error)}") from error
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None) or "the config"
        raise InputError(f"{key}: has no value; set {key}=... on the command line") from error
    assert isinstance(settings, dict)
    return {str(key): value for key, value in settings.items()}


def check_targets(settings: dict[str, Any], prefix: str = "") -> None:
    """Check every group that names a class against that class's constructor.

    Raises
    ------
    InputError
        A key that the class does not take, or a number, text, truth value or list where it wants
        something else.
    """
    for name, group in settings.items():
        if not isinstance(group, dict):
            continue
        if "_target_" in group:
            _check_group(f"{prefix}{name}", group)
        else:
            check_targets(group, f"{prefix}{name}.")


def flatten(settings: dict[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one dictionary with dotted keys; an empty group stays as it is."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _check_group(name: str, group: dict[str, Any]) -> None:
    try:
        target = get_class(group["_target_"])
    except Exception as error:
        raise InputError(f"{name}._target_={group['_target_']}: no such class") from error
    known, hints = constructor(target)
    for key, value in group.items():
        if key == "_target_":
            continue
        if key not in known:
            raise InputError(
                f"{name}.{key}: {target.__name__} has no such setting; it has {', '.join(sorted(known))}"
            )
        if key in hints and not matches(value, hints[key]):
            raise InputError(f"{name}.{key}={value}: must be {_describe(hints[key])}")


def constructor(target: type) -> tuple[set[str], dict[str, Any]]:
    """Return the names and the types of a constructor's settings, base classes' included."""
    known: set[str] = set()
    hints: dict[str, Any] = {}
    for cls in target.__mro__:
        if "__init__" not in vars(cls):
            continue
        parameters = inspect.signature(cls).parameters.values()
        known |= {p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
        hints = _hints(cls) | hints
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return known, hints


def _hints(cls: type) -> dict[str, Any]:
    try:
        return get_type_hints(vars(cls)["__init__"])
    except (NameError, TypeError):
        return {}


def matches(value: Any, hint: Any) -> bool:
    """Return whether a value is what an annotation asks for; True for annotations not understood."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return any(matches(value, option) for option in get_args(hint))
    if origin is Literal:
        return value in get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint in (str, bool, type(None)):
        return isinstance(value, hint)
    if isinstance(origin, type) and origin.__module__ == "collections.abc":
        return isinstance(value, origin) and not isinstance(value, str) and _elements_match(value, hint)
    return True


def _elements_match(value: Any, hint: Any) -> bool:
    wanted = get_args(hint)[-1]
    elements = value.values() if isinstance(value, dict) else value
    return all(matches(element, wanted) for element in elements)


def _describe(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_describe(option) for option in arguments))
    if origin is Literal:
        return ", ".join(map(str, arguments))
    of_numbers, many = arguments[-1:] == (float,), "Sequence" in str(hint)
    if of_numbers:
        return "a list of numbers" if many else "numbers by name"
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", type(None): "null"}
    return names.get(hint, "a list" if many else "a group of keys")
