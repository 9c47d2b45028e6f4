"""The lists at the end of a batch: a summary, and RELION's micrographs with our columns."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryoice.constants import CLASSES
from cryoice.files.atomic import replacing
from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.files.pixel_size_doubts import counted
from cryoice.project.failures import write_failures
from cryoice.project.listed_names import write_listed
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_folder import BAND, SUMMARY
from cryoice.project.mask_outcome import DOUBT, OF_STAR, Outcome
from cryoice.project.mask_settings import Microscope
from cryoice.project.mask_star import write_list_again, write_new_list
from cryoice.project.records import Row
from cryoice.project.select_micrographs import LIST

FAILURES = "failures.csv"
"""Name of the file that tells what failed and why."""

_COLUMNS = (
    *("micrograph", "stem", "height", "width", "angpix", "mask", "score"),
    *(*CLASSES, "bad", "unsure", *BAND, "iciness", "ring_density", "views", "verdict", "model"),
)


@dataclass(frozen=True)
class MaskResult:
    """What came out of a batch.

    Attributes
    ----------
    rows
        By micrograph, what is done.
    earlier
        Masks of other micrographs that earlier runs left in the folder; the summary tells of them too.
    failures
        Name and reason of what is not done, but for what was stopped or refused.
    doubts
        About pixel sizes, the optics, and masks that the list leaves out; a line each.
    """

    rows: Mapping[ListedMicrograph, Row]
    earlier: int
    failures: list[tuple[str, str]]
    doubts: tuple[str, ...]


def begin(batch: MaskBatch) -> None:
    """Take out of the lists of an earlier run what this one is to replace: it may be killed.

    A shard that is to replace anything takes the lists away, for the merge to write them again: other
    shards do so at the same time. Within `MaskBatch.alone`.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    lists = [path for path in (batch.output / SUMMARY, batch.output / LIST) if path.exists()]
    if lists and batch.shard is not None:
        if not all(map(batch.find, batch.micrographs)):
            for path in lists:
                path.unlink(missing_ok=True)
    elif lists:
        done = {micrograph: batch.find(micrograph) for micrograph in batch.listed.micrographs}
        rows = {micrograph: row for micrograph, row in done.items() if row is not None}
        write_lists(batch, rows, batch.earlier())


def finish(batch: MaskBatch, outcomes: Sequence[Outcome]) -> MaskResult:
    """Write the lists of a batch, in its order, whether or not it came to its end.

    They are ``summary.csv``, ``micrographs.star`` and, where something failed, ``failures.csv``.
    Within `MaskBatch.alone`.

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
        elif outcome is not None and not outcome.refused:
            failures.append((micrograph.name, outcome.reason))
    earlier, unlisted, outdated = write_lists(batch, rows, batch.earlier())
    write_failures(batch.output / FAILURES, failures)
    doubts = [*batch.listed.doubts, *counted(row[DOUBT] for row in rows.values() if row[DOUBT])]
    if unlisted:
        doubts.append(f"{unlisted} masks of earlier runs are in {SUMMARY} but not listed in {LIST}")
    if outdated:
        doubts.append(f"{outdated} masks of an older version are left out of {SUMMARY}; mask them again")
    if batch.listed.star is None:
        doubts += optics_doubts(batch.microscope)
    return MaskResult(rows, earlier, failures, tuple(doubts))


def optics_doubts(microscope: Microscope) -> list[str]:
    """Tell in one line what a list made without a STAR file says of the optics though nobody gave it."""
    told = ", ".join(f"{flag} {value:g}" for flag, value in microscope.missing.items())
    return [f"{LIST} says {told}, which nobody gave; only RELION's CTF jobs need them"] if told else []


def write_lists(
    batch: MaskBatch, rows: Mapping[ListedMicrograph, Row], found: Sequence[Row]
) -> tuple[int, int, int]:
    """Write ``summary.csv`` and ``micrographs.star``, within `MaskBatch.alone`.

    Parameters
    ----------
    batch
        Whose folder and list it is.
    rows
        What is done of the list, in its order.
    found
        What is known of other masks in the folder.

    Returns
    -------
    tuple of int
        How many of the other masks the lists tell of, STAR lacks, and are too old for both.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    earlier = [row for row in found if row.keys() >= {*_COLUMNS, OF_STAR}]
    named = (*(item.name for item in batch.listed.micrographs), *(name for name, _ in batch.listed.failures))
    write_listed(batch.output, named)
    write_summary(batch.output, [*earlier, *rows.values()])
    joined = [row for row in earlier if batch.listed.star is None and not row[OF_STAR]]
    path = batch.output / LIST
    if batch.listed.star is None:
        write_new_list(path, [*joined, *rows.values()], batch.microscope)
    else:
        write_list_again(path, batch.listed, rows)
    return len(earlier), len(earlier) - len(joined), len(found) - len(earlier)


def write_summary(output: Path, rows: Iterable[Row]) -> None:
    """Write ``summary.csv``, a row a micrograph; what could not be measured is empty.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    with (
        replacing(output / SUMMARY) as scratch,
        scratch.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream,
    ):
        writer = csv.DictWriter(stream, _COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
