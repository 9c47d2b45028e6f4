"""TIFF micrographs, BigTIFF and LZW, deflate or ZSTD ones among them, each fault as one clear line."""

import logging
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile
from jaxtyping import Float32

from cryoice.errors import InputError
from cryoice.files.download import refuse_failed_download
from cryoice.files.tiff_pixel_size import tiff_pixel_size

TIFF_SUFFIXES = (".tif", ".tiff")
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R 601
_COMPLEX = "c"

# what tifffile logs is judged here; without a handler Python would print it
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def read_tiff_header(path: Path) -> tuple[tuple[int, int], float | None]:
    """Shape (height, width) and pixel size (Å/px, None when the file tells none) of a TIFF file.

    Raises
    ------
    InputError
        The file is missing, truncated, a saved web page, no TIFF or holds several frames.
    """
    with opened_tiff(path) as tiff:
        page = _only_page(path, tiff)
        return (page.imagelength, page.imagewidth), tiff_pixel_size(tiff)


def read_tiff(path: Path) -> tuple[Float32[np.ndarray, "height width"], float | None]:
    """Values as float32 and pixel size (Å/px, None when the file tells none).

    Row 0 is the first row of the file, whatever its orientation tag says. RELION and IMOD turn a TIFF
    upside down when they read it: their row 0 is the last one here. Colours become ITU-R 601 luminance,
    transparency is dropped, other values are as stored. Thumbnails and other pages of another size
    are passed over.

    Raises
    ------
    InputError
        As `read_tiff_header`, or its compression is unknown.
    """
    with opened_tiff(path) as tiff:
        page = _only_page(path, tiff)
        return _grey(path, page), tiff_pixel_size(tiff)


@contextmanager
def opened_tiff(path: Path) -> Iterator[tifffile.TiffFile]:
    """Open a file in TIFF's container whose directories and data are all there.

    Raises
    ------
    InputError
        The file is missing, truncated, a saved web page or no TIFF, or the block cannot decode it.
    """
    try:
        refuse_failed_download(path)
        with tifffile.TiffFile(path) as tiff:
            _refuse_broken_chain(path, tiff)
            yield tiff
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, ValueError, RuntimeError, struct.error, IndexError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: cannot be read as TIFF ({reason}); fetch or write it again") from error


def refuse_missing_data(path: Path, page: tifffile.TiffPage | tifffile.TiffFrame) -> None:
    """Refuse a file that ends before the data of ``page`` do.

    Raises
    ------
    InputError
        The file is truncated.
    """
    pieces = zip(page.dataoffsets, page.databytecounts, strict=False)
    expected = max((offset + count for offset, count in pieces), default=0)
    found = path.stat().st_size
    if found < expected:
        raise _truncated(path, f"holds {found} of {expected} bytes")


def _refuse_broken_chain(path: Path, tiff: tifffile.TiffFile) -> None:
    """Refuse a file whose directories end without saying so: the rest of them is missing."""
    place = tiff.pages.next_page_offset if len(tiff.pages) else None
    if place is not None:
        tiff.filehandle.seek(place)
        offset = tiff.filehandle.read(tiff.tiff.offsetsize)
        if any(offset) or len(offset) < tiff.tiff.offsetsize:
            raise _truncated(path, "its list of pages has no end")
    elif tiff.filehandle.size > 0:
        raise _truncated(path, "its first page is missing")


def _truncated(path: Path, fault: str) -> InputError:
    return InputError(f"{path}: truncated, {fault}; fetch or write it again")


def _only_page(path: Path, tiff: tifffile.TiffFile) -> tifffile.TiffPage:
    first = tiff.pages.first
    frames = sum(not page.is_reduced and page.shape == first.shape for page in map(_whole, tiff.pages))
    if tiff.is_imagej or tiff.is_shaped:  # they may list one directory for all frames
        frames = max(frames, math.prod(tiff.series[0].shape) // math.prod(first.shape))
    if frames != 1:
        raise InputError(f"{path}: holds {frames} frames, not one micrograph; average the frames first")
    refuse_missing_data(path, first)
    return first


def _whole(page: tifffile.TiffPage | tifffile.TiffFrame) -> tifffile.TiffPage:
    return page.aspage()


def _grey(path: Path, page: tifffile.TiffPage) -> Float32[np.ndarray, "height width"]:
    values = page.asarray()
    if values.dtype.kind == _COMPLEX:
        raise InputError(f"{path}: holds complex numbers, a Fourier transform; give the micrograph itself")
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        values, axes = page.colormap[:, values], "SYX"
    else:
        axes = page.axes
    if "S" in axes:
        values = np.moveaxis(values, axes.index("S"), 0)
        values = values[0] if len(values) < len(_LUMINANCE) else _luminance(values)
    return np.asarray(values, dtype=np.float32).reshape(page.imagelength, page.imagewidth)


def _luminance(colours: np.ndarray) -> Float32[np.ndarray, "height width"]:
    weights = np.array(_LUMINANCE, dtype=np.float32)
    return np.tensordot(weights, colours[: len(weights)].astype(np.float32), axes=1)
