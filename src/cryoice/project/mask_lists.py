"""The lists at the end of a batch: a summary, and RELION's micrographs with our columns."""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cryoice.constants import CLASSES
from cryoice.files.atomic import replacing
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
from cryoice.files.pixel_size_doubts import counted
from cryoice.files.star import Table, write_star
from cryoice.project.failures import write_failures
from cryoice.project.mask_batch import DOUBT, MaskBatch, Outcome
from cryoice.project.mask_folder import SUMMARY
from cryoice.project.records import Row
from cryoice.project.select_micrographs import LIST

Rows = Mapping[ListedMicrograph, Row]
"""What is known of the micrographs that are done, in the list's order."""

FAILURES = "failures.csv"
"""Name of the file that tells what failed and why."""

_COLUMNS = (
    *("micrograph", "stem", "height", "width", "angpix", "mask", "score"),
    *(*CLASSES, "bad", "iciness", "ring_density", "verdict", "model"),
)
_STAR_COLUMNS = {f"cryoice{name.title()}Fraction": name for name in (*CLASSES, "bad")} | {
    "cryoiceIciness": "iciness",
    "cryoiceVerdict": "verdict",
}
_NAME, _GROUP, _RING_DENSITY = "rlnMicrographName", "rlnOpticsGroup", "rlnCtfIceRingDensity"
_UNKNOWN = "nan"


@dataclass(frozen=True)
class MaskResult:
    """What came out of a batch.

    Attributes
    ----------
    rows
        By micrograph, what is done.
    failures
        Name and reason of what is not, but for what was stopped.
    doubts
        About pixel sizes, a line each.
    """

    rows: Rows
    failures: list[tuple[str, str]]
    doubts: tuple[str, ...]


def finish(batch: MaskBatch, outcomes: Sequence[Outcome]) -> MaskResult:
    """Write the lists of a batch, in its order, whether or not it came to its end.

    They are ``summary.csv``, ``micrographs.star`` and, where something failed, ``failures.csv``.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    known = {outcome.micrograph: outcome for outcome in outcomes}
    rows, failures = {}, list(batch.listed.failures)
    for micrograph in batch.listed.micrographs:
        outcome = known.get(micrograph)
        row = batch.find(micrograph) if outcome is None else outcome.row
        if row is not None:
            rows[micrograph] = row
        elif outcome is not None:
            failures.append((micrograph.name, outcome.reason))
    write_summary(batch.output, rows)
    write_list(batch.output, batch.listed, rows)
    write_failures(batch.output / FAILURES, failures)
    doubts = counted(row[DOUBT] for row in rows.values() if row[DOUBT])
    return MaskResult(rows, failures, (*batch.listed.doubts, *doubts))


def write_summary(output: Path, rows: Rows) -> None:
    """Write ``summary.csv``, a row a micrograph; what could not be measured is empty.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    with replacing(output / SUMMARY) as scratch, scratch.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, _COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({"micrograph": micrograph.name} | row for micrograph, row in rows.items())


def write_list(output: Path, listed: MicrographList, rows: Rows) -> None:
    """Write ``micrographs.star``: the list's own blocks, columns and order, and our columns.

    Micrographs that failed are left out. Without a STAR file the list gets one optics group for each
    pixel size; voltage and aberration stand in no image file, and so not in this one.
    ``rlnCtfIceRingDensity`` is added where it was measured and RELION has not done so itself.

    Raises
    ------
    InputError
        The folder cannot be written, or the list's own table is damaged.
    """
    path = output / LIST
    if listed.star is None or listed.block is None:
        write_star(path, _relion_tables(rows))
        return
    names = listed.star.table(listed.block, [_NAME])[_NAME]
    by_row = {micrograph.row: row for micrograph, row in rows.items()}
    found = [by_row.get(number) for number in range(len(names))]
    columns = _our_columns([row or {} for row in found], known=listed.star.columns(listed.block))
    keep = np.array([row is not None for row in found], dtype=bool)
    listed.star.edited(listed.block, keep=keep, columns=columns).write(path)


def _relion_tables(rows: Rows) -> dict[str, Table]:
    sizes = list(dict.fromkeys(row["angpix"] for row in rows.values()))
    groups = range(1, len(sizes) + 1)
    optics: Table = {
        _GROUP: list(groups),
        "rlnOpticsGroupName": [f"opticsGroup{group}" for group in groups],
        "rlnMicrographPixelSize": sizes,
    }
    micrographs: Table = {
        _NAME: [micrograph.name for micrograph in rows],
        _GROUP: [sizes.index(row["angpix"]) + 1 for row in rows.values()],
        **_our_columns(list(rows.values()), known=()),
    }
    return {"optics": optics, "micrographs": micrographs}


def _our_columns(rows: Sequence[Row], *, known: Collection[str]) -> dict[str, list[str]]:
    columns = {column: [_cell(row.get(key)) for row in rows] for column, key in _STAR_COLUMNS.items()}
    densities = [_cell(row.get("ring_density")) for row in rows]
    if _RING_DENSITY not in known and set(densities) != {_UNKNOWN}:
        columns[_RING_DENSITY] = densities
    return columns


def _cell(value: str | float | None) -> str:
    if value is None:
        return _UNKNOWN
    return value if isinstance(value, str) else f"{value:.6g}"
