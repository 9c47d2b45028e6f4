"""Labels cleaned before training: suspects are left out, or get the label that was suggested."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.learn.dataset import PreparedMicrograph

log = logging.getLogger(__name__)

DROPPED = "suspect labels"
"""Why a pick is left out."""

NEAR = 0.5
"""px of the micrograph as stored within which a suspect is a pick."""

_LABELS = {"GOOD": GOOD, "BAD": BAD}


@dataclass(frozen=True)
class Cleaning:
    """What to do with which labels.

    Attributes
    ----------
    suspects
        A ``suspects.csv``, as ``cryoice suspects`` writes it; rows may be taken out of it.
    how
        ``drop`` (the picks are left out) or ``flip`` (they get the suggested label).
    """

    suspects: Path
    how: str

    def apply(
        self, picks: pd.DataFrame, micrographs: Sequence[PreparedMicrograph], *, part: pd.Series
    ) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the cleaned picks and how many were left out; those of the test split stay as they are.

        Parameters
        ----------
        picks
            As `prepare.Prepared` has them.
        micrographs
            Those that the picks' ``micrograph`` counts.
        part
            The split of each pick, by its index.

        Raises
        ------
        InputError
            The list cannot be read, or names no pick of this data.
        """
        listed = read_suspects(self.suspects)
        suggested = _suggested(listed, picks, micrographs)
        matched = int(suggested.notna().sum())
        if not matched and len(listed):
            raise InputError(
                f"data.suspects={self.suspects}: none of its {len(listed)} suspects is a pick of this data; "
                "give the list of a run on the same labels"
            )
        if matched < len(listed):
            log.warning("data.suspects: %d of %d suspects match no pick", len(listed) - matched, len(listed))
        changed = suggested.notna() & (part != "test")
        told = "left out" if self.how == "drop" else "given the other label"
        log.info(
            "data.suspects: %d picks are %s, %d are to test", changed.sum(), told, matched - changed.sum()
        )
        if self.how == "drop":
            return picks[~changed], {DROPPED: int(changed.sum())}
        return picks.assign(label=picks["label"].where(~changed, suggested).astype(np.int64)), {}


def read_suspects(path: Path) -> pd.DataFrame:
    """Read entry, micrograph, row, col, label and suggested of a list of suspects.

    Raises
    ------
    InputError
        It is missing, lacks a column, or a cell is no position or no label.
    """
    names = ["entry", "micrograph", "row", "col", "label", "suggested"]
    try:
        listed = pd.read_csv(path, usecols=names, dtype=str, keep_default_na=False)
        numbers = listed[["row", "col"]].astype(np.float64)
        labels = listed[["label", "suggested"]].map(_LABELS.__getitem__)
        if not np.isfinite(numbers).all(axis=None):
            raise ValueError("a position is no number")
    except (OSError, ValueError, KeyError) as error:
        fault = "no such file" if isinstance(error, FileNotFoundError) else f"no list of suspects ({error})"
        raise InputError(f"data.suspects={path}: {fault}; give the CSV file of cryoice suspects") from error
    return listed.assign(**numbers, **labels)


def _suggested(
    listed: pd.DataFrame, picks: pd.DataFrame, micrographs: Sequence[PreparedMicrograph]
) -> pd.Series:
    """Return the label suggested for each pick, NaN for those that no suspect of the same label lies on."""
    suggested = pd.Series(np.nan, index=picks.index)
    numbers = {(one.entry, one.name): number for number, one in enumerate(micrographs)}
    for (entry, name, label), rows in listed.groupby(["entry", "micrograph", "label"]):
        number = numbers.get((str(entry), str(name)), -1)
        own = picks.index[(picks["micrograph"] == number) & (picks["label"] == label)]
        if len(own):
            tree = cKDTree(picks.loc[own, ["row", "col"]].to_numpy(np.float64))
            distance, nearest = tree.query(rows[["row", "col"]].to_numpy(np.float64))
            found = np.asarray(distance) <= NEAR
            suggested[own[np.asarray(nearest)[found]]] = rows["suggested"].to_numpy(np.float64)[found]
    return suggested
