"""Coordinates in CSV files: CryoPPP's, one file a micrograph, or any whose rows name their micrograph.

The text of every cell is kept; rows quoted as a whole stay quoted.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from sys import intern

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.particles import Particles

_FRAMES = {
    ("X-Coordinate", "Y-Coordinate"): "cryoppp",
    ("rlnCoordinateX", "rlnCoordinateY"): "top",
}
_NAMES = ("micrograph", "micrograph_name", "micrographname", "rlnmicrographname")
_ENDING = "_false_positives"
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class CsvCoordinates:
    """A CSV file of coordinates; what was found are columns more.

    ``lines`` are those of the file, each with its end; the first one names the columns.
    """

    path: Path
    particles: Particles
    lines: list[str]

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the kept rows with the columns; the other cells keep their text.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        with replacing(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(self._edited(keep, columns))

    def _edited(self, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
        header = [cell.strip() for cell in _cells(self.lines[0])]
        header += [name for name in columns if name not in header]
        places = [header.index(name) for name in columns]
        rows = zip(
            [True, *keep.tolist()], [tuple(columns), *zip(*columns.values(), strict=True)], strict=True
        )
        for line in self.lines:
            kept, values = next(rows) if line.strip() else (True, ())
            if kept:
                for place, value in zip(places, values, strict=False):
                    line = _with_cell(line, place, value)
                yield line


def read(path: Path, *, box_size: float | None) -> CsvCoordinates:
    """Read the coordinates of a CSV file.

    CryoPPP's columns X-Coordinate and Y-Coordinate count rows from the last one, RELION's names from the
    first. Without a column ``micrograph`` or ``rlnMicrographName`` the file's own name tells it.

    Parameters
    ----------
    path
        The file.
    box_size
        Side of the boxes in px of the micrograph; no CSV file tells it.

    Raises
    ------
    InputError
        The file cannot be read, lacks a coordinate column, or has a row that is longer than its header.
    """
    try:
        return _read(path, _lines(path), box_size)
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read as CSV ({error}); write it again") from error


def _read(path: Path, lines: list[str], box_size: float | None) -> CsvCoordinates:
    header = [cell.strip() for cell in _cells(lines[0])] if lines else []
    pair = next((pair for pair in _FRAMES if set(pair) <= set(header)), None)
    if pair is None:
        known = ", or ".join(" and ".join(names) for names in _FRAMES)
        raise InputError(f"{path}: its first row must name the columns {known}")
    named = [place for place, name in enumerate(header) if name.lower() in _NAMES][:1]
    places = [*map(header.index, pair), *named]
    x, y, *names = _columns(path, lines[1:], places=places, count=len(header))
    micrographs = names[0] if names else [path.stem.removesuffix(_ENDING)] * len(x)
    particles = Particles(
        micrograph=np.array(micrographs, dtype=object),
        x=_numbers(x),
        y=_numbers(y),
        frame=_FRAMES[pair],
        box_size=None if box_size is None else np.full(len(x), float(box_size)),
        pixel_size=None,
        shapes=None,
    )
    return CsvCoordinates(path=path, particles=particles, lines=lines)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error}); write it again") from error
    if "\0" in text:
        raise InputError(f"{path}: cannot be read as CSV (it is binary); give another file")
    # newline="" keeps the ends of lines as they are
    return list(StringIO(text, newline=""))


def _columns(path: Path, lines: list[str], *, places: list[int], count: int) -> list[list[str]]:
    """Cells of some columns in the lines that hold any; '' where a row ends before."""
    columns: list[list[str]] = [[] for _ in places]
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        cells = _cells(line)
        if len(cells) > count:
            raise InputError(
                f"{path}: line {number} has {len(cells)} cells, its header {count}; write it again"
            )
        for column, place in zip(columns, places, strict=True):
            column.append(intern(cells[place].strip()) if place < len(cells) else "")
    return columns


def _numbers(cells: list[str]) -> Float64[np.ndarray, " n"]:
    return pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").to_numpy(dtype=np.float64)


def _cells(line: str) -> list[str]:
    return _parsed(_opened(line))


def _opened(line: str) -> str:
    """Take off a line's end, the file's byte order mark, and quotes around the whole row."""
    content = line.removeprefix(_BYTE_ORDER_MARK).rstrip("\r\n")
    if not content.startswith('"'):
        return content
    cells = _parsed(content)
    return cells[0] if len(cells) == 1 and "," in cells[0] else content


def _parsed(row: str) -> list[str]:
    return next(csv.reader([row])) if '"' in row else row.split(",")


def _with_cell(line: str, place: int, value: str) -> str:
    """Put a value at a place of a row or behind its last cell; what surrounds the row stays."""
    mark = _BYTE_ORDER_MARK if line.startswith(_BYTE_ORDER_MARK) else ""
    content = line.removeprefix(_BYTE_ORDER_MARK).rstrip("\r\n")
    end, row = line[len(mark) + len(content) :], _opened(line)
    cells = _parsed(row)
    if place >= len(cells):
        edited = row + "," * (place - len(cells) + 1) + value
    else:
        edited = _joined([*cells[:place], value, *cells[place + 1 :]])
    if row != content:
        edited = '"' + edited.replace('"', '""') + '"'
    return mark + edited + end


def _joined(cells: list[str]) -> str:
    if not any('"' in cell or "," in cell for cell in cells):
        return ",".join(cells)
    stream = StringIO()
    csv.writer(stream, lineterminator="").writerow(cells)
    return stream.getvalue()
