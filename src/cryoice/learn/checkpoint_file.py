"""A checkpoint as plain data: weights and settings, never code."""

from pathlib import Path
from typing import Any

import torch
from hydra.utils import get_class

from cryoice.errors import InputError

SETTINGS = "cryoice_settings"
"""Key of a checkpoint under which the run's whole config lies."""

TRAINER = "pytorch_lightning.Trainer"
HOMES = ("cryoice.", "torch.optim.")
"""Packages whose classes a checkpoint may name for building, beside the trainer."""

CALLS = ("_args_", "_partial_", "_call_")
"""Keys of Hydra's `instantiate` that no file of ours has."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Load a checkpoint, weights and plain data only.

    Raises
    ------
    InputError
        The file is corrupt, holds code, names classes to build that are not this project's, or was
        not written by it.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged bytes raise whatever their unpickling meets
        raise InputError(f"{path}: not a readable checkpoint; give one that train.py wrote") from error
    if not isinstance(checkpoint, dict) or SETTINGS not in checkpoint:
        raise InputError(
            f"{path}: a checkpoint without this project's settings; give one that train.py wrote"
        )
    require_known_classes(checkpoint, path)
    return checkpoint


def require_known_classes(content: Any, path: Path) -> None:
    """Check that building from a file's settings calls nothing but classes of ours.

    Raises
    ------
    InputError
        It names another class, changes how one is called, or holds an interpolation.
    """
    if isinstance(content, str) and "${" in content:
        raise InputError(f"{path}: holds an interpolation, {content}; give a checkpoint that train.py wrote")
    if isinstance(content, dict):
        for key, value in content.items():
            if key in CALLS or (key == "_target_" and not _is_known_class(value)):
                raise InputError(
                    f"{path}: would call {key}={value}; only classes of cryoice and torch.optim are built"
                )
            require_known_classes(value, path)
    elif isinstance(content, list | tuple):
        for value in content:
            require_known_classes(value, path)


def _is_known_class(target: Any) -> bool:
    if not isinstance(target, str) or not target.startswith(HOMES):
        return target == TRAINER
    try:
        return get_class(target).__module__.startswith(HOMES)  # not what a module of ours imports
    except Exception:  # whatever an import or Hydra's own policy objects with
        return False
