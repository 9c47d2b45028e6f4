"""The MRC container: what mrcfile leaves to its caller, each fault as one clear line."""

import bz2
import gzip
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
from jaxtyping import Float32

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.download import refuse_failed_download

MRC_SUFFIXES = (".mrc", ".mrcs", ".mrc.gz", ".mrcs.gz", ".mrc.bz2", ".mrcs.bz2")
_HEADER_BYTES = 1024
_ITEM_BYTES = {0: 1, 1: 2, 2: 4, 6: 2, 12: 2}
_GZIP_MAGIC = b"\x1f\x8b"
_BZIP2_MAGIC = b"BZh"
_CHUNK = 1 << 22
_LABEL = b"cryoice"


def read_mrc_header(path: Path) -> tuple[tuple[int, int], float | None]:
    """Shape (height, width) and pixel size (Å/px, None when unset) of a single-frame MRC file.

    A compressed file is unpacked to its end, since only that shows whether it is whole.

    Raises
    ------
    InputError
        The file is missing, truncated, a saved web page, of an unsupported mode or not one frame.
    """
    with _opened(path, header_only=True) as mrc:
        shape, pixel_size = _inspect(path, mrc.header)
        _refuse_truncated(path, mrc.header)
    return shape, pixel_size


def read_mrc(path: Path) -> tuple[Float32[np.ndarray, "height width"], float | None]:
    """Pixels as float32, first row of the file first, and pixel size (Å/px, None when unset).

    Raises
    ------
    InputError
        As `read_mrc_header`.
    """
    with _opened(path, header_only=False) as mrc:
        shape, pixel_size = _inspect(path, mrc.header)
        if mrc.data is None:
            _refuse_truncated(path, mrc.header)
        return np.asarray(mrc.data, dtype=np.float32).reshape(shape), pixel_size


def write_mrc(path: Path, array: np.ndarray, *, pixel_size: float | tuple[float, float]) -> None:
    """Write a 2-D array as MRC; the same input gives the same bytes.

    float32, float16 (mode 12), uint16 (mode 6), int16 and int8 keep their type.

    Parameters
    ----------
    path
        Replaced when it exists; appears whole or not at all.
    array
        Row 0 becomes the first row of the file.
    pixel_size
        Å/px; a pair is that between rows and that between columns.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    rows, columns = pixel_size if isinstance(pixel_size, tuple) else (pixel_size, pixel_size)
    with replacing(path) as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NaN in the header's statistics
        with mrcfile.new(scratch, overwrite=True) as mrc:
            mrc.set_data(array)
            mrc.voxel_size = (columns, rows, columns)
            mrc.header.label[0] = _LABEL  # mrcfile's own label holds the time
            mrc.header.nlabl = 1


@contextmanager
def _opened(path: Path, *, header_only: bool) -> Iterator[Any]:
    try:
        refuse_failed_download(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # permissive mode warns of what is judged here
            mrc = mrcfile.open(path, permissive=True, header_only=header_only)
        with mrc:
            yield mrc
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except EOFError as error:
        raise InputError(f"{path}: truncated, the packed data end early; fetch it again") from error
    except (OSError, ValueError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read as MRC ({error}); fetch or write it again") from error


def _inspect(path: Path, header: Any) -> tuple[tuple[int, int], float | None]:
    mode, width, height, frames = (int(header[key]) for key in ("mode", "nx", "ny", "nz"))
    if mode not in _ITEM_BYTES:
        raise InputError(f"{path}: MRC mode {mode} is not supported; convert it to mode 2 (float32)")
    if min(width, height, frames) < 1:
        raise InputError(f"{path}: the header declares {width} x {height} x {frames} pixels; fetch it again")
    if frames != 1:
        raise InputError(f"{path}: holds {frames} frames, not one micrograph; average the frames first")
    with np.errstate(divide="ignore", invalid="ignore"):
        pixel_size = float(np.float32(header.cella.x) / np.float32(header.mx))
    known = bool(np.isfinite(pixel_size)) and pixel_size > 0
    return (height, width), float(f"{pixel_size:.6g}") if known else None  # float32 holds no more


def _refuse_truncated(path: Path, header: Any) -> None:
    pixels = int(header.nx) * int(header.ny) * int(header.nz)
    expected = _HEADER_BYTES + int(header.nsymbt) + pixels * _ITEM_BYTES[int(header.mode)]
    found = _unpacked_bytes(path)
    if found < expected:
        raise InputError(f"{path}: truncated, holds {found} of {expected} bytes; fetch or write it again")


def _unpacked_bytes(path: Path) -> int:
    with path.open("rb") as stream:
        magic = stream.read(3)
    if not magic.startswith((_GZIP_MAGIC, _BZIP2_MAGIC)):
        return path.stat().st_size
    unpack = gzip.open if magic.startswith(_GZIP_MAGIC) else bz2.open
    with unpack(path, "rb") as stream:
        return sum(len(chunk) for chunk in iter(lambda: stream.read(_CHUNK), b""))
