"""Coordinates as text: the tables of Topaz, and two bare columns x and y (.coord).

Both count pixels from the array's first row and column ('top'). Topaz counts in the pixels of the
micrographs it was given: picks on downsampled ones must be scaled up first (``topaz convert --up-scale``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from cryoice.errors import InputError
from cryoice.files.coordinates_eman import ParticleLines
from cryoice.files.particles import Particles
from cryoice.files.text_lines import TextLines

FRAME = "top"
_NAME, _X, _Y = "image_name", "x_coord", "y_coord"


@dataclass(frozen=True)
class TopazFile:
    """A table of Topaz, of one or several micrographs; what was found are columns more."""

    path: Path
    particles: Particles
    text: TextLines
    header: int
    header_cells: list[str]

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the kept rows byte for byte, with the columns added as the last ones or replaced.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        separator, known = self.text.separator, self.header_cells
        places = [known.index(name) if name in known else None for name in columns]
        added = dict(zip(self.text.rows, zip(*columns.values(), strict=True), strict=True))
        added[self.header] = tuple(columns)

        def edit(row: int, line: str) -> str:
            edited = bare = line.rstrip("\r\n")
            for place, cell in zip(places, added.get(row, ()), strict=False):
                if place is None:
                    edited += (separator or " ") + cell
                else:
                    edited = _replaced(edited, place, cell, separator=separator)
            return edited + line[len(bare) :]

        self.text.write(path, keep=keep, edit=edit)


def read(path: Path, *, box_size: float | None) -> TopazFile | ParticleLines:
    """Read a table of Topaz (with a header) or bare columns x, y (without one).

    Parameters
    ----------
    path
        File to read; one without any row is fine.
    box_size
        Side of the particles' boxes, px; the formats tell none.

    Raises
    ------
    InputError
        The file is missing or no text, or a row has too few columns or no numbers.
    """
    text = TextLines.read(path)
    header = text.lines[text.rows[0]].rstrip("\r\n") if text.rows else ""
    separator = "\t" if "\t" in header else None
    columns = [name.strip() for name in header.split(separator)]
    if {_X, _Y} <= set(columns):
        below = text.below_header(separator)
        return _topaz(below, header=text.rows[0], columns=columns, box_size=box_size)
    x, y = text.numbers(0, 1).T
    return ParticleLines(path, _particles([path.stem] * len(x), x=x, y=y, box_size=box_size), text)


def _topaz(text: TextLines, *, header: int, columns: list[str], box_size: float | None) -> TopazFile:
    names: list[str] = []
    known: dict[str, str] = {}  # one name is that of many rows
    place = columns.index(_NAME) if _NAME in columns else None
    for row, cells in zip(text.rows, text.cells(), strict=True):
        if len(cells) != len(columns):
            raise InputError(
                f"{text.path}: line {row + 1} has {len(cells)} columns, the header {len(columns)}; "
                "write the file again"
            )
        name = text.path.stem if place is None else cells[place].strip()
        names.append(known.setdefault(name, name))
    x, y = text.numbers(columns.index(_X), columns.index(_Y)).T
    return TopazFile(text.path, _particles(names, x=x, y=y, box_size=box_size), text, header, columns)


def _replaced(line: str, place: int, cell: str, *, separator: str | None) -> str:
    parts = re.split(r"(\s+)" if separator is None else f"({separator})", line)
    leading = 2 * (separator is None and parts[0] == "")
    parts[leading + 2 * place] = cell
    return "".join(parts)


def _particles(
    names: list[str], *, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"], box_size: float | None
) -> Particles:
    return Particles(
        micrograph=np.array(names, dtype=object),
        x=x,
        y=y,
        frame=FRAME,
        box_size=None if box_size is None else np.full(len(x), box_size),
        pixel_size=None,
        shapes=None,
    )
