"""How a sweep ends that does not come to its end: killed workers, signals, jobs that all failed.

Every start of ``train.py`` imports this file: nothing heavy here.
"""

import atexit
import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryoice.errors import InputError
from cryoice.experiment.sweep_job import FAILURE, FINISHED, GOING_ON, LOCK, failure, record_failure

KILLED = InputError(
    "it, or a job beside it, was killed by the system, for want of memory as a rule; start the sweep again, "
    "with fewer jobs at once: hydra.launcher.n_jobs=1"
)
"""What is told of the jobs that ran when a worker died: joblib ends all its workers then."""

_PLAIN = re.compile(r"[\w./:@%+-]+")
_BROKEN_POOL, _LOST_JOB = "TerminatedWorkerError", "UncompletedJobError"
_NONE_DONE = "No trials are completed yet"  # Optuna looks for the best of none
_sweeps: list[Path] = []


def sweep_begins(folder: Path) -> None:
    """Note the folder of the sweep that this process runs, and what an earlier start left unfinished in it.

    What failed or was killed then is tried again, and must not count as failed or killed now.
    """
    _sweeps.append(folder)
    if GOING_ON not in os.environ:
        for path in folder.glob(f"*/{FAILURE}"):
            path.unlink(missing_ok=True)
        for path in folder.glob(f"*/{LOCK}"):
            _drop_lock(path)


@contextmanager
def sweep_goes_on() -> Iterator[None]:
    """Around Hydra's main: a sweep whose worker was killed goes on, one that was stopped says how to.

    The jobs that ran when a worker of joblib was killed count as failed; the others are run by the same
    command, which takes the place of this program.
    """
    try:
        yield
    except KeyboardInterrupt:
        _say_how_to_continue()
        sys.exit(130)
    except SystemExit as error:
        if isinstance(error.code, int) and error.code > 128:  # a job was stopped by a signal
            _say_how_to_continue()
        raise
    except Exception as error:
        names = {cls.__name__ for cls in type(error).__mro__}
        if _sweeps and _BROKEN_POOL in names and _bury_killed(_sweeps[-1]):
            os.environ[GOING_ON] = "1"
            sys.stderr.write("WARNING: a worker was killed; the sweep goes on with the other jobs\n")
            atexit._run_exitfuncs()  # joblib's: its semaphores are given back
            os.execv(sys.executable, _same_command(_sweeps[-1]))
        if _sweeps and names & {_BROKEN_POOL, _LOST_JOB}:
            raise InputError(_how_to_continue("a job was killed by the system")) from error
        if _sweeps and _NONE_DONE in str(error):
            raise InputError(_how_to_continue("every job failed")) from error
        raise


def _bury_killed(sweep: Path) -> bool:
    """Record the failure of the jobs that had begun and are neither done nor failed nor running."""
    from filelock import FileLock, Timeout

    found = False
    for folder in (path.parent for path in sweep.glob(f"*/{LOCK}")):
        if (folder / FINISHED).exists() or failure(folder):
            continue
        try:
            with FileLock(folder / LOCK, timeout=5):  # s; joblib ends the other workers meanwhile
                record_failure(folder, KILLED)
        except Timeout:
            continue
        found = True
    return found


def _drop_lock(path: Path) -> None:
    """Remove the lock of a job that no other start of the sweep is running."""
    from filelock import FileLock, Timeout

    with suppress(Timeout), FileLock(path, timeout=0):
        path.unlink(missing_ok=True)


def _say_how_to_continue() -> None:
    if _sweeps:
        sys.stderr.write(f"{_how_to_continue('stopped')}\n")


def _how_to_continue(what: str) -> str:
    words = ["python", *_same_command(_sweeps[-1])[1:]]
    return f"{what}; to continue the sweep: {shlex.join(words)}"


def _same_command(sweep: Path) -> list[str]:
    """Return this program's command with the folder of its sweep."""
    given = [word for word in sys.orig_argv[1:] if not word.startswith("hydra.sweep.dir=")]
    name = str(sweep)
    return [sys.executable, *given, f"hydra.sweep.dir={name if _PLAIN.fullmatch(name) else _quoted(name)}"]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
