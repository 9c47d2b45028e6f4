"""Coordinate files of every kind we know, by their ending."""

from pathlib import Path

from cryoice.errors import InputError
from cryoice.files import (
    coordinates_cbox,
    coordinates_cryosparc,
    coordinates_csv,
    coordinates_eman,
    coordinates_star,
    coordinates_text,
)
from cryoice.files.particles import CoordinateFile

_READERS = {
    ".star": coordinates_star.read,
    ".cs": coordinates_cryosparc.read,
    ".csg": coordinates_cryosparc.read,
    ".box": coordinates_eman.read,
    ".json": coordinates_eman.read,
    ".cbox": coordinates_cbox.read,
    ".txt": coordinates_text.read,
    ".tsv": coordinates_text.read,
    ".coord": coordinates_text.read,
    ".csv": coordinates_csv.read,
}

COORDINATE_SUFFIXES = tuple(_READERS)
"""Lower-case file endings that `read_coordinates` takes."""


def read_coordinates(path: Path, *, box_size: float | None = None) -> CoordinateFile:
    """Read one coordinate file, which can write itself again with fewer particles.

    Parameters
    ----------
    path
        The file; its ending tells the format.
    box_size
        Side of the boxes in px of the micrograph, instead of what the file tells.

    Raises
    ------
    InputError
        The file is missing, of an unknown kind or cannot be read, or the box size is not above 0.
    """
    if box_size is not None and not box_size > 0:
        raise InputError(f"--box-size {box_size:g}: impossible; give one above 0 px")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the coordinate files in it")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: not a coordinate file; give one of {', '.join(COORDINATE_SUFFIXES)}")
    return reader(path, box_size=box_size)
