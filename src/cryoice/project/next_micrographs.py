"""The micrographs of a masked folder that had best be reviewed next, and why."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float32, Float64

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.mrc import read_mrc
from cryoice.mask.review_order import Ranked, deviations, doubt, joined, review_order
from cryoice.project.mask_folder import NEXT, SUMMARY, Masked, MaskFolder

_COLUMNS = ("rank", "micrograph", "stem", "score", "reason")
_SHARES = (*CLASSES, "unsure")
_MEASURES = ("iciness", "ring_density")
_BINS = 10
_ALIKE = 0.5
"""Standard deviations below which two micrographs are alike in a feature."""


@dataclass(frozen=True)
class NextMicrograph:
    """One row of the list; ``doubt`` is the share of its area that is expected to be wrong."""

    rank: int
    micrograph: str
    stem: str
    score: float
    doubt: float
    reason: str


@dataclass(frozen=True)
class _Seen:
    """What the score maps tell: doubt, and how often each tenth of the probability occurs."""

    masked: Masked
    row: int
    doubt: float
    histogram: Float64[np.ndarray, " bins"]


def next_micrographs(
    folder: MaskFolder,
    reviewed: Iterable[str],
    *,
    count: int,
    track: Callable[[Sequence[Masked], str], Iterable[Masked]],
) -> tuple[list[NextMicrograph], list[str]]:
    """Rank the micrographs of a folder and write ``next.csv`` in it.

    Parameters
    ----------
    folder
        That ``cryoice mask`` wrote; every score map is read once.
    reviewed
        Stems of micrographs that need no more review: the others are to differ from them.
    count
        How many to list.
    track
        Passes micrographs through and shows how far they have come.

    Returns
    -------
    tuple
        The list, and a line on each micrograph whose score map cannot be read.

    Raises
    ------
    InputError
        The folder has no micrographs with score maps, its summary lacks a column, or it cannot be written.
    """
    seen, failures = _look(folder, track)
    if not seen:
        raise InputError(f"{folder.path}: holds no score map that can be read; run cryoice mask again")
    facts = _Facts(seen, _values(folder, seen))
    known = set(reviewed)
    chosen = [index for index, one in enumerate(seen) if one.masked.stem in known]
    order = review_order(np.array([one.doubt for one in seen]), joined(facts.deviations), chosen)
    called = {index: seen[index].masked.stem for index in chosen}
    found = []
    for rank, one in enumerate(islice(order, count), start=1):
        own = seen[one.index]
        reason = facts.reason(one, called)
        found.append(NextMicrograph(rank, own.masked.name, own.masked.stem, one.score, own.doubt, reason))
        called[one.index] = f"rank {rank}"
    _write(folder.path / NEXT, found)
    return found, failures


@dataclass(frozen=True)
class _Facts:
    """What micrographs are compared by: shares of the area, measures of ice, the histogram of scores."""

    seen: Sequence[_Seen]
    values: Float64[np.ndarray, "n facts"]  # shares and measures; NaN: not measured

    @cached_property
    def deviations(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Blocks in standard deviations.

        Square roots of shares, as in the Hellinger distance of distributions, tell none from a little.
        """
        shares, measures = np.split(self.values, [len(_SHARES)], axis=1)
        histograms = np.stack([one.histogram for one in self.seen])
        logs = np.log(np.where(measures > 0, measures, np.nan))
        return deviations(np.sqrt(shares)), deviations(logs), deviations(np.sqrt(histograms))

    def reason(self, ranked: Ranked, called: Mapping[int, str]) -> str:
        """Say in words why a micrograph stands where it does, given what those before it are called."""
        doubtful = f"{100 * self.seen[ranked.index].doubt:.1f} % of its area may be wrong"
        if ranked.nearest is None:
            return f"{doubtful}, more than of any other"
        before = called[ranked.nearest]
        told = np.concatenate(self.deviations[:2], axis=1)
        apart = np.abs(told[ranked.index] - told[ranked.nearest])
        fact = int(np.argmax(apart))
        if apart[fact] < _ALIKE:
            return f"{doubtful}; much like {before}"
        own, other = (self._told(index, fact) for index in (ranked.index, ranked.nearest))
        name = (*_SHARES, *_MEASURES)[fact]
        return f"{doubtful}; {name} {own}, not {other} as on {before}, the likest before it"

    def _told(self, index: int, fact: int) -> str:
        value = self.values[index, fact]
        if np.isnan(value):
            return "not measured"
        return f"{100 * value:.1f} %" if fact < len(_SHARES) else f"{value:.3g}"


def _look(
    folder: MaskFolder, track: Callable[[Sequence[Masked], str], Iterable[Masked]]
) -> tuple[list[_Seen], list[str]]:
    """Read the score maps, each once."""
    seen, failures = [], []
    for row, masked in enumerate(track(folder.masked, "Reading score maps")):
        try:
            score, _ = read_mrc(masked.score)
            share = doubt(score)
            if not share >= 0:
                raise InputError(f"{masked.score}: holds no probability; mask it again")
            seen.append(_Seen(masked, row, share, _histogram(score)))
        except InputError as error:
            failures.append(str(error))
    return seen, failures


def _histogram(score: Float32[np.ndarray, "h w"]) -> Float64[np.ndarray, " bins"]:
    """Return the share of the pixels in each tenth of the probability."""
    known = score[np.isfinite(score)]
    place = np.clip(known * _BINS, 0, _BINS - 1).astype(np.uint8)
    return np.bincount(place, minlength=_BINS) / len(place)


def _values(folder: MaskFolder, seen: Sequence[_Seen]) -> Float64[np.ndarray, "n facts"]:
    """Return shares of the area and measures of ice as the summary has them, NaN where it tells none."""
    summary = folder.path / SUMMARY
    columns = [*_SHARES, *_MEASURES]
    table = pd.read_csv(summary, dtype=str, keep_default_na=False)
    if missing := [name for name in columns if name not in table.columns]:
        raise InputError(f"{summary}: no column {', '.join(missing)}; run cryoice mask again")
    numbers = table[columns].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    return numbers[[one.row for one in seen]]


def _write(path: Path, rows: Iterable[NextMicrograph]) -> None:
    with replacing(path) as scratch, scratch.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows((row.rank, row.micrograph, row.stem, f"{row.score:.5g}", row.reason) for row in rows)
