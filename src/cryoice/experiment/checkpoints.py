"""How a checkpoint is found, read and compared with the run that wants it."""

import logging
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from cryoice.errors import InputError
from cryoice.experiment.callbacks import LAST, SETTINGS
from cryoice.experiment.settings import flatten
from cryoice.experiment.tracking import HISTORY

log = logging.getLogger(__name__)

MAY_DIFFER = ("ckpt", "name", "logger", "bootstrap", "cache", "patience")
"""Settings that a resumed run may change: they do not touch the weights."""


def find_checkpoint(ckpt: str, *, outputs: Path, name: str) -> Path:
    """Return the checkpoint's path; ``last`` is the newest run's file ``name`` anywhere in ``outputs``.

    Raises
    ------
    InputError
        There is no such file, or no run to continue.
    """
    if ckpt != "last":
        if not Path(ckpt).is_file():
            raise InputError(f"ckpt={ckpt}: no such file; give a checkpoint's path, or last")
        return Path(ckpt)
    found = sorted(outputs.rglob(f"checkpoints/{name}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise InputError(f"ckpt=last: no run under {outputs} has a {name}; give a checkpoint's path")
    return found[-1]


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Load a checkpoint, weights and plain data only.

    Raises
    ------
    InputError
        The file is corrupt, holds code, or was not written by this project.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged bytes raise whatever their unpickling meets
        raise InputError(f"{path}: not a readable checkpoint; give one that train.py wrote") from error
    if not isinstance(checkpoint, dict) or SETTINGS not in checkpoint:
        raise InputError(
            f"{path}: a checkpoint without this project's settings; give one that train.py wrote"
        )
    return checkpoint


def checkpoint_to_resume(settings: dict[str, Any], *, run_dir: Path) -> Path | None:
    """Return the checkpoint that ``ckpt`` asks to continue, its history copied into the run's folder.

    Raises
    ------
    InputError
        There is none, it cannot be read, or the run's settings differ from its.
    """
    if settings["ckpt"] is None:
        return None
    path = find_checkpoint(settings["ckpt"], outputs=run_dir.parent, name=LAST)
    require_same_settings(read_checkpoint(path), settings, path)
    history = path.resolve().parents[1] / HISTORY
    if history.is_dir() and history != (run_dir / HISTORY).resolve():
        shutil.copytree(history, run_dir / HISTORY, dirs_exist_ok=True)
    log.info("resuming from %s", path)
    return path


def continuation(checkpoint: Path, *, overrides: Sequence[str]) -> str:
    """Return the command that continues a run from its checkpoint."""
    kept = [override for override in overrides if not override.startswith("ckpt=")]
    return shlex.join(["python", "train.py", *kept, f"ckpt={checkpoint}"])


def require_same_settings(checkpoint: dict[str, Any], settings: dict[str, Any], path: Path) -> None:
    """Raise `InputError` where a resumed run would not continue the training that was interrupted."""
    before, now = (
        flatten({k: v for k, v in s.items() if k not in MAY_DIFFER}) for s in (checkpoint[SETTINGS], settings)
    )
    changed = sorted(
        key for key in before.keys() | now.keys() if before.get(key) != now.get(key) and ".cache" not in key
    )
    if changed:
        lines = ", ".join(f"{key}={now.get(key)} (was {before.get(key)})" for key in changed[:5])
        raise InputError(
            f"ckpt={path}: cannot continue with other settings: {lines}; give the run's own overrides"
        )
