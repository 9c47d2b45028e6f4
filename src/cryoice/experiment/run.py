"""One run from its config to its figures: what ``train.py`` does."""

import logging
import math
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
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
from torch import distributed

from cryoice.experiment.callbacks import BEST, LAST, Stopped, training_callbacks
from cryoice.experiment.checkpoints import checkpoint_to_resume, continuation
from cryoice.experiment.devices import check_devices, one_device
from cryoice.experiment.limits import check_values
from cryoice.experiment.lineage import log_checkpoint_artifact, log_data_artifact
from cryoice.experiment.outcome import current_commit
from cryoice.experiment.processes import is_first, one_voice
from cryoice.experiment.settings import check_targets, plain_settings
from cryoice.experiment.sweep_job import sweep_group
from cryoice.experiment.tasks import build_module, load_module, report_outcome, require_fitting
from cryoice.experiment.tracking import KILLED, by_agent, finish, make_logger
from cryoice.learn.quiet import no_needless_warnings, quiet_lightning
from cryoice.report.results import Monitored

log = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
"""Folder of a run's checkpoints, in its own."""


def train(config: DictConfig) -> float:
    """Train, test the best checkpoint, write everything into the run's folder.

    Several processes train together; the first then tests and writes alone.

    Returns
    -------
    float
        The best value of the monitored metric, NaN when it was never measured.
    """
    with one_voice():
        return _train(config)


def _train(config: DictConfig) -> float:
    settings = plain_settings(config)
    check_values(settings)
    check_targets(settings)
    require_fitting(settings)
    check_devices(settings)
    run_dir = Path(HydraConfig.get().runtime.output_dir)
    start_process(settings["seed"])
    resume = checkpoint_to_resume(settings, run_dir=run_dir)
    data = build_data(settings)
    module = build_module(settings)
    field = settings["patch"] * settings["pixel_size"]  # Å: what sweeps of patch sizes are drawn against
    loggers = make_logger(
        logger_settings(settings, HydraConfig.get()),
        run_dir=run_dir,
        name=_run_name(settings),
        config=settings | {"field": field},
        continues=None if resume is None else resume.resolve().parents[1],
    )
    with _finished(loggers, last=run_dir / CHECKPOINTS / LAST):
        monitor = _fit(settings, module, data, loggers, run_dir=run_dir, resume=resume)
        if is_first():
            best = run_dir / CHECKPOINTS / BEST
            digest = log_data_artifact(loggers, data)
            log_checkpoint_artifact(loggers, best, monitor=monitor, commit=current_commit(), data=digest)
            score_checkpoint(best, data, settings, loggers, run_dir=run_dir, monitor=monitor)
    log.info("figures and numbers: %s", run_dir)
    return math.nan if monitor["value"] is None else monitor["value"]


@contextmanager
def _finished(loggers: Sequence[Logger], *, last: Path) -> Iterator[None]:
    """Around a run: end its loggers by how it ended, and say how to continue one that was stopped."""
    exit_code = 0
    try:
        yield
    except BaseException as fault:
        by_user = isinstance(fault, Stopped | KeyboardInterrupt)
        exit_code = KILLED if by_user or isinstance(fault.__context__, KeyboardInterrupt) else 1
        if isinstance(fault, Stopped):
            log.warning("to continue: %s", _continuation(last))
            if by_agent(os.environ):
                _end_for_agent(fault)
        raise
    finally:
        where = finish(loggers, exit_code=exit_code)
        if where:
            log.info(where)


def _end_for_agent(stop: Stopped) -> None:
    """Let a run that its sweep ends early end well: an agent gives up where too many seem to fail.

    W&B ends it by SIGTERM and by SIGINT, in either order: the other one may come while the last is sent.
    """
    stop.code = 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def start_process(seed: int) -> None:
    """Do what every run begins with; the same for training and evaluating, so that scores agree."""
    quiet_lightning()
    pl.seed_everything(seed, workers=True, verbose=False)
    torch.set_flush_denormal(True)


def build_data(settings: dict[str, Any]) -> pl.LightningDataModule:
    """Build the data module of a run's settings."""
    data: pl.LightningDataModule = instantiate(settings["data"], _convert_="all")
    return data


def _fit(
    settings: dict[str, Any],
    module: pl.LightningModule,
    data: pl.LightningDataModule,
    loggers: list[Logger],
    *,
    run_dir: Path,
    resume: Path | None,
) -> Monitored:
    best, callbacks = training_callbacks(settings, folder=run_dir / CHECKPOINTS, resume=resume)
    trainer: pl.Trainer = instantiate(
        settings["trainer"], callbacks=callbacks, logger=loggers, default_root_dir=run_dir
    )
    if settings["compile"]:
        assert isinstance(module.net, torch.nn.Module)
        for network in (module.net, *getattr(module, "peers", ())):
            network.compile()  # in place: the names of its weights stay
    try:
        with no_needless_warnings():
            trainer.fit(module, datamodule=data, ckpt_path=resume, weights_only=True)
    except Exception:
        if trainer.strategy.launcher is not None:  # the processes that this one started
            trainer.strategy.launcher.kill(signal.SIGKILL)
        raise
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
    value = None if best.best_model_score is None else float(best.best_model_score)
    return Monitored(metric=settings["monitor"]["metric"], mode=settings["monitor"]["mode"], value=value)


def score_checkpoint(
    checkpoint: Path,
    data: pl.LightningDataModule,
    settings: dict[str, Any],
    loggers: list[Logger],
    *,
    run_dir: Path,
    monitor: Monitored | None,
) -> None:
    """Test a checkpoint on the test split and write all figures and numbers into the run's folder."""
    module = load_module(checkpoint, settings)
    keys = ("_target_", "accelerator", "precision", "enable_progress_bar")
    trainer = instantiate(
        {key: settings["trainer"][key] for key in keys},
        devices=one_device(settings["trainer"]),
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        default_root_dir=run_dir,
    )
    with no_needless_warnings():
        trainer.test(module, datamodule=data, verbose=False, weights_only=True)
    report_outcome(module, data, settings, loggers, run_dir=run_dir, monitor=monitor)


def _continuation(checkpoint: Path) -> str:
    hydra = HydraConfig.get()
    single = ["hydra.mode=RUN"] if hydra.mode == RunMode.MULTIRUN else []  # a preset may be a sweep
    return continuation(checkpoint, overrides=[*hydra.overrides.task, *single])


def logger_settings(settings: Mapping[str, Any], hydra: Any) -> dict[str, Any]:
    """Return the settings of a run's logger with its group, where it is of a sweep, and its tags."""
    chosen = dict(settings["logger"])
    if hydra.mode == RunMode.MULTIRUN and chosen.get("group") is None:
        chosen["group"] = sweep_group(Path(hydra.sweep.dir), name=settings["name"])
    preset = str(hydra.runtime.choices.get("experiment") or "default")
    chosen["tags"] = [*chosen.get("tags", ()), preset, *filter(None, [current_commit()])]
    return chosen


def _run_name(settings: dict[str, Any]) -> str:
    hydra = HydraConfig.get()
    return (
        f"{settings['name']}-{hydra.job.override_dirname}"
        if hydra.mode == RunMode.MULTIRUN
        else settings["name"]
    )
