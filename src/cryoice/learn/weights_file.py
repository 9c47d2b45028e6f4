"""A network to pass on: its weights as safetensors, what it takes to build it as JSON beside them."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.learn.checkpoint_file import require_known_classes

KINDS = ("pixels", "patches")
"""What a network's output is about: `Segmenter`'s or `PatchClassifier`'s."""

KEY = "cryoice"
"""Key of the facts among a file's metadata."""

PATCH = ("good", "bad")
"""Classes of a network of whole patches."""

RECORD = "settings"
"""Key of the run's whole config: kept to be read, never built from."""

MOST_FACTS = 1_000_000
"""Bytes of a file's header: its facts and the names of its weights; ours have some ten thousand."""

FACTS: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "classes": list,
    "pixel_size": (int, float),
    "patch": int,
    "model": dict,
    "channels": (dict, type(None)),
}
"""What the facts must hold; whatever else lies beside it is passed through."""


def save_weights(path: Path, *, state: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write the weights of a bare network and the facts about it, whole or not at all.

    Parameters
    ----------
    facts
        Plain data; at least the keys of `FACTS`.

    Raises
    ------
    InputError
        The facts lack something, or the file cannot be written.
    """
    _require_facts(facts, path)
    weights = {name: values.detach().cpu().contiguous() for name, values in state.items()}
    with replacing(path) as scratch:
        save_file(weights, scratch, metadata={KEY: json.dumps(dict(facts), allow_nan=False)})


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_weights` wrote: weights by name, and the facts.

    Raises
    ------
    InputError
        The file is damaged, not ours, of an unknown kind, or names classes to build that are not ours.
    """
    _require_short_header(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: {_DAMAGED}") from error
    try:
        facts = json.loads(metadata[KEY])
    except (KeyError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: weights without this project's facts; give a file that cryoice exported"
        ) from error
    _require_facts(facts, path)
    # naming the run's trainer and optimiser would import them: a second and 0.2 GB
    require_known_classes({key: value for key, value in facts.items() if key != RECORD}, path)
    return state, facts


_DAMAGED = "not a readable file of weights; fetch or export it again"


def _require_short_header(path: Path) -> None:
    """Check the header's length, the file's first eight bytes, before anything is allocated for it."""
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give another file") from error
    if len(start) < 8:
        raise InputError(f"{path}: {_DAMAGED}")
    (length,) = struct.unpack("<Q", start)
    if length > MOST_FACTS:
        raise InputError(f"{path}: its header claims {length} bytes; {_DAMAGED}")


def _require_facts(facts: Any, path: Path) -> None:
    if not isinstance(facts, Mapping):
        raise InputError(f"{path}: its facts are no table; give a file that cryoice exported")
    for key, kind in FACTS.items():
        if key not in facts or not isinstance(facts[key], kind):
            raise InputError(f"{path}: its facts lack a valid {key}; give a file that cryoice exported")
    if facts["kind"] not in KINDS:
        raise InputError(f"{path}: a network of kind {facts['kind']!r}; known are {', '.join(KINDS)}")
    if not _are_classes(facts["classes"]):
        raise InputError(f"{path}: a network of classes {facts['classes']}; known are {CLASSES} and {PATCH}")
    for key in ("pixel_size", "patch"):
        if isinstance(facts[key], bool) or not 0 < facts[key] < math.inf:
            raise InputError(f"{path}: its {key} must be a number above 0; give a file that cryoice exported")


def _are_classes(names: list[Any]) -> bool:
    """Tell whether masks can be made of these: all of ours or some, clean film first, or good and bad."""
    if tuple(names) == PATCH:
        return True
    known = all(isinstance(name, str) and name in CLASSES for name in names)
    return known and len(set(names)) == len(names) > 1 and names[0] == CLASSES[0]
