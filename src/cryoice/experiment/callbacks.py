"""What a training keeps: its best checkpoint, its newest one, and its settings in both."""

import logging
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, Checkpoint, EarlyStopping, ModelCheckpoint

from cryoice.experiment.processes import is_first
from cryoice.learn.checkpoint_file import SETTINGS

log = logging.getLogger(__name__)

BEST = "best.ckpt"
"""The checkpoint that a run is judged by, in its folder of checkpoints."""

LAST = "last.ckpt"
"""The checkpoint that a run continues from, beside the best one."""


class Stopped(SystemExit):
    """The user ended the training by a signal; ``last.ckpt`` holds everything to continue it."""


class KeepSettings(Callback):
    """Writes the run's config into every checkpoint, so that a checkpoint suffices to evaluate it."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the config, plain data only."""
        checkpoint[SETTINGS] = self.settings


class BehindWarmUp(Callback):
    """Lets a callback pass over epochs in which the loss only gathers what it needs.

    Such a network is not yet what was asked for: see `TrainingLoss.wants_validation`.
    """

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Do what the callback does behind a validation."""
        if not _warms_up(trainer, pl_module):
            super().on_validation_end(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Do what the callback does at the end of an epoch."""
        if not _warms_up(trainer, pl_module):
            super().on_train_epoch_end(trainer, pl_module)


def _warms_up(trainer: pl.Trainer, pl_module: pl.LightningModule) -> bool:
    wants = getattr(getattr(pl_module, "loss", None), "wants_validation", None)
    return wants is not None and bool(wants(trainer.current_epoch))


class Patience(BehindWarmUp, EarlyStopping):
    """Stops a training that gets no better, counted from the end of its loss's warm-up."""


class BestCheckpoint(BehindWarmUp, ModelCheckpoint):
    """Keeps ``best.ckpt``; a resumed run takes over the best one so far from the run it continues.

    None is kept while the loss warms up.
    """

    def __init__(self, folder: Path, *, metric: str, mode: str, resume: Path | None) -> None:
        name = Path(BEST).stem
        super().__init__(folder, name, monitor=metric, mode=mode, enable_version_counter=False)
        self._path = folder / BEST
        self._earlier = None if resume is None else resume.with_name(BEST)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the best score and its checkpoint, which lies in another folder as a rule."""
        if state_dict["best_model_score"] is None:
            return
        if self._earlier is None or not self._earlier.is_file():
            log.warning("no %s beside the checkpoint to continue: the best is sought anew", BEST)
            return
        if is_first() and not (self._path.exists() and self._path.samefile(self._earlier)):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._earlier, self._path)
        here = str(self._path)
        moved = {"dirpath": self.dirpath, "best_model_path": here, "kth_best_model_path": here}
        scores = dict.fromkeys([here], state_dict["best_model_score"])
        super().load_state_dict(state_dict | moved | {"best_k_models": scores})


class LastCheckpoint(Checkpoint):
    """Keeps ``last.ckpt``: after every epoch, and when SIGTERM or Ctrl-C ends the training.

    The first signal lets the training step under way finish, or the validation and its epoch, and
    raises `Stopped`; the same one again ends the program at once. (W&B ends a run of a sweep by both, in
    either order.) A step is all the batches that the optimizer
    takes together. Of several processes all stop where any got a signal. Errors save nothing: amid a step
    nothing can be continued exactly, and the end of the last epoch is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._signal: signal.Signals | None = None
        self._handlers: dict[signal.Signals, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Catch the two signals instead of Lightning, which would stop amid a validation."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._handlers[number] = signal.signal(number, self._note)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and stop where a signal came; the end of an epoch has its own turn."""
        done = batch_idx + 1
        if done % trainer.accumulate_grad_batches or done >= trainer.num_training_batches:
            return
        if number := self._agreed(trainer):
            self._save(trainer)
            raise Stopped(128 + number)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save behind the best checkpoint's turn, so that its score is among what is kept."""
        self._save(trainer)
        if number := self._agreed(trainer):
            raise Stopped(128 + number)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Give the signals back."""
        self._release()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Give the signals back."""
        self._release()

    def _note(self, number: int, _frame: object) -> None:
        name = signal.Signals(number)
        self._signal = self._signal or name
        log.warning("%s: stopping behind this step or validation; once more ends at once", name.name)
        if (before := self._handlers.pop(name, None)) is not None:
            signal.signal(number, before)

    def _save(self, trainer: pl.Trainer) -> None:
        trainer.save_checkpoint(self._path, weights_only=False)

    def _agreed(self, trainer: pl.Trainer) -> int:
        """Return the signal that any of the processes got, 0 for none."""
        own = int(self._signal or 0)
        if trainer.world_size == 1:
            return own
        told = torch.tensor(own, device=trainer.strategy.root_device)
        return int(trainer.strategy.reduce(told, reduce_op="max"))

    def _release(self) -> None:
        for number, before in list(self._handlers.items()):
            signal.signal(number, before)
        self._handlers.clear()


def training_callbacks(
    settings: dict[str, Any], *, folder: Path, resume: Path | None
) -> tuple[BestCheckpoint, list[Callback]]:
    """Return the keeper of the best checkpoint, and it together with all the others.

    Parameters
    ----------
    settings
        The run's resolved config; ``monitor`` and ``patience`` are used, all of it is kept.
    folder
        Where the checkpoints go.
    resume
        The checkpoint that the run continues, None for a new one.
    """
    monitor = settings["monitor"]
    best = BestCheckpoint(folder, metric=monitor["metric"], mode=monitor["mode"], resume=resume)
    stopping = Patience(monitor["metric"], mode=monitor["mode"], patience=settings["patience"])
    return best, [stopping, KeepSettings(settings), best, LastCheckpoint(folder / LAST)]
