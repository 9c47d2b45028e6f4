"""A batch of masks under way: what becomes of the micrographs is collected and told as it happens."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cryoice.project.mask_batch import MaskBatch, Outcome


def follow(batch: MaskBatch, outcomes: list[Outcome], *, jobs: int) -> None:
    """Run a batch and add its outcomes to the list: failures are told, and a terminal shows a bar.

    Parameters
    ----------
    jobs
        Micrographs in flight, each computed on one core.
    """
    said = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for name, reason in batch.listed.failures:
        said.print(f"{name}: {reason}")
    columns = (TextColumn("Masking"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with (
        one_thread_each(),
        closing(batch.run(jobs=jobs)) as running,
        Progress(
            *columns, TimeRemainingColumn(), console=said, transient=True, disable=not said.is_terminal
        ) as bar,
    ):
        task = bar.add_task("", total=len(batch.listed.micrographs), rate="")
        start, worked = time.monotonic(), 0
        for outcome in running:
            outcomes.append(outcome)
            if outcome.row is None:
                said.print(f"{outcome.micrograph.name}: {outcome.reason}")
            worked += not outcome.skipped
            rate = f"{(time.monotonic() - start) / worked:.1f} s each" if worked else ""
            bar.update(task, advance=1, rate=rate)


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
