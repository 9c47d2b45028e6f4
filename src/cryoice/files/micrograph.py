"""Micrographs in and out: MRC (plain, gzip, bzip2), TIFF, EER and pictures, always float32 in memory."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryoice.errors import InputError
from cryoice.files.eer import EER_SUFFIXES, read_eer, read_eer_header
from cryoice.files.mrc import MRC_SUFFIXES, read_mrc, read_mrc_header, write_mrc
from cryoice.files.picture import PICTURE_SUFFIXES, read_picture, read_picture_shape
from cryoice.files.tiff import TIFF_SUFFIXES, read_tiff, read_tiff_header

__all__ = [
    "MICROGRAPH_SUFFIXES",
    "Micrograph",
    "micrograph_name",
    "read_header",
    "read_micrograph",
    "write_mrc",
]

MICROGRAPH_SUFFIXES = MRC_SUFFIXES + TIFF_SUFFIXES + EER_SUFFIXES + PICTURE_SUFFIXES
"""Lower-case file endings that `read_micrograph` takes."""

_READERS = (
    dict.fromkeys(MRC_SUFFIXES, read_mrc)
    | dict.fromkeys(TIFF_SUFFIXES, read_tiff)
    | dict.fromkeys(EER_SUFFIXES, read_eer)
)
_HEADER_READERS = (
    dict.fromkeys(MRC_SUFFIXES, read_mrc_header)
    | dict.fromkeys(TIFF_SUFFIXES, read_tiff_header)
    | dict.fromkeys(EER_SUFFIXES, read_eer_header)
)


@dataclass(frozen=True)
class Micrograph:
    """One frame average.

    Attributes
    ----------
    array
        Grey values; row 0 is the first row in the file. May hold NaN.
    pixel_size
        Å/px; None when the file does not say.
    name
        File name without its ending.
    """

    array: Float32[np.ndarray, "height width"]
    pixel_size: float | None
    name: str


def read_micrograph(path: Path) -> Micrograph:
    """Read one micrograph; infinite pixels become NaN.

    A stack of one frame and an old MRC file without its 'MAP ' stamp are accepted. An EER movie
    becomes the plain sum of its frames, without gain correction.

    Raises
    ------
    InputError
        The file is missing, truncated, a saved web page, not one 2-D frame, of an unknown kind,
        constant or without a finite pixel.
    """
    suffix = _suffix(path)
    if suffix in PICTURE_SUFFIXES:
        array, pixel_size = read_picture(path), None
    else:
        array, pixel_size = _READERS[suffix](path)
    return Micrograph(array=_checked(path, array), pixel_size=pixel_size, name=micrograph_name(path))


def read_header(path: Path) -> tuple[tuple[int, int], float | None]:
    """Shape (height, width) and pixel size (Å/px or None), without keeping the pixels.

    Finds truncated files and saved web pages too.

    Raises
    ------
    InputError
        As `read_micrograph`, but for constant and non-finite pixels.
    """
    suffix = _suffix(path)
    if suffix in PICTURE_SUFFIXES:
        return read_picture_shape(path), None
    return _HEADER_READERS[suffix](path)


def micrograph_name(path: Path) -> str:
    """File name without the ending that `read_micrograph` knows; 'a.frames.mrc' gives 'a.frames'."""
    return path.name[: -len(_suffix(path))]


def _suffix(path: Path) -> str:
    lower = path.name.lower()
    matches = [suffix for suffix in MICROGRAPH_SUFFIXES if lower.endswith(suffix)]
    if not matches:
        raise InputError(f"{path}: not a micrograph; give one of {', '.join(MICROGRAPH_SUFFIXES)}")
    return max(matches, key=len)


def _checked(path: Path, array: Float32[np.ndarray, "height width"]) -> Float32[np.ndarray, "height width"]:
    finite = np.isfinite(array)
    whole = bool(finite.all())
    values = array if whole else array[finite]
    if not values.size:
        raise InputError(f"{path}: no pixel is a number; leave the file out or write it again")
    if values.min() == values.max():
        raise InputError(f"{path}: every pixel has the same value; leave the file out or write it again")
    return array if whole else np.where(finite, array, np.float32(np.nan))
