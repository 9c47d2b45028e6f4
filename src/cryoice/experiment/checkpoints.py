"""Checkpoints: what is kept, and how one is found and read again."""

import pickle
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint

from cryoice.errors import InputError

SETTINGS = "cryoice_settings"
"""Key of a checkpoint under which the run's whole config lies."""

MAY_DIFFER = ("ckpt", "name", "logger", "bootstrap", "cache", "patience")
"""Settings that a resumed run may change: they do not touch the weights."""


class KeepSettings(Callback):
    """Writes the run's config into every checkpoint, so that a checkpoint suffices to evaluate it."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the config, plain data only."""
        checkpoint[SETTINGS] = self.settings


def checkpoint_callbacks(settings: dict[str, Any], *, folder: Path) -> tuple[ModelCheckpoint, list[Callback]]:
    """Return the checkpoint of the best monitored value and everything that goes with it.

    ``best.ckpt`` and ``last.ckpt``; the last step is kept on Ctrl-C, SIGTERM and errors as well.
    """
    monitor = settings["monitor"]
    best = ModelCheckpoint(
        dirpath=folder,
        filename="best",
        monitor=monitor["metric"],
        mode=monitor["mode"],
        save_last=True,
        save_on_exception=True,
        enable_version_counter=False,
    )
    stopping = EarlyStopping(monitor["metric"], mode=monitor["mode"], patience=settings["patience"])
    return best, [best, stopping, KeepSettings(settings)]


def find_checkpoint(ckpt: str, *, outputs: Path) -> Path:
    """Return the checkpoint's path; ``last`` is the newest ``last.ckpt`` of the runs under ``outputs``.

    Raises
    ------
    InputError
        There is no such file, or no run to continue.
    """
    if ckpt != "last":
        if not Path(ckpt).is_file():
            raise InputError(f"ckpt={ckpt}: no such file")
        return Path(ckpt)
    found = sorted(outputs.glob("*/checkpoints/last.ckpt"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise InputError(f"ckpt=last: no run under {outputs} has a last.ckpt; give a checkpoint's path")
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
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, KeyError) as error:
        raise InputError(f"{path}: not a readable checkpoint; give one that train.py wrote") from error
    if not isinstance(checkpoint, dict) or SETTINGS not in checkpoint:
        raise InputError(
            f"{path}: a checkpoint without this project's settings; give one that train.py wrote"
        )
    return checkpoint


def require_same_settings(checkpoint: dict[str, Any], settings: dict[str, Any], path: Path) -> None:
    """Raise `InputError` where a resumed run would not continue the training that was interrupted."""
    before, now = (
        _flat({k: v for k, v in s.items() if k not in MAY_DIFFER}) for s in (checkpoint[SETTINGS], settings)
    )
    changed = sorted(
        key for key in before.keys() | now.keys() if before.get(key) != now.get(key) and ".cache" not in key
    )
    if changed:
        lines = ", ".join(f"{key}={now.get(key)} (was {before.get(key)})" for key in changed[:5])
        raise InputError(
            f"ckpt={path}: cannot continue with other settings: {lines}; give the run's own overrides"
        )


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
