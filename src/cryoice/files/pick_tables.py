"""Tables of picks as CSV and STAR files hold them: columns by name, nothing judged."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import starfile
from jaxtyping import Float64

from cryoice.errors import InputError

POSITION_COLUMNS = ("X-Coordinate", "Y-Coordinate")
_DIAMETER_COLUMN = "Diameter"
_STAR_COLUMNS = ("rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY")
_NAME_SUFFIXES = (".mrc", ".mrcs", ".jpg", ".tif", ".tiff", ".eer")


@dataclass(frozen=True)
class PickTable:
    """Particle centres and diameters in px of the micrograph; NaN where a cell is no number."""

    x: Float64[np.ndarray, " n"]
    y: Float64[np.ndarray, " n"]
    diameter: Float64[np.ndarray, " n"]

    @classmethod
    def empty(cls) -> "PickTable":
        """No picks at all."""
        nothing = np.empty(0, dtype=np.float64)
        return cls(x=nothing, y=nothing, diameter=nothing)


def read_pick_csv(path: Path) -> PickTable:
    """Read the picks of one micrograph from a CSV file of CryoPPP; a missing diameter column gives NaN.

    Raises
    ------
    InputError
        The file cannot be read or lacks a coordinate column.
    """
    columns = read_csv_columns(path, required=POSITION_COLUMNS, optional=(_DIAMETER_COLUMN,))
    x, y = (columns[name] for name in POSITION_COLUMNS)
    return PickTable(x=x, y=y, diameter=columns[_DIAMETER_COLUMN])


def read_csv_columns(
    path: Path, *, required: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Float64[np.ndarray, " n"]]:
    """Numbers of the named columns; NaN where a cell is missing or no number.

    Rows quoted as a whole are unquoted; empty rows are passed over.

    Raises
    ------
    InputError
        The file cannot be read as text or lacks a required column.
    """
    rows = _csv_rows(path)
    header = [cell.strip() for cell in rows[0]] if rows else []
    missing = [name for name in required if name not in header]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; its first row must name the columns")
    return {
        name: np.array([_number(row, header.index(name)) for row in rows[1:]], dtype=np.float64)
        if name in header
        else np.full(len(rows) - 1, np.nan)
        for name in (*required, *optional)
    }


def read_pick_star(path: Path, name: str) -> PickTable:
    """Look up the picks of the micrograph called ``name`` (as `star_names` gives it); none when it is absent.

    Raises
    ------
    InputError
        As `star_names`.
    """
    return _star_tables(path, path.stat().st_mtime_ns).get(name) or PickTable.empty()


def star_names(path: Path) -> list[str]:
    """Names of the micrographs in a RELION particle STAR file, without folder and file ending.

    Raises
    ------
    InputError
        The file cannot be read, or no block has rlnMicrographName, rlnCoordinateX and Y.
    """
    return list(_star_tables(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=4)  # one file serves hundreds of micrographs
def _star_tables(path: Path, modified: int) -> dict[str, PickTable]:
    try:
        blocks = starfile.read(path, always_dict=True)
    except Exception as error:  # starfile raises whatever its parser met
        raise InputError(f"{path}: cannot be read as STAR ({error}); write it again") from error
    for block in blocks.values():
        if isinstance(block, pd.DataFrame) and set(_STAR_COLUMNS) <= set(block.columns):
            return _by_micrograph(block)
    raise InputError(f"{path}: no block with the columns {', '.join(_STAR_COLUMNS)}; export it from RELION")


def _by_micrograph(block: pd.DataFrame) -> dict[str, PickTable]:
    names = block["rlnMicrographName"].astype(str).map(_stem)
    x, y = (
        pd.to_numeric(block[column], errors="coerce").to_numpy(dtype=np.float64)
        for column in _STAR_COLUMNS[1:]
    )
    return {
        str(name): PickTable(x=x[rows], y=y[rows], diameter=np.full(len(rows), np.nan))
        for name, rows in names.groupby(names).indices.items()
    }


def _stem(name: str) -> str:
    file_name = PurePosixPath(name)  # its folder is dropped: nothing is opened by a name from a file
    return file_name.stem if file_name.suffix in _NAME_SUFFIXES else file_name.name


def _csv_rows(path: Path) -> list[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error}); fetch or write it again") from error
    return [next(csv.reader(row)) if len(row) == 1 and "," in row[0] else row for row in rows]


def _number(row: list[str], column: int) -> float:
    try:
        return float(row[column])
    except (ValueError, IndexError):
        return float("nan")
