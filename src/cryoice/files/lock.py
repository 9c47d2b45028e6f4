"""One process builds, the others wait: sweeps start several runs on the same empty cache."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cryoice.errors import InputError

_log = logging.getLogger(__name__)


@contextmanager
def one_at_a_time(path: Path, *, doing: str = "building the same data") -> Iterator[None]:
    """Hold the lock file ``path`` while the block runs; it is freed when a process dies, too.

    One that has to wait says what the other is ``doing``.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _log.info("another process is %s; waiting for it (%s)", doing, path)
            lock.acquire()
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error
    try:
        yield
    finally:
        lock.release()
