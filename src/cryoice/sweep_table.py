"""Table and pictures at the end of a sweep, by a Hydra callback and by ``python -m cryoice.sweep_table DIR``.

Every start of ``train.py`` imports this file: the heavy imports wait for a sweep.
"""

import logging
import math
import shlex
import sys
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import OmegaConf

from cryoice.errors import InputError
from cryoice.experiment.command_line import WANTS_TRACEBACKS
from cryoice.experiment.sweep_job import allow_processes, end_orphan, job_title, record_failure, sweep_group
from cryoice.experiment.sweep_program import sweep_begins
from cryoice.schema import register

register()  # a launcher's process unpickles this callback before it resolves a config

_log = logging.getLogger(__name__)


class SweepTable(Callback):
    """Keeps ``sweep.csv`` and ``sweep.md`` in the sweep's folder and prints the table at its end.

    They are rewritten after every job, so that a sweep that is stopped has them too. A job that failed is
    told in one line, with the reason in its folder, and the sweep goes on to its end.
    """

    def on_multirun_start(self, config: Any, **kwargs: Any) -> None:
        """Note the folder, for a sweep that does not come to its end."""
        sweep_begins(Path(config.hydra.sweep.dir))

    def on_job_start(self, config: Any, **kwargs: Any) -> None:
        """Begin nothing for a sweep that is no more."""
        end_orphan()
        allow_processes()

    def on_job_end(self, config: Any, job_return: JobReturn, **kwargs: Any) -> None:
        """Rewrite the table after a job of a sweep; do nothing for a single run."""
        if config.hydra.mode != RunMode.MULTIRUN:
            return
        if job_return.status == JobStatus.FAILED and not WANTS_TRACEBACKS:
            _tell_failure(config, job_return)
        from cryoice.report.sweep import write_sweep_table

        write_sweep_table(Path(config.hydra.sweep.dir))
        end_orphan()

    def on_multirun_end(self, config: Any, **kwargs: Any) -> None:
        """Write the table, print it with its path; end with exit status 1 where a job failed."""
        folder = Path(config.hydra.sweep.dir)
        failed = show(folder)
        if OmegaConf.select(config, "logger.kind") == "wandb":
            group = config.logger.group or sweep_group(folder, name=config.name)
            words = ["cryoice", "dashboard", "--project", config.logger.project, "--group", group]
            sys.stdout.write(f"W&B, once all runs are there: {shlex.join(words)}\n")
        if failed:
            sys.exit(f"error: {failed}; the same command in the same hydra.sweep.dir runs them again")


def _tell_failure(config: Any, job_return: JobReturn) -> None:
    """Record why a job failed, and let a grid go on; Optuna needs to know of it, and goes on by itself."""
    error = job_return._return_value
    line = record_failure(Path(config.hydra.runtime.output_dir), error)
    _log.error("%s failed: %s", job_title(config.hydra), line)
    if str(config.hydra.sweeper._target_).endswith(".BasicSweeper"):
        job_return.status, job_return.return_value = JobStatus.COMPLETED, math.nan


def show(folder: Path) -> str:
    """Write the table and the pictures of a sweep and print it; return which jobs failed, if any did.

    Raises
    ------
    InputError
        The folder has no job folders.
    """
    from rich.console import Console

    from cryoice.report.sweep import (
        collect_sweep,
        failed_jobs,
        monitored_metric,
        rich_table,
        write_sweep_table,
    )
    from cryoice.report.sweep_figures import draw_sweep

    path, table = write_sweep_table(folder), collect_sweep(folder)
    console = Console() if sys.stdout.isatty() else Console(width=200)  # a file has room
    console.print(rich_table(table))
    console.print(str(path), soft_wrap=True, highlight=False)
    for picture in draw_sweep(table, folder, metric=monitored_metric(folder)):
        console.print(str(picture), soft_wrap=True, highlight=False)
    failed = ", ".join(str(row["job"]) for row in failed_jobs(table))
    return f"{failed.count(',') + 1} of {len(table)} jobs failed: {failed}" if failed else ""


def main(arguments: list[str]) -> int:
    """Rebuild the table and the pictures of the sweep in the folder given, and print the table."""
    try:
        if len(arguments) != 1:
            raise InputError("sweep_table: give one folder; python -m cryoice.sweep_table DIR")
        show(Path(arguments[0]))
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
