"""The table at the end of a leave-one-entry-out sweep, as a Hydra callback.

Hydra imports this file before the sweep: the heavy imports wait for its end.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import OmegaConf

if TYPE_CHECKING:
    import pandas as pd


class LeaveOneOut(Callback):
    """Keeps ``leave_one_out.csv`` and ``leave_one_out.md`` in the sweep's folder, and prints and logs them.

    They are rewritten after every job, since Hydra calls nothing at the end of a sweep with a failure.
    """

    def on_job_end(self, config: Any, job_return: JobReturn, **kwargs: Any) -> None:
        """Rewrite the table after a job of a sweep; do nothing for a single run."""
        if config.hydra.mode == RunMode.MULTIRUN:
            from cryoice.report.leave_one_out import write_entries

            write_entries(Path(config.hydra.sweep.dir))

    def on_multirun_end(self, config: Any, **kwargs: Any) -> None:
        """Write the table, print it with its path, and log it where the logger is W&B."""
        from rich.console import Console

        from cryoice.report.leave_one_out import rich_entries, write_entries

        folder = Path(config.hydra.sweep.dir)
        table, path = write_entries(folder)
        console = Console() if sys.stdout.isatty() else Console(width=200)  # a file has room
        for shown in rich_entries(table):
            console.print(shown)
        console.print(str(path), soft_wrap=True, highlight=False)
        if where := _log_table(config, folder, table):
            console.print(where, soft_wrap=True, highlight=False)


def _log_table(config: Any, folder: Path, table: "pd.DataFrame") -> str | None:
    """Add a run that holds the table to the sweep's W&B group; return where to look at it."""
    told: Any = OmegaConf.to_container(config.logger, resolve=True)
    if told["kind"] != "wandb":
        return None
    from cryoice.experiment.run import logger_settings
    from cryoice.experiment.run_log import log_entries, wandb_loggers
    from cryoice.experiment.tracking import finish, make_logger

    settings = logger_settings({"logger": told, "name": config.name}, config.hydra)
    loggers = make_logger(settings, run_dir=folder, name=f"{config.name}-table", config={"name": config.name})
    of_wandb = wandb_loggers(loggers)
    log_entries(of_wandb, table)
    return finish(of_wandb, exit_code=0)
