"""The picks of one micrograph, GOOD and BAD, cleaned of rows that are no position."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from cryoice.constants import BAD, GOOD, UNKNOWN
from cryoice.files.pick_tables import (
    POSITION_COLUMNS,
    PickTable,
    read_csv_columns,
    read_pick_csv,
    read_pick_star,
)

_TRUTH_COLUMNS = (*POSITION_COLUMNS, "Label", "True-Label")


@dataclass(frozen=True)
class EntryMicrograph:
    """One micrograph of an entry and the files with its picks.

    Attributes
    ----------
    path
        The micrograph.
    name
        Its file name without the ending.
    good, bad
        CSV files of this micrograph, or the STAR files of the whole entry; None when missing.
    truth
        CSV file with the true label of each pick; only synthetic entries have one.
    star_name
        What the STAR files call this micrograph; None when the picks come from CSV files.
    """

    path: Path
    name: str
    good: Path | None
    bad: Path | None
    truth: Path | None
    star_name: str | None = None


@dataclass(frozen=True)
class Picks:
    """Picks of one micrograph.

    Attributes
    ----------
    x, y
        Particle centres in the file's own frame, px of the micrograph as stored.
    label
        GOOD or BAD.
    true_label
        GOOD, BAD or UNKNOWN.
    diameter
        Median particle diameter in px; None when no row tells.
    invalid
        Rows left out since a coordinate is negative or no number.
    """

    x: Float64[np.ndarray, " n"]
    y: Float64[np.ndarray, " n"]
    label: Int64[np.ndarray, " n"]
    true_label: Int64[np.ndarray, " n"]
    diameter: float | None
    invalid: int = 0


def read_picks(micrograph: EntryMicrograph) -> Picks:
    """Read the GOOD and BAD picks of a micrograph; a missing file means no picks of that kind.

    Raises
    ------
    InputError
        A file cannot be read or lacks a coordinate column.
    """
    tables = [(_table(micrograph, micrograph.good), GOOD), (_table(micrograph, micrograph.bad), BAD)]
    x = np.concatenate([table.x for table, _ in tables])
    y = np.concatenate([table.y for table, _ in tables])
    label = np.concatenate([np.full(len(table.x), value, dtype=np.int64) for table, value in tables])
    diameters = np.concatenate([table.diameter for table, _ in tables])
    diameters = diameters[np.isfinite(diameters) & (diameters > 0)]
    valid = np.isfinite(x) & np.isfinite(y) & (x >= 0) & (y >= 0)
    x, y, label = x[valid], y[valid], label[valid]
    return Picks(
        x=x,
        y=y,
        label=label,
        true_label=_true_labels(micrograph.truth, x, y, label),
        diameter=float(np.median(diameters)) if len(diameters) else None,
        invalid=int(np.count_nonzero(~valid)),
    )


def _table(micrograph: EntryMicrograph, path: Path | None) -> PickTable:
    if path is None:
        return PickTable.empty()
    if micrograph.star_name is not None:
        return read_pick_star(path, micrograph.star_name)
    return read_pick_csv(path)


def _true_labels(
    path: Path | None,
    x: Float64[np.ndarray, " n"],
    y: Float64[np.ndarray, " n"],
    label: Int64[np.ndarray, " n"],
) -> Int64[np.ndarray, " n"]:
    if path is None:
        return np.full(len(x), UNKNOWN, dtype=np.int64)
    columns = read_csv_columns(path, required=_TRUTH_COLUMNS)
    rows = zip(*(columns[name].tolist() for name in _TRUTH_COLUMNS), strict=True)
    known = {row[:3]: int(row[3]) for row in rows if row[3] in (GOOD, BAD)}
    picks = zip(x.tolist(), y.tolist(), label.tolist(), strict=True)
    return np.array([known.get(pick, UNKNOWN) for pick in picks], dtype=np.int64)
