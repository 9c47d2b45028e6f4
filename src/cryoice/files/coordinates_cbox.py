"""Boxes of crYOLO (.cbox): a STAR file since crYOLO 1.8, plain columns before that.

A row holds the lower left corner of a box and its sides, not always whole numbers; the centre is the
corner plus half the side. The origin is EMAN's, the array's first row and column: row = y ('top').
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from cryoice.errors import InputError
from cryoice.files.coordinates_eman import ParticleLines, boxes_of, one_micrograph, require_areas
from cryoice.files.particles import Particles
from cryoice.files.star_text import StarText
from cryoice.files.text_lines import TextLines

_COLUMNS = ("CoordinateX", "CoordinateY", "Width", "Height")


@dataclass(frozen=True)
class CboxFile:
    """A .cbox file in the form of STAR; what was found of the boxes are columns more."""

    path: Path
    particles: Particles
    text: StarText
    block: str

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the kept rows, with the score added as the last column or replaced.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        self.text.edited(self.block, keep=keep, columns=columns).write(path)


def read(path: Path, *, box_size: float | None) -> CboxFile | ParticleLines:
    """Read the boxes of one micrograph, which is named after the file.

    Parameters
    ----------
    path
        File to read.
    box_size
        Side of the particles' boxes, px, where it is not the one in the file.

    Raises
    ------
    InputError
        The file is missing or broken, has no table of boxes, or holds a box without an area.
    """
    plain = TextLines.read(path)
    if not any(line.startswith("data_") for line in plain.lines):
        return ParticleLines(path, _particles(path, boxes_of(plain), box_size=box_size), plain)
    text = StarText.read(path)
    block = text.block_with(*_COLUMNS)
    if block is None:
        raise InputError(f"{path}: no table with {', '.join(_COLUMNS)}; write it again with crYOLO")
    boxes = text.numbers(block, _COLUMNS)
    require_areas(boxes, path=path, where=lambda row: f"row {row + 1} of data_{block}")
    return CboxFile(path, _particles(path, boxes, box_size=box_size), text, block)


def _particles(path: Path, boxes: Float64[np.ndarray, "n 4"], *, box_size: float | None) -> Particles:
    left, low, width, height = boxes.T
    return one_micrograph(
        path.stem,
        x=left + width / 2,
        y=low + height / 2,
        box_size=np.maximum(width, height) if box_size is None else box_size,
    )
