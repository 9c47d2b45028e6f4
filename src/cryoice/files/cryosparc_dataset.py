"""One data set of cryoSPARC (.cs): a structured numpy array, one row an item, one field a property."""

from pathlib import Path

import numpy as np

from cryoice.errors import InputError
from cryoice.files.atomic import replacing

FROM_ITSELF = ">"
"""Begins a path that counts from the folder of the file that names it."""

_NUMPY_MAGIC = b"\x93NUMPY"
_COMPRESSED = b"CSDAT"
_HEADER_LIMIT = 1 << 18  # bytes of field names; numpy's own limit of 10,000 is met by files of many classes


def read_dataset(path: Path) -> np.ndarray:
    """Rows of a .cs file, mapped from the disk.

    Raises
    ------
    InputError
        The file is missing, truncated, compressed, holds Python objects, or has no field ``uid``.
    """
    _check_kind(path)
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False, max_header_size=_HEADER_LIMIT)
    except (OSError, ValueError, EOFError) as error:
        reason = str(error).split("\n", 1)[0]
        raise InputError(f"{path}: cannot be read as .cs ({reason}); export it again") from error
    if rows.ndim != 1 or "uid" not in (rows.dtype.names or ()):
        raise InputError(f"{path}: a numpy array but no data set of cryoSPARC (no uid); give a .cs file")
    return np.asarray(rows)


def fields(rows: np.ndarray) -> set[str]:
    """Return the names of the fields."""
    return set(rows.dtype.names or ())


def texts(column: np.ndarray) -> np.ndarray:
    """Return a column of texts as Python's, each known once."""
    found = column.tolist()
    known = {
        text: text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in set(found)
    }
    return np.array([known[text] for text in found], dtype=object)


def require_paths_hold(source: Path, target: Path, rows: np.ndarray) -> None:
    """Check that paths of a data set lead from ``target`` where they led from ``source``.

    Raises
    ------
    InputError
        The target lies in another folder, and paths begin with '>', as those of exported groups do.
    """
    if source.parent.resolve() == target.parent.resolve():
        return
    for name in fields(rows):
        column = rows[name]
        if column.dtype.kind == "S" and (column.astype("S1") == FROM_ITSELF.encode()).any():
            raise InputError(
                f"{target}: the paths in {source.name} count from its own folder, since it was exported; "
                f"write beside it, into {source.parent}"
            )


def write_dataset(path: Path, rows: np.ndarray) -> None:
    """Write rows with all their fields as a .cs file, whole or not at all.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    with replacing(path) as scratch, scratch.open("wb") as stream:
        np.save(stream, rows, allow_pickle=False)


def _check_kind(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(_NUMPY_MAGIC))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a .cs file") from error
    if magic.endswith(_COMPRESSED):
        raise InputError(
            f"{path}: compressed by cryoSPARC; convert it with cryosparc-tools: "
            "Dataset.load('old.cs').save('new.cs')"
        )
    if magic != _NUMPY_MAGIC:
        raise InputError(f"{path}: no data set of cryoSPARC; give a .cs file in numpy's format")
