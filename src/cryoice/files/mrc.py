"""The MRC container: what mrcfile leaves to its caller, each fault as one clear line.

Modes follow MRC2014, doi:10.1016/j.jsb.2015.04.002; the sign of bytes and the two ways to pack
4-bit pixels follow the flags of IMOD, https://bio3d.colorado.edu/imod/doc/mrc_format.txt.
"""

import bz2
import gzip
import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
from jaxtyping import Float32, UInt8

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.download import refuse_failed_download
from cryoice.files.mrc_header import MrcLayout, in_order, layout_of

MRC_SUFFIXES = (".mrc", ".mrcs", ".mrc.gz", ".mrcs.gz", ".mrc.bz2", ".mrcs.bz2")
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
        The file is missing, truncated, a saved web page, complex, of an unknown mode or not one frame.
    """
    layout = _layout(path)
    found = _unpacked_bytes(path)
    if found < layout.end:
        raise _truncated(path, found, layout)
    return layout.shape, layout.pixel_size


def read_mrc(path: Path) -> tuple[Float32[np.ndarray, "height width"], float | None]:
    """Pixels as float32, first row of the file first, and pixel size (Å/px, None when unset).

    Bytes (mode 0) are signed, as MRC2014 has it, unless IMOD's flags or the header's maximum say
    otherwise. Mode 101 holds two pixels a byte, the first in the low four bits, each row padded to
    whole bytes.

    Raises
    ------
    InputError
        As `read_mrc_header`.
    """
    layout = _layout(path)
    height, width = layout.shape
    pixels = _pixels(path, layout).reshape(height, -1)
    if layout.packed:
        pixels = _unpacked(pixels)[:, :width]
    return np.asarray(pixels, dtype=np.float32), layout.pixel_size


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
        The file cannot be written.
    """
    rows, columns = pixel_size if isinstance(pixel_size, tuple) else (pixel_size, pixel_size)
    with replacing(path) as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NaN in the header's statistics
        with mrcfile.new(scratch, overwrite=True) as mrc:
            mrc.set_data(array)
            mrc.voxel_size = (columns, rows, columns)
            mrc.header.label[0] = _LABEL  # mrcfile's own label holds the time
            mrc.header.nlabl = 1


def _layout(path: Path) -> MrcLayout:
    return layout_of(path, in_order(_header(path)))


def _header(path: Path) -> Any:
    with _faults_named(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # permissive mode warns of what is judged here
        refuse_failed_download(path)
        with mrcfile.open(path, permissive=True, header_only=True) as mrc:
            return mrc.header.copy()


def _pixels(path: Path, layout: MrcLayout) -> np.ndarray:
    with _faults_named(path):
        unpacked = _unpacked_stream(path)
        if unpacked is None:
            found = path.stat().st_size  # before memory is taken on the word of a header
            if found < layout.end:
                raise _truncated(path, found, layout)
            return np.fromfile(path, layout.dtype, layout.count, offset=layout.start)
        content = bytearray()
        with unpacked as stream:
            while len(content) < layout.end and (chunk := stream.read(_CHUNK)):
                content += chunk
        if len(content) < layout.end:
            raise _truncated(path, len(content), layout)
        return np.frombuffer(content, layout.dtype, layout.count, layout.start)


def _unpacked_bytes(path: Path) -> int:
    with _faults_named(path):
        unpacked = _unpacked_stream(path)
        if unpacked is None:
            return path.stat().st_size
        with unpacked as stream:
            return sum(len(chunk) for chunk in iter(lambda: stream.read(_CHUNK), b""))


def _unpacked_stream(path: Path) -> io.BufferedIOBase | None:
    """Return the contents of a compressed file, None for a plain one."""
    with path.open("rb") as stream:
        magic = stream.read(3)
    if magic.startswith(_GZIP_MAGIC):
        return gzip.GzipFile(path)
    return bz2.BZ2File(path) if magic.startswith(_BZIP2_MAGIC) else None


def _unpacked(pairs: UInt8[np.ndarray, "height half"]) -> UInt8[np.ndarray, "height width"]:
    return np.stack([pairs & 15, pairs >> 4], axis=2).reshape(len(pairs), -1)


def _truncated(path: Path, found: int, layout: MrcLayout) -> InputError:
    return InputError(f"{path}: truncated, holds {found} of {layout.end} bytes; fetch or write it again")


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except EOFError as error:
        raise InputError(f"{path}: truncated, the packed data end early; fetch it again") from error
    except (OSError, ValueError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read as MRC ({error}); fetch or write it again") from error
