"""One process builds, the others wait: sweeps start several runs on the same empty cache."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import AcquireReturnProxy, FileLock, SoftFileLock, Timeout

from cryoice.errors import InputError

_log = logging.getLogger(__name__)

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP)
"""What file systems without locks answer, such as NFS without its lock service; filelock minds ENOSYS."""


def held(path: Path, *, timeout: float = -1) -> "AcquireReturnProxy[Any]":
    """Hold a lock file until the block ends or the process dies; without locks, a marker beside it.

    A marker outlives a program that is killed on another machine.

    Parameters
    ----------
    timeout
        s to wait at most; below 0 for ever.

    Raises
    ------
    filelock.Timeout
        Another program holds it.
    OSError
        The folder cannot be written.
    """
    try:
        return FileLock(path).acquire(timeout=timeout)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return SoftFileLock(f"{path}.marker").acquire(timeout=timeout)


@contextmanager
def one_at_a_time(path: Path, *, doing: str = "building the same data") -> Iterator[None]:
    """Hold the lock file ``path`` while the block runs; it is freed when a process dies, too.

    One that has to wait says what the other is ``doing``.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = held(path, timeout=0)
        except Timeout:
            _log.info("another process is %s; waiting for it (%s)", doing, path)
            lock = held(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error
    with lock:
        yield
