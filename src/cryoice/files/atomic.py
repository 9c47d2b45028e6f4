"""Outputs appear whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryoice.errors import InputError


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
    InputError
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


def _refused(path: Path, error: OSError, *, remedy: str) -> InputError:
    return InputError(f"{path}: cannot be written ({error.strerror or error}); {remedy}")
