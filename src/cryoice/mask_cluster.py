"""``cryoice mask --cluster``: shards as jobs that submitit starts, on SLURM or on this machine."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from submitit import AutoExecutor, LocalExecutor
from submitit.core.utils import DelayedSubmission, FailedJobError

from cryoice.errors import InputError
from cryoice.files.recorded_outputs import RECORDS_FOLDER
from cryoice.mask_words import Command
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.progressed import Progressed
from cryoice.project.shard import Shard

_SLURM_MIN, _HERE_MIN = 240, 60 * 24 * 365
"""Minutes after which jobs of SLURM are put into the queue again, and processes of this machine end."""

_NUMBERS = ("time", "array_parallelism", "signal_delay_s", "nodes", "ntasks_per_node")
_COMMANDS = ("setup", "teardown", "srun_args")
"""Options with which submitit counts, and those of which it takes a list; all others are texts for sbatch."""

_POLL_S = 1.0

_TIMEOUTS = 1000
"""Times that a job may run out of time and go on; submitit would give up after three."""


@dataclass(frozen=True)
class MaskJob:
    """``cryoice`` within a job.

    Attributes
    ----------
    device
        CUDA device that it may see, as ``CUDA_VISIBLE_DEVICES`` calls it; None leaves that alone.
    """

    device: str | None = None

    def __call__(self, words: Sequence[str]) -> None:
        """Run the command of these words.

        Raises
        ------
        RuntimeError
            It did not end with status 0, so that the job's state tells.
        """
        from cryoice.cli import app

        if self.device is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = self.device
        if status := app(list(words), standalone_mode=False):
            raise RuntimeError(f"cryoice ended with status {status}")

    def checkpoint(self, words: Sequence[str]) -> DelayedSubmission:
        """Have SLURM put a job whose time is over into the queue again: it continues."""
        return DelayedSubmission(self, words)


@dataclass(frozen=True)
class Submitted:
    """Jobs that SLURM has taken: the array of shards, the merge after it, and the folder of their logs."""

    array: str
    merge: str
    logs: Path

    def told(self, command: Command, *, count: int) -> str:
        """Return what a user needs to know of them."""
        return "\n".join(
            (
                f"job {self.array}: {count} shards; job {self.merge}: the merge when they have ended",
                f"to follow them: squeue -j {self.array},{self.merge}",
                f"logs, shards from 0 on: {self.logs}/{self.array}_SHARD_0_log.err",
                f"a lost shard K again: {command.told('--shard', f'K/{count}')}",
                f"and the lists then: {command.told('--merge', '--shards', str(count))}",
            )
        )


def to_slurm(
    batch: MaskBatch, command: Command, *, count: int, cpus: int, options: Sequence[str]
) -> Submitted:
    """Submit an array of shards, and a merge that begins when all of them have ended, however.

    Parameters
    ----------
    cpus
        Cores of each job, where the options do not tell.
    options
        ``key=value`` as submitit's executor of SLURM calls what sbatch takes; each job has them.

    Raises
    ------
    InputError
        An option is unknown, or SLURM is not here or refuses the jobs.
    """
    logs = _logs(batch)
    job = MaskJob()
    try:
        executor = AutoExecutor(logs, cluster="slurm", slurm_max_num_timeout=_TIMEOUTS)
        asked: dict[str, Any] = {
            "slurm_job_name": "cryoice",
            "slurm_time": _SLURM_MIN,
            "slurm_cpus_per_task": cpus,
        }
        asked |= _read(options)
        # srun of SLURM 22.05 and later does not take the number over from sbatch
        cores = f"--cpus-per-task={asked['slurm_cpus_per_task']}"
        asked["slurm_srun_args"] = [cores, *asked.get("slurm_srun_args", ())]
        executor.update_parameters(**asked)
        with executor.batch():
            shards = [executor.submit(job, words) for words in _commands(command, count)]
        array = shards[0].job_id.partition("_")[0]
        executor.update_parameters(slurm_dependency=f"afterany:{array}")
        last = executor.submit(job, command.plus("--merge", "--shards", str(count)))
    except NameError as error:
        said = str(error).partition("\n")[0].replace(" for executor 'slurm'", "")
        raise InputError(f"--slurm: {said}") from error
    except (FailedJobError, OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().rpartition("\n")[2]
        raise InputError(f"--cluster slurm: {reason}; see to it, or submit docs/mask.sbatch") from error
    return Submitted(array, last.job_id, logs)


def run_here(batch: MaskBatch, command: Command, *, count: int) -> Mapping[Shard | None, Path]:
    """Run all shards at once in processes of this machine, wait for them, and return their logs.

    The shards take the CUDA devices that this program may see in turn. Ctrl-C ends them within a
    second or so.
    """
    import torch

    gpus = torch.cuda.device_count()
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    devices = (seen.split(",") if seen else [str(number) for number in range(gpus)])[:gpus]
    executor = LocalExecutor(_logs(batch))
    executor.update_parameters(timeout_min=_HERE_MIN)
    jobs = [
        executor.submit(MaskJob(device), words)
        for device, words in zip(cycle(devices or [None]), _commands(command, count), strict=False)
    ]
    try:
        _wait(batch, jobs)
    except KeyboardInterrupt:
        for one in jobs:
            one.cancel()
        raise
    return dict(zip(Shard.all(count), (one.paths.stderr for one in jobs), strict=True))


def _commands(command: Command, count: int) -> list[list[str]]:
    return [command.plus("--shard", str(shard)) for shard in Shard.all(count)]


def _logs(batch: MaskBatch) -> Path:
    """Return a folder that no other jobs have: their numbers come again."""
    return batch.output / RECORDS_FOLDER / "jobs" / time.strftime("%Y%m%d-%H%M%S")


def _read(options: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for option in options:
        key, given, value = option.partition("=")
        if not given:
            raise InputError(f"--slurm: {option} has no value; give KEY=VALUE, such as partition=gpu")
        name = key.strip().replace("-", "_")
        if name in _NUMBERS and not value.isdecimal():
            raise InputError(f"--slurm: {option}: must be a whole number" + " of minutes" * (name == "time"))
        values[f"slurm_{name}"] = int(value) if name in _NUMBERS else [value] if name in _COMMANDS else value
    return values


def _wait(batch: MaskBatch, jobs: Sequence[Any]) -> None:
    """Wait for jobs; a terminal shows how many micrographs of all shards are done or failed."""
    said = Console(stderr=True)
    columns = (TextColumn(f"Masking in {len(jobs)} shards"), BarColumn(), MofNCompleteColumn())
    progressed, total = Progressed.of(batch), len(batch.listed.micrographs)
    with Progress(
        *columns, TimeRemainingColumn(), console=said, transient=True, disable=not said.is_terminal
    ) as bar:
        task = bar.add_task("", total=total)
        while not all(one.done() for one in jobs):
            time.sleep(_POLL_S)
            bar.update(task, completed=progressed.count())
