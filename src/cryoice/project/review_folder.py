"""The folder that ``cryoice mask`` wrote, as a review page shows it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cryoice.errors import InputError
from cryoice.files.star_text import StarText
from cryoice.project.folder_identity import identity_of
from cryoice.project.mask_folder import NEXT, SUMMARY, Masked, MaskFolder
from cryoice.project.review_pictures import pictures_of
from cryoice.project.select_micrographs import LIST
from cryoice.report.page.contents import STATISTICS, PageContents, PageMicrograph

_NAME = "rlnMicrographName"


@dataclass(frozen=True)
class Reviewed:
    """A micrograph of the list: its files, and the cells of its row in the summary and in the order."""

    masked: Masked
    row: dict[str, str]
    rank: int | None
    reason: str


@dataclass(frozen=True)
class ReviewFolder:
    """Masks by the list of their micrographs.

    Attributes
    ----------
    path
        The folder.
    micrographs
        In the list's order, each once.
    star, rows
        The list, and as `PageContents` has them its rows.
    unlisted
        How many masks the list leaves out.
    outdated
        How many have a place in the order of review, and were masked anew since.
    """

    path: Path
    micrographs: tuple[Reviewed, ...]
    star: StarText
    rows: tuple[tuple[int, int, int], ...]
    unlisted: int
    outdated: int

    @classmethod
    def read(cls, path: Path) -> "ReviewFolder":
        """Read list, summary and, where there is one, the order of review.

        Raises
        ------
        InputError
            A file is missing or damaged, or the list has a micrograph that the summary has not.
        """
        star, block, names = _listed(path / LIST)  # before the summary, which tells at least of these
        folder = MaskFolder.read(path)
        order, outdated = _order(path / NEXT, folder.masked)
        table = _table(path / SUMMARY, ("stem", "verdict", "views", *STATISTICS))
        known = {
            masked.name: Reviewed(masked, row, *order.get(row["stem"], (None, "")))
            for masked, row in zip(folder.masked, table, strict=True)
        }
        unknown = next((name for name in names if name not in known), None)
        if unknown is not None:
            raise InputError(f"{path / LIST}: {unknown} is not in {SUMMARY}; run cryoice mask again")
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        spans = zip(star.row_spans(block).tolist(), names, strict=True)
        rows = tuple((begin, end, places[name]) for (begin, end), name in spans)
        listed = tuple(known[name] for name in places)
        return cls(path, listed, star, rows, len(known) - len(places), outdated)

    def worth_a_look(self, count: int) -> frozenset[str]:
        """Return so many names: those that `cryoice next` ranks first, then of the most unsure.

        Raises
        ------
        InputError
            The summary has no number where one should be.
        """

        def place(one: Reviewed) -> tuple[float, float]:
            unsure = _number(one.row["unsure"], f"{self.path / SUMMARY}: {one.masked.name}: unsure")
            return math.inf if one.rank is None else one.rank, -(unsure or 0)

        return frozenset(one.masked.name for one in sorted(self.micrographs, key=place)[:count])

    def load(self, reviewed: Reviewed, *, shown: bool = True) -> tuple[PageMicrograph, str | None]:
        """Return what the page tells of a micrograph, and why it shows no mask or no micrograph, if so.

        One that is not to be shown costs no reading.

        Raises
        ------
        InputError
            The summary has no number where one should be.
        """
        masked, row = reviewed.masked, reviewed.row
        pictures, fault = None, None
        try:
            if shown:
                pictures, fault = pictures_of(masked, self.path, row["stem"])
        except InputError as error:
            fault = str(error)
        where = f"{self.path / SUMMARY}: {masked.name}"
        return PageMicrograph(
            name=masked.name,
            stem=row["stem"],
            shape=masked.shape,
            pixel_size=masked.pixel_size,
            verdict=row["verdict"],
            views=row["views"],
            statistics={name: _number(row[name], f"{where}: {name}") for name in STATISTICS},
            rank=reviewed.rank,
            reason=reviewed.reason,
            pictures=pictures,
            left_out=not shown,
        ), fault

    def contents(self, micrographs: Iterable[PageMicrograph]) -> PageContents:
        """Return the page's contents, given what `load` tells of each micrograph."""
        title = "/".join(self.path.resolve().parts[-2:])  # of RELION's jobs, all are called masks
        return PageContents(title, identity_of(self.path), micrographs, self.star.text, self.rows)


def _listed(path: Path) -> tuple[StarText, str, list[str]]:
    """Return the list, the name of its table and the micrographs in it."""
    if not path.is_file():
        raise InputError(f"{path.parent}: holds no {LIST}; give the folder that cryoice mask wrote")
    star = StarText.read(path)
    block = star.block_with(_NAME)
    if block is None:
        raise InputError(f"{path}: no table has {_NAME}; run cryoice mask again")
    return star, block, star.table(block, [_NAME])[_NAME].tolist()


def _table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); write it again") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; write it again")
    rows = table[list(columns)].to_dict("records")
    for row in rows:
        if "/" in row["stem"] or row["stem"] in ("", ".", ".."):
            raise InputError(f"{path}: {row['stem']!r} is no file name; write it again")
    return [{str(name): str(cell) for name, cell in row.items()} for row in rows]


def _order(path: Path, masked: Iterable[Masked]) -> tuple[dict[str, tuple[int, str]], int]:
    """Return rank and reason by stem, and how many are left out since their masks are newer."""
    if not path.is_file():
        return {}, 0
    found = {}
    for row in _table(path, ("rank", "stem", "reason")):
        if not row["rank"].isdecimal():
            raise InputError(f"{path}: rank {row['rank']!r} is no whole number; run cryoice next again")
        found[row["stem"]] = (int(row["rank"]), row["reason"])
    scores = {one.stem: one.score for one in masked if one.stem in found and one.score.is_file()}
    written = path.stat().st_mtime
    outdated = {stem for stem, score in scores.items() if score.stat().st_mtime > written}
    return {stem: place for stem, place in found.items() if stem not in outdated}, len(outdated)


def _number(cell: str, where: str) -> float | None:
    """Return a cell's number, None of an empty one."""
    try:
        value = float(cell) if cell else None
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise InputError(f"{where} {cell!r} is no number; run cryoice mask again")
    return value
