"""One job of a sweep: its folder, what an earlier start left there, how it failed.

A sweep started again in its own folder skips what is done and goes on with what is not. Every start of
``train.py`` imports this file: nothing heavy here.
"""

import json
import logging
import math
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import chain, count
from multiprocessing import current_process, set_start_method
from pathlib import Path
from typing import Any

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from cryoice.errors import InputError
from cryoice.experiment.settings import flatten

log = logging.getLogger(__name__)

FINISHED = "metrics.json"
"""A run's folder has this file when the run is done."""

FAILURE = "failure.txt"
"""A failed job's folder has this file: the reason in its first line, then where it came from."""

LOCK = ".job.lock"
"""Held in a job's folder while the job runs."""

GOING_ON = "CRYOICE_SWEEP_GOES_ON"
"""Set where a sweep goes on behind a worker that was killed: what failed is not tried again."""

NOT_RESULTS = (
    "ckpt", "name", "logger", "logger.*", "cache", "data.cache", "data.jobs", "data.num_workers",
    "trainer.enable_*", "trainer.log_every_n_steps",
)  # fmt: skip
"""Settings that do not touch what a run finds."""

_FOLDER = "job_folder"
_PARENT = os.getppid()
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there


def register_folders() -> None:
    """Make ``${job_folder:N}`` known to configs: the folder of a sweep's job number N."""
    OmegaConf.register_new_resolver(_FOLDER, _job_folder, replace=True)


def _job_folder(number: int, *, _root_: DictConfig) -> str:
    """Return the name of a job's folder: that with its very settings, or a new one.

    Never one of other settings: the number of a job changes with the grid.
    """
    sweep = Path(str(_root_.hydra.sweep.dir))
    there = {int(path.name): path for path in sweep.glob("[0-9]*") if path.name.isdigit() and path.is_dir()}
    task = OmegaConf.masked_copy(_root_, [str(key) for key in _root_ if key != "hydra"])
    own = _decisive(OmegaConf.to_yaml(task))
    for candidate in sorted(there, key=lambda one: (one != number, one)):
        if _recorded(there[candidate]) == own:
            return str(candidate)
    numbers = chain([number], count(max(there, default=number) + 1))
    free = next(one for one in numbers if _claimed(sweep / str(one)))
    if free != number:
        log.info("job %d runs in folder %d: folder %d has other settings", number, free, number)
    return str(free)


def _claimed(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True)  # of two jobs that want the same folder one makes it
    except FileExistsError:
        return False
    return True


def _recorded(folder: Path) -> dict[str, Any] | None:
    try:
        return _decisive((folder / ".hydra/config.yaml").read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _decisive(text: str) -> dict[str, Any] | None:
    settings = yaml.load(text, Loader=_Loader)
    if not isinstance(settings, dict):
        return None
    return {
        key: value
        for key, value in flatten(settings).items()
        if not any(fnmatchcase(key, name) for name in NOT_RESULTS)
    }


def has_own_folder() -> bool:
    """Return whether this is a job of a sweep whose folder was chosen by its settings."""
    hydra = HydraConfig.get()
    sweep: Any = OmegaConf.to_container(hydra.sweep, resolve=False)
    return hydra.mode == RunMode.MULTIRUN and f"${{{_FOLDER}:" in str(sweep["subdir"])


@contextmanager
def settled_job() -> Iterator[float | None]:
    """Yield the monitored value of a job that is done already, None for one to be run.

    A job waits where an earlier start of the sweep is still at it.

    Raises
    ------
    InputError
        The job failed in this sweep, which goes on behind a worker that was killed.
    """
    if not has_own_folder():
        yield None
        return
    from cryoice.files.lock import one_at_a_time

    folder = Path(HydraConfig.get().runtime.output_dir)
    with one_at_a_time(folder / LOCK, doing="running this job"):
        value = finished_value(folder)
        if value is not None:
            log.info("%s: done before, skipped", job_title(HydraConfig.get()))
        elif GOING_ON in os.environ and (reason := failure(folder)):
            raise InputError(reason)
        (folder / FAILURE).unlink(missing_ok=True)
        yield value


def end_orphan() -> None:
    """End a worker of joblib whose sweep was killed: it would go on with what is queued and wait for ever."""
    if _is_joblibs() and os.getppid() != _PARENT:
        os._exit(1)


def allow_processes() -> None:
    """Let a job in a worker of joblib start processes: told of joblib's own way to start, they would end."""
    if _is_joblibs():
        set_start_method("spawn", force=True)


def _is_joblibs() -> bool:
    return current_process().name.startswith("LokyProcess")


def finished_value(folder: Path) -> float | None:
    """Return the monitored value of a finished run, NaN where there is none, None for an unfinished run."""
    try:
        found = json.loads((folder / FINISHED).read_text("utf-8"))["monitor"]
        return math.nan if found is None or found["value"] is None else float(found["value"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def failure(folder: Path) -> str | None:
    """Return why the job of a folder failed, None where it did not."""
    try:
        return (folder / FAILURE).read_text("utf-8").partition("\n")[0] or None
    except OSError:
        return None


def record_failure(folder: Path, error: BaseException) -> str:
    """Write why a job failed into its folder; return the line."""
    from cryoice.files.atomic import replacing

    told = " ".join(str(error).split())
    line = told if isinstance(error, InputError) else f"{type(error).__name__}: {told}"[:300]
    source = "" if isinstance(error, InputError) else "".join(traceback.format_exception(error))
    with replacing(folder / FAILURE) as scratch:
        scratch.write_text(f"{line}\n{source}", encoding="utf-8")
    return line


def sweep_group(folder: Path, *, name: str) -> str:
    """Return the W&B group of a sweep's runs: the sweep's folder and their name."""
    return f"{folder.name}-{name}"


def job_title(hydra: Any) -> str:
    """Return the name of a job's folder and what it was told, ``job 3 (patch=64)``, from its Hydra config."""
    return f"job {Path(hydra.runtime.output_dir).name} ({' '.join(hydra.overrides.task)})"
