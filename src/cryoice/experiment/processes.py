"""One run in several processes: which writes and speaks, and how all of them end. Nothing heavy here."""

import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

GRACE = 10.0
"""Seconds for which a fault of another process than the first is kept back: the first has it as a rule, and
whoever started the processes ends the others then."""

_NOT_SLURMS = ("bash", "interactive")
"""Names of SLURM jobs in which a user starts programs by hand, as Lightning knows them."""

_STORE_TIMEOUT = timedelta(seconds=60)


def is_first(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether this process is the only one of a run, or the one that writes."""
    names = ("RANK",) if "RANK" in environ else ("SLURM_PROCID", "NODE_RANK", "LOCAL_RANK")
    return all(environ.get(name, "0") == "0" for name in names)


def launched(environ: Mapping[str, str] = os.environ) -> tuple[str, int] | None:
    """Return what started the processes of this run and how many; None where the run starts its own."""
    if "TORCHELASTIC_RUN_ID" in environ:
        return "torchrun", int(environ["WORLD_SIZE"])
    if "SLURM_NTASKS" in environ and environ.get("SLURM_JOB_NAME") not in _NOT_SLURMS:
        return "SLURM", int(environ["SLURM_NTASKS"])
    return None


@cache
def started(pattern: str) -> str:
    """Return the time at which the run started, the same in all its processes, or the step of SLURM's job.

    It names the run's folder, which every process must know before the processes know each other.
    """
    by, count = launched() or ("", 1)
    now = time.strftime(pattern)
    if count == 1:
        return now
    if by == "SLURM":
        return f"slurm-{os.environ['SLURM_JOB_ID']}.{os.environ.get('SLURM_STEP_ID', '0')}"
    from torch.distributed.rendezvous import rendezvous

    store = next(rendezvous("env://", timeout=_STORE_TIMEOUT))[0]  # torchrun's own
    if is_first():
        store.set("cryoice/started", now)
    return str(store.get("cryoice/started").decode())


@contextmanager
def one_voice() -> Iterator[None]:
    """Around a run: what its processes have to say or to complain of is said by the first."""
    if is_first():
        yield
        return
    from cryoice.experiment.callbacks import Stopped

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    try:
        yield
    except Stopped:
        sys.exit(0)  # the first process has the status; another one's would look like a fault
    except Exception:
        time.sleep(GRACE)
        raise
