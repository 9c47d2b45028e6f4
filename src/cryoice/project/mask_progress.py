"""A batch of masks under way: what becomes of the micrographs is collected and told as it happens."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cryoice.errors import OutputError
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_outcome import Outcome


@dataclass(frozen=True)
class Workers:
    """What masks: devices of one kind, as Lightning calls it, and micrographs in flight on each of them."""

    jobs: int
    devices: int = 1
    accelerator: str = "auto"

    def run(self, batch: MaskBatch) -> Generator[Outcome]:
        """Yield what becomes of each micrograph, as it happens; a single device is the network's own."""
        if self.devices == 1:
            return batch.run(jobs=self.jobs)
        from cryoice.project.mask_devices import run_on_devices

        return run_on_devices(batch, accelerator=self.accelerator, devices=self.devices, jobs=self.jobs)


def follow(
    batch: MaskBatch,
    outcomes: list[Outcome],
    *,
    workers: Workers,
    after: Callable[[], None] | None = None,
) -> None:
    """Run a batch and add its outcomes to the list: failures are told, and a terminal shows a bar.

    What the list could not use is told where the whole of it is masked, not by each shard.

    Parameters
    ----------
    after
        Called when an outcome was added; what it raises stops the batch.

    Raises
    ------
    OutputError
        The machine refused one; those in flight are finished.
    """
    said = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for name, reason in batch.listed.failures if batch.shard is None else ():
        said.print(f"{name}: {reason}")
    columns = (TextColumn("Masking"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with (
        one_thread_each(),
        closing(workers.run(batch)) as running,
        Progress(
            *columns, TimeRemainingColumn(), console=said, transient=True, disable=not said.is_terminal
        ) as bar,
    ):
        task = bar.add_task("", total=len(batch.micrographs), rate="")
        start, worked = time.monotonic(), 0
        for outcome in running:
            outcomes.append(outcome)
            if outcome.refused:
                raise OutputError(f"{outcome.reason}; what is masked stays, the same command continues")
            if outcome.row is None:
                said.print(f"{outcome.micrograph.name}: {outcome.reason}")
            worked += not outcome.skipped
            rate = f"{(time.monotonic() - start) / worked:.1f} s each" if worked else ""
            bar.update(task, advance=1, rate=rate)
            if after is not None:
                after()


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Compute each micrograph on one core: sums of several threads differ in their last bits.

    So ``--jobs`` does not change a byte, and two micrographs at once are quicker than one on two cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
