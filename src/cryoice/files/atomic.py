"""Outputs appear whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryoice.errors import OutputError


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


_UMASK = _umask()  # asked for once: asking sets it for a moment, for all threads


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a scratch path beside ``path`` and rename it there when the block succeeds.

    The scratch file keeps the suffix of ``path``, since libraries choose formats by it.

    Raises
    ------
    OutputError
        The folder cannot be written, the disk is full, or whatever else the system refused in the
        block or at its end.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-", suffix=path.suffix)
    except OSError as error:
        raise _refused(path, error, remedy="choose another folder") from error
    os.close(handle)
    scratch = Path(name)
    try:
        yield scratch
        scratch.chmod(0o666 & ~_UMASK)
        scratch.replace(path)
    except OSError as error:
        raise _refused(path, error, remedy="make room or choose another folder") from error
    finally:
        scratch.unlink(missing_ok=True)


def require_writable(path: Path) -> None:
    """Check before long work that `replacing` will be able to write ``path``; its folder is made.

    Raises
    ------
    OutputError
        The path is a folder, or its own folder cannot be made or written.
    """
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".partial-"):
            pass
    except OSError as error:
        raise _refused(path, error, remedy="choose another folder") from error


def _refused(path: Path, error: OSError, *, remedy: str) -> OutputError:
    return OutputError(f"{path}: cannot be written ({error.strerror or error}); {remedy}")
