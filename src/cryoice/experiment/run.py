"""One run from its config to its figures: what ``train.py`` and ``evaluate.py`` do."""

import logging
import math
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning.loggers import Logger

from cryoice.errors import InputError
from cryoice.experiment.checkpoints import (
    SETTINGS,
    checkpoint_callbacks,
    find_checkpoint,
    read_checkpoint,
    require_same_settings,
)
from cryoice.experiment.outcome import report_outcome
from cryoice.experiment.run_log import log_checkpoint_artifact
from cryoice.experiment.settings import check_targets, plain_settings
from cryoice.experiment.tracking import finish, make_logger
from cryoice.learn.classifier import PatchClassifier
from cryoice.learn.datamodule import CryoPPPDataModule
from cryoice.report.results import Monitored

log = logging.getLogger(__name__)

BEST = Path("checkpoints/best.ckpt")
"""The checkpoint that a run is judged by, in its folder."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn an `InputError` into one line on stderr and exit status 1; in a sweep, let Hydra report it."""
    try:
        yield
    except InputError as error:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            raise
        sys.exit(f"error: {error}")


def train(config: DictConfig) -> float:
    """Train, test the best checkpoint, write everything into the run's folder.

    Returns
    -------
    float
        The best value of the monitored metric, NaN when it was never measured.
    """
    settings = plain_settings(config)
    check_targets(settings)
    check_monitor(settings)
    run_dir = Path(HydraConfig.get().runtime.output_dir)
    _quiet()
    pl.seed_everything(settings["seed"], workers=True, verbose=False)
    torch.set_flush_denormal(True)
    resume = _resume(settings, run_dir)
    data = build_data(settings)
    module = build_module(settings)
    loggers = make_logger(
        _logger_settings(settings), run_dir=run_dir, name=_run_name(settings), config=settings
    )
    try:
        monitor = _fit(settings, module, data, loggers, run_dir=run_dir, resume=resume)
        log_checkpoint_artifact(loggers, run_dir / BEST)
        _test(run_dir / BEST, data, settings, loggers, run_dir=run_dir, monitor=monitor)
    finally:
        where = finish(loggers)
        if where:
            log.info(where)
    log.info("figures and numbers: %s", run_dir)
    return math.nan if monitor["value"] is None else monitor["value"]


def evaluate(config: DictConfig) -> None:
    """Test a checkpoint on its own test micrographs, or on another folder's, and write the figures."""
    wanted = plain_settings(config)
    run_dir = Path(HydraConfig.get().runtime.output_dir)
    _quiet()
    path = find_checkpoint(wanted["ckpt"], outputs=Path("outputs") / "*")
    settings = read_checkpoint(path)[SETTINGS] | {"bootstrap": wanted["bootstrap"]}
    settings["data"] = _other_data(
        settings["data"], {k: v for k, v in wanted["data"].items() if v is not None}
    )
    pl.seed_everything(settings["seed"], workers=True, verbose=False)
    data = build_data(settings)
    _test(path, data, settings, [], run_dir=run_dir, monitor=None)
    log.info("figures and numbers: %s", run_dir)


def build_data(settings: dict[str, Any]) -> CryoPPPDataModule:
    """Build the data module of a run's settings."""
    data: CryoPPPDataModule = instantiate(settings["data"], _convert_="all")
    return data


def build_module(settings: dict[str, Any]) -> PatchClassifier:
    """Build the untrained module of a run's settings."""
    keys = (
        "model",
        "channels",
        "augment",
        "optimizer",
        "schedule",
        "loss",
        "patch",
        "pixel_size",
        "seed",
        "channels_last",
    )
    return PatchClassifier(**{key: settings[key] for key in keys})


def check_monitor(settings: dict[str, Any]) -> None:
    """Raise `InputError` for a metric that no training step logs."""
    known = ("val/auroc", "val/auprc", "val/accuracy", "val/f1", "val/loss")
    monitor = settings["monitor"]
    if monitor["metric"] not in known:
        raise InputError(f"monitor.metric={monitor['metric']}: choose from {', '.join(known)}")
    if monitor["mode"] not in ("min", "max"):
        raise InputError(f"monitor.mode={monitor['mode']}: choose min or max")


def _fit(
    settings: dict[str, Any],
    module: PatchClassifier,
    data: CryoPPPDataModule,
    loggers: list[Logger],
    *,
    run_dir: Path,
    resume: Path | None,
) -> Monitored:
    best, callbacks = checkpoint_callbacks(settings, folder=run_dir / "checkpoints")
    trainer: pl.Trainer = instantiate(
        settings["trainer"], callbacks=callbacks, logger=loggers, default_root_dir=run_dir
    )
    with _few_workers_are_enough():
        trainer.fit(module, datamodule=data, ckpt_path=resume, weights_only=True)
    value = None if best.best_model_score is None else float(best.best_model_score)
    return Monitored(metric=settings["monitor"]["metric"], mode=settings["monitor"]["mode"], value=value)


def _test(
    checkpoint: Path,
    data: CryoPPPDataModule,
    settings: dict[str, Any],
    loggers: list[Logger],
    *,
    run_dir: Path,
    monitor: Monitored | None,
) -> None:
    module = PatchClassifier.load_from_checkpoint(checkpoint, weights_only=True, map_location="cpu")
    keys = ("_target_", "accelerator", "devices", "precision", "enable_progress_bar")
    trainer = instantiate(
        {key: settings["trainer"][key] for key in keys},
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        default_root_dir=run_dir,
    )
    with _few_workers_are_enough():
        trainer.test(module, datamodule=data, verbose=False)
    report_outcome(module, data, settings, loggers, run_dir=run_dir, monitor=monitor)


@contextmanager
def _few_workers_are_enough() -> Iterator[None]:
    """Silence Lightning's advice: one process keeps up with the training step (benchmarks/loader.py)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        yield


def _resume(settings: dict[str, Any], run_dir: Path) -> Path | None:
    if settings["ckpt"] is None:
        return None
    path = find_checkpoint(settings["ckpt"], outputs=run_dir.parent)
    require_same_settings(read_checkpoint(path), settings, path)
    log.info("resuming from %s", path)
    return path


def _other_data(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    if "root" in changes:
        data = {key: value for key, value in data.items() if key not in ("simulation", "jobs")}
        data["_target_"] = "cryoice.learn.datamodule.CryoPPPDataModule"
    return data | changes


def _logger_settings(settings: dict[str, Any]) -> dict[str, Any]:
    hydra = HydraConfig.get()
    chosen = dict(settings["logger"])
    if hydra.mode == RunMode.MULTIRUN and chosen.get("group") is None:
        chosen["group"] = Path(hydra.sweep.dir).name + "-" + settings["name"]
    return chosen


def _run_name(settings: dict[str, Any]) -> str:
    hydra = HydraConfig.get()
    return (
        f"{settings['name']}-{hydra.job.override_dirname}"
        if hydra.mode == RunMode.MULTIRUN
        else settings["name"]
    )


def _quiet() -> None:
    for name in ("pytorch_lightning.utilities.rank_zero", "pytorch_lightning.accelerators.cuda"):
        logging.getLogger(name).setLevel(logging.WARNING)
