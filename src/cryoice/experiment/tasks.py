"""What a run is about: whose module it trains and which figures it ends with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.experiment.start import Start
from cryoice.report.results import Monitored

PATCHES = "patches"
"""The task of runs that do not say, as those before there was another."""

_SHARED = (
    "model", "augment", "optimizer", "schedule", "loss", "patch", "pixel_size", "seed", "channels_last",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One kind of training.

    Attributes
    ----------
    module
        Class of the LightningModule.
    keys
        Settings that it takes beside those that every module takes.
    given
        What it takes that no setting holds.
    report
        Writes numbers and figures for a module just tested.
    """

    module: type[pl.LightningModule]
    keys: tuple[str, ...]
    given: Mapping[str, Any]
    report: Callable[..., Any]


def _patches() -> Task:
    from cryoice.experiment.outcome import report_patches
    from cryoice.learn.classifier import PatchClassifier

    return Task(PatchClassifier, ("channels",), {}, report_patches)


def _pixels() -> Task:
    from cryoice.experiment.pixel_outcome import report_pixels
    from cryoice.learn.segmenter import Segmenter

    return Task(Segmenter, ("degrade",), {"classes": list(CLASSES)}, report_pixels)


_TASKS = {PATCHES: _patches, "pixels": _pixels}
"""By the value of ``task``; a run imports its own alone, since a sweep starts many."""


def task_of(settings: Mapping[str, Any]) -> Task:
    """Return the task of a run's settings."""
    return _TASKS[settings.get("task", PATCHES)]()


def build_module(settings: Mapping[str, Any]) -> pl.LightningModule:
    """Build the module of a run's settings: untrained, or with the weights that it starts from."""
    task = task_of(settings)
    start = Start.read(settings["init"], settings) if settings.get("init") else None
    settings = settings if start is None else {**settings, "model": start.facts["model"]}
    module = task.module(**{key: settings[key] for key in (*_SHARED, *task.keys)}, **task.given)
    if start is not None:
        start.load_into(module)
    return module


def load_module(checkpoint: Path, settings: Mapping[str, Any]) -> pl.LightningModule:
    """Load the module of a checkpoint, weights and plain data only."""
    module = task_of(settings).module
    return module.load_from_checkpoint(checkpoint, weights_only=True, map_location="cpu")


def report_outcome(
    module: pl.LightningModule,
    data: pl.LightningDataModule,
    settings: Mapping[str, Any],
    loggers: list[Logger],
    *,
    run_dir: Path,
    monitor: Monitored | None,
) -> None:
    """Write metrics.json, metrics.md and figures/ for a module just tested."""
    task_of(settings).report(module, data, settings, loggers, run_dir=run_dir, monitor=monitor)


def require_fitting(settings: Mapping[str, Any]) -> None:
    """Check that data, network and loss are those of the task.

    Raises
    ------
    InputError
        A group of the config belongs to the other task.
    """
    wanted = settings.get("task", PATCHES)
    of_pixels = (
        ("data", ("PixelDataModule", "OwnDataModule")),
        ("model", ("UNet",)),
        ("loss", ("PixelLoss",)),
    )
    for group, names in of_pixels:
        target = settings[group]["_target_"]
        if (target.rpartition(".")[2] in names) != (wanted == "pixels"):
            raise InputError(
                f"{group}._target_={target}: is not for task={wanted}; start from experiment=detector for "
                "pixels, from the defaults for patches"
            )
