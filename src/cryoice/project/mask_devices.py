"""A batch on several devices of one machine: Lightning starts a process for each, which masks its share.

The program itself masks nothing then: it holds the folder, hears from the processes what is done, and
writes the lists.
"""

import signal
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as ready
from threading import BoundedSemaphore, Lock
from types import FrameType
from typing import Any

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.strategies import DDPStrategy
from torch.utils.data import DataLoader

from cryoice.errors import InputError
from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.learn.quiet import ignore_needless_warnings, no_needless_warnings, quiet_lightning
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_outcome import Outcome
from cryoice.project.shard import Shard

_POLL_S = 0.2

_CHANGED = "its file or its outputs changed when it was just masked; mask it again"


def run_on_devices(batch: MaskBatch, *, accelerator: str, devices: int, jobs: int) -> Generator[Outcome]:
    """Do what `MaskBatch.run` does, with ``jobs`` micrographs in flight on each device.

    Stopped in between, those in flight are finished first.

    Parameters
    ----------
    accelerator
        As `cryoice.mask.device.accelerator_of` gives it; the batch's network may be on any device.

    Raises
    ------
    InputError
        A process died, once all that the others have done is told.
    """
    waiting = []
    for micrograph in batch.micrographs:
        row = batch.find(micrograph)
        if row is None:
            waiting.append(micrograph)
        else:
            yield Outcome(micrograph, row, skipped=True)
    if not waiting:
        return
    pipes = [Pipe(duplex=False) for _ in range(devices)]
    masking = _Masking(batch, waiting, jobs=jobs, told=[sender for _, sender in pipes])
    quiet_lightning()
    missing = len(waiting)
    with no_needless_warnings(), ThreadPoolExecutor(1) as pool:
        trainer = _trainer(accelerator, devices)
        running = pool.submit(_predict, trainer, masking)
        try:
            for index, failed in _heard(running, [receiver for receiver, _ in pipes]):
                missing -= 1
                row = None if failed else batch.find(waiting[index])
                yield failed or Outcome(waiting[index], row, reason="" if row else _CHANGED)
        finally:
            _stop(trainer, running)
    if (fault := running.exception()) is not None:
        rank, words = getattr(fault, "error_index", 0), str(fault).strip().rpartition("\n")[2]
        raise InputError(f"device {rank}: {words}; what is masked stays, the same command continues")
    if missing:
        raise InputError(f"--devices: stopped before {missing} micrographs; the same command continues")


class _Masking(LightningModule):
    """What each process does: every micrograph of its share is one step, with several of them in flight."""

    def __init__(
        self, batch: MaskBatch, waiting: Sequence[ListedMicrograph], *, jobs: int, told: Sequence[Connection]
    ) -> None:
        super().__init__()
        self._batch, self._waiting, self._jobs, self._told = batch, waiting, jobs, told
        self._stopped = False

    def predict_dataloader(self) -> DataLoader[int]:
        indices = range(len(self._waiting))
        share = Shard(self.global_rank + 1, self.trainer.world_size).of(indices)
        return DataLoader(share, batch_size=None)  # type: ignore[arg-type]  # any sequence will do

    def on_predict_start(self) -> None:
        torch.set_num_threads(1)  # as `mask_progress.follow` has it: sums do not depend on the threads
        self._batch = replace(self._batch, model=self._batch.model.on(self.device))
        self._pool, self._room = ThreadPoolExecutor(self._jobs), BoundedSemaphore(self._jobs)
        self._telling = Lock()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def predict_step(self, index: int) -> int:
        self._room.acquire()
        if self._stopped:
            self._room.release()
        else:
            self._pool.submit(self._mask, index)
        return index

    def on_predict_end(self) -> None:
        self._pool.shutdown()

    def _mask(self, index: int) -> None:
        try:
            outcome = self._batch.attempt(self._waiting[index])
            with self._telling:
                self._told[self.global_rank].send((index, None if outcome.row else outcome))
        finally:
            self._room.release()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopped = True


class _Quiet(DDPStrategy):
    """Processes that know nothing of the terminal, and say nothing of Lightning there."""

    def setup_environment(self) -> None:
        quiet_lightning()
        ignore_needless_warnings()
        super().setup_environment()


def _trainer(accelerator: str, devices: int) -> Trainer:
    return Trainer(
        accelerator=accelerator,
        devices=devices,
        # started by us even within a job of SLURM
        strategy=_Quiet(start_method="spawn", cluster_environment=LightningEnvironment()),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        inference_mode=False,
        use_distributed_sampler=False,  # each process has its own share already
    )


def _predict(trainer: Trainer, masking: _Masking) -> None:
    """Run until all processes have ended; they begin with Ctrl-C held back, until they know what to do."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    trainer.predict(masking, return_predictions=False)


def _heard(running: Future[None], receivers: Sequence[Connection]) -> Generator[tuple[int, Outcome | None]]:
    while True:
        ended = running.done()
        found = ready(receivers, timeout=_POLL_S)
        for receiver in found:
            told: Any = receiver
            yield told.recv()
        if ended and not found:
            return


def _stop(trainer: Trainer, running: Future[None]) -> None:
    """Tell the processes once, as soon as they are there: at their ends they know no Ctrl-C any more."""
    launcher: Any = trainer.strategy.launcher
    while not (running.done() or launcher.procs):
        wait([running], timeout=_POLL_S)
    if not running.done():
        launcher.kill(signal.SIGINT)
