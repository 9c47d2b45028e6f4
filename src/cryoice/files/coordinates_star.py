"""Coordinates in RELION's STAR files: particles of many micrographs, or the picks of one.

Read are the single table of RELION 3.0 and before, the tables with ``data_optics`` of 3.1 and later, and
the files per micrograph that Manual picking and Auto-picking write. RELION counts x along a row and y
along the rows of the array as stored: frame 'top'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from cryoice.errors import InputError
from cryoice.files.particles import Particles, told_per_row
from cryoice.files.star_pairs import with_tables
from cryoice.files.star_text import StarText

_POSITION = ("rlnCoordinateX", "rlnCoordinateY")
_NAME, _GROUP, _IMAGE = "rlnMicrographName", "rlnOpticsGroup", "rlnImageName"
_LISTED_FILES, _TOMOGRAM = "rlnMicrographCoordinates", "rlnTomoName"
_MICROGRAPH_PIXEL = "rlnMicrographPixelSize"
_SCALE = (_MICROGRAPH_PIXEL, "rlnImagePixelSize", "rlnImageSize")
_DETECTOR_PIXEL, _MAGNIFICATION = "rlnDetectorPixelSize", "rlnMagnification"
_ENDINGS = ("_manualpick", "_autopick")
_UM_TO_ANGSTROM = 1e4


@dataclass(frozen=True)
class StarCoordinates:
    """A STAR file of coordinates; what was found of them are columns more."""

    path: Path
    particles: Particles
    star: StarText
    block: str

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the kept rows with the columns; everything else stays byte for byte.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        self.star.edited(self.block, keep=keep, columns=columns).write(path)


def read(path: Path, *, box_size: float | None) -> StarCoordinates:
    """Read the coordinates of a STAR file.

    A single particle that is written as pairs of label and value is read, and written as a table.
    Pixel size and box come from the optics groups. The magnification of older files tells the pixel size
    only where no particle images are named: theirs may be rescaled.

    Parameters
    ----------
    path
        The file.
    box_size
        Side of the boxes in px of the micrograph, in place of what the file tells.

    Raises
    ------
    InputError
        The file cannot be read, names no coordinates, or names them in other files or in tomograms.
    """
    star = with_tables(StarText.read(path), *_POSITION)
    block = _block(star)
    centres = star.numbers(block, _POSITION)
    texts = star.table(block, [name for name in (_NAME, _GROUP) if name in star.columns(block)])
    pixel_size, box = _scale(star, block, texts.get(_GROUP), len(centres))
    particles = Particles(
        micrograph=texts[_NAME].to_numpy() if _NAME in texts else _own_name(path, len(centres)),
        x=centres[:, 0].copy(),
        y=centres[:, 1].copy(),
        frame="top",
        box_size=box if box_size is None else np.full(len(centres), float(box_size)),
        pixel_size=pixel_size,
        shapes=None,
    )
    return StarCoordinates(path=path, particles=particles, star=star, block=block)


def _block(star: StarText) -> str:
    block = star.block_with(_NAME, *_POSITION)
    listed = star.block_with(_NAME, _LISTED_FILES)
    if block is None and listed is not None:
        files = star.table(listed, [_LISTED_FILES])[_LISTED_FILES]
        folder = next((f" ({PurePosixPath(file).parent})" for file in files), "")
        raise InputError(
            f"{star.path}: lists coordinate files and holds no coordinates; "
            f"give the folder in which they lie{folder}, or the particles.star of an Extract job"
        )
    block = star.block_with(*_POSITION) if block is None else block
    if block is None:
        raise InputError(
            f"{star.path}: no table with the columns {', '.join(_POSITION)}; give a file of coordinates"
        )
    if _NAME not in star.columns(block) and _TOMOGRAM in star.columns(block):
        raise InputError(f"{star.path}: holds coordinates in tomograms; give those in micrographs")
    return block


def _own_name(path: Path, count: int) -> np.ndarray:
    ending = next((ending for ending in _ENDINGS if path.stem.endswith(ending) and path.stem != ending), "")
    return np.full(count, path.stem.removesuffix(ending), dtype=object)


def _scale(
    star: StarText, block: str, groups: pd.Series | None, count: int
) -> tuple[Float64[np.ndarray, " n"] | None, Float64[np.ndarray, " n"] | None]:
    """Find Å/px of each particle's micrograph and its box in px of it, each None where not told."""
    told = with_tables(star, _GROUP, _MICROGRAPH_PIXEL)
    optics = told.block_with(_GROUP, _MICROGRAPH_PIXEL)
    if optics is None or optics == block:
        return told_per_row(_pixel_sizes(star, block)), None
    table = _optics(told, optics)
    only = table.index[0] if len(table) == 1 else None
    of_particles = np.full(count, only, dtype=object) if groups is None else groups
    pixel_size, image_pixel, image_size = table.reindex(of_particles).to_numpy(dtype=np.float64).T
    with np.errstate(divide="ignore", invalid="ignore"):
        box = image_size * image_pixel / pixel_size
    return told_per_row(pixel_size), box if count and (np.isfinite(box) & (box > 0)).all() else None


def _optics(star: StarText, block: str) -> pd.DataFrame:
    """Pixel size of micrographs and of particle images (Å/px) and image size (px) by group; NaN: not told."""
    columns = [name for name in _SCALE if name in star.columns(block)]
    groups = star.table(block, [_GROUP])[_GROUP].to_numpy()
    table = pd.DataFrame(star.numbers(block, columns), index=groups, columns=columns)
    return table[~table.index.duplicated()].reindex(columns=_SCALE)


def _pixel_sizes(star: StarText, block: str) -> Float64[np.ndarray, " n"]:
    """Å/px as the particles' own table tells them; empty where it does not."""
    columns = star.columns(block)
    if _MICROGRAPH_PIXEL in columns:
        return star.numbers(block, [_MICROGRAPH_PIXEL])[:, 0]
    if _IMAGE in columns or not {_DETECTOR_PIXEL, _MAGNIFICATION} <= set(columns):
        return np.empty(0)
    detector, magnification = star.numbers(block, [_DETECTOR_PIXEL, _MAGNIFICATION]).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return _UM_TO_ANGSTROM * detector / magnification
