"""The table at the end of a sweep, as a Hydra callback and as ``python -m cryoice.sweep_table DIR``.

Every start of ``train.py`` imports this file: the heavy imports wait for a sweep.
"""

import logging
import sys
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode

from cryoice.errors import InputError

_log = logging.getLogger(__name__)


class SweepTable(Callback):
    """Keeps ``sweep.csv`` and ``sweep.md`` in the sweep's folder and prints the table at its end.

    They are rewritten after every job, since Hydra calls nothing at the end of a sweep with a failure.
    """

    def on_job_end(self, config: Any, job_return: JobReturn, **kwargs: Any) -> None:
        """Rewrite the table after a job of a sweep; do nothing for a single run."""
        if config.hydra.mode != RunMode.MULTIRUN:
            return
        from cryoice.report.sweep import write_sweep_table

        path = write_sweep_table(Path(config.hydra.sweep.dir))
        if job_return.status == JobStatus.FAILED:
            _log.warning("job %s failed; the sweep so far: %s", config.hydra.job.num, path)

    def on_multirun_end(self, config: Any, **kwargs: Any) -> None:
        """Write the table and print it with its path."""
        show(Path(config.hydra.sweep.dir))


def show(folder: Path) -> None:
    """Write the table of a sweep and print it.

    Raises
    ------
    InputError
        The folder has no job folders.
    """
    from rich.console import Console

    from cryoice.report.sweep import collect_sweep, rich_table, write_sweep_table

    path = write_sweep_table(folder)
    console = Console() if sys.stdout.isatty() else Console(width=200)  # a file has room
    console.print(rich_table(collect_sweep(folder)))
    console.print(str(path), soft_wrap=True, highlight=False)


def main(arguments: list[str]) -> int:
    """Rebuild and print the table of the sweep in the folder given."""
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
