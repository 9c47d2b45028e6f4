"""What a reviewer says of masks: a CSV file with a row an action, in the order in which they were made."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryoice.constants import CLASSES, IGNORE
from cryoice.errors import InputError

COLUMNS = ("micrograph", "stem", "kind", "row", "column", "radius", "label")

DIGEST = "digest"
"""Column that may follow: of the mask that was looked at, so that no other is mended by mistake."""

REGION, DISC, WHOLE, VERDICT = "region", "disc", "whole", "verdict"
"""Kinds of actions; a verdict is of the micrograph and teaches no pixel."""

UNKNOWN_LABEL, RIGHT = "unknown", "right"
VALUES = {name: value for value, name in enumerate(CLASSES)} | {UNKNOWN_LABEL: IGNORE}
"""Mask values by label."""

_LABELS = {
    REGION: tuple(VALUES),
    DISC: tuple(VALUES),
    WHOLE: (RIGHT, *VALUES),
    VERDICT: ("accepted", "rejected"),
}


@dataclass(frozen=True)
class Correction:
    """One action.

    Attributes
    ----------
    line
        Of the file, counted from 1.
    micrograph, stem
        As the summary of the masks names it.
    kind, label
        What is done, and the class, verdict, ``right`` or ``unknown``.
    row, column
        Place in px of the micrograph, row 0 the first of its array; NaN of what has none.
    radius
        Å; NaN of all but discs.
    digest
        Of the mask that was looked at, as the review page has it; '' where nobody told.
    """

    line: int
    micrograph: str
    stem: str
    kind: str
    label: str
    row: float = math.nan
    column: float = math.nan
    radius: float = math.nan
    digest: str = ""


@dataclass(frozen=True)
class Fault:
    """A row that cannot be followed: its line, the micrograph and stem in it, and what is wrong."""

    line: int
    micrograph: str
    stem: str
    reason: str


@dataclass(frozen=True)
class Corrections:
    """All rows of a file, in its order."""

    path: Path
    actions: tuple[Correction, ...]
    faults: tuple[Fault, ...]

    @classmethod
    def read(cls, path: Path) -> "Corrections":
        """Read a file; a row that cannot be followed is a fault and costs no other row.

        Raises
        ------
        InputError
            The file is missing or no CSV file with these columns.
        """
        actions, faults = [], []
        for line, cells in _rows(path):
            try:
                actions.append(_correction(line, cells))
            except InputError as error:
                faults.append(Fault(line, cells["micrograph"], cells["stem"], str(error)))
        return cls(path, tuple(actions), tuple(faults))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and cells, '' where a row ends before, of each line that is not empty."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restval="")
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path}: no column {', '.join(missing)}; give the corrections of a review page"
                )
            for cells in reader:
                yield (
                    reader.line_num,
                    {name: (cells.get(name) or "").strip() for name in (*COLUMNS, DIGEST)},
                )
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error}); export it again") from error


def _correction(line: int, cells: dict[str, str]) -> Correction:
    kind, label = cells["kind"], cells["label"]
    if kind not in _LABELS:
        raise InputError(f"kind {kind!r} is none of {', '.join(_LABELS)}")
    if label not in _LABELS[kind]:
        raise InputError(f"label {label!r} of a {kind} is none of {', '.join(_LABELS[kind])}")
    placed = kind in (REGION, DISC)
    row, column = (_number(cells, name) if placed else math.nan for name in ("row", "column"))
    radius = _number(cells, "radius") if kind == DISC else math.nan
    if radius <= 0:
        raise InputError(f"radius {radius:g} Å must be above 0")
    return Correction(
        line, cells["micrograph"], cells["stem"], kind, label, row, column, radius, cells[DIGEST]
    )


def _number(cells: dict[str, str], name: str) -> float:
    try:
        value = float(cells[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{name} {cells[name][:40]!r} of a {cells['kind']} is no number")
    return value
