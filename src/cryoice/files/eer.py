"""Electron-event movies of Falcon cameras (EER) as micrographs: the sum of all frames.

Format: Guo et al., Electron-event representation data enable efficient cryoEM file storage,
doi:10.1107/S205225252000929X. A TIFF container with one directory a frame.
"""

from pathlib import Path

import numpy as np
import tifffile
from jaxtyping import Float32

from cryoice.errors import InputError
from cryoice.files.tiff import opened_tiff, refuse_missing_data

EER_SUFFIXES = (".eer",)
_ANGSTROMS = {"m": 1e10, "nm": 10.0}
_SIZE = "sensorPixelSize.width"


def read_eer_header(path: Path) -> tuple[tuple[int, int], float | None]:
    """Shape (height, width) and pixel size (Å/px, None when the file tells none) of an EER movie.

    Raises
    ------
    InputError
        The file is missing, truncated, a saved web page or no EER movie.
    """
    with opened_tiff(path) as tiff:
        frames = _frames(path, tiff)
        height, width = frames[0].shape
        return (height, width), _pixel_size(tiff)


def read_eer(path: Path) -> tuple[Float32[np.ndarray, "height width"], float | None]:
    """Electrons counted in each pixel of the sensor over all frames, and pixel size (Å/px or None).

    Frames are added as they are: not aligned, without a gain reference and without the electrons'
    places within pixels. Good enough to see ice and support; for anything finer give the
    motion-corrected average. Row 0 is the first row of the file. Memory holds two frames, however
    many there are.

    Raises
    ------
    InputError
        As `read_eer_header`.
    """
    with opened_tiff(path) as tiff:
        frames = _frames(path, tiff)
        total = np.zeros(frames[0].shape, dtype=np.uint16)
        for frame in frames:
            total += frame.asarray()
        return total.astype(np.float32), _pixel_size(tiff)


def _frames(path: Path, tiff: tifffile.TiffFile) -> list[tifffile.TiffPage | tifffile.TiffFrame]:
    if not tiff.is_eer or not tiff.series:
        raise InputError(f"{path}: no EER movie, its metadata are missing; fetch it again")
    frames = [frame for frame in tiff.series[0].pages if frame is not None]
    for frame in frames:
        refuse_missing_data(path, frame)
    return frames


def _pixel_size(tiff: tifffile.TiffFile) -> float | None:
    facts = tiff.eer_metadata or {}
    width, unit = facts.get(_SIZE), facts.get(f"{_SIZE}.unit", "m")
    if not isinstance(width, int | float) or not width > 0 or unit not in _ANGSTROMS:
        return None
    return float(f"{width * _ANGSTROMS[unit]:.6g}")
