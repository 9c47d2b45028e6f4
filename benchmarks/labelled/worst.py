"""The micrographs that a network does worst on, and what it gets wrong there."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.labelled.table import add_columns
from benchmarks.labelled.tally import Tally
from cryoice.constants import CLASSES

_NEGLIGIBLE = 5e-4


def balanced_error(tally: Tally) -> float:
    """Mean over the classes in the truth of the share of their pixels that the mask calls otherwise."""
    there = tally.confusion.sum(axis=1)
    right = np.diagonal(tally.confusion)
    return float(1 - np.mean(right[there > 0] / there[there > 0]))


def worst(tallies: Sequence[Tally], number: int) -> list[Tally]:
    """Return the micrographs of the largest balanced errors, largest first."""
    return sorted(tallies, key=balanced_error, reverse=True)[:number]


def worst_table(tallies: Sequence[Tally]) -> Table:
    """List micrographs with their errors, in per cent of the area counted."""
    table = Table(title="Worst micrographs: 1 - mean share of each class called right")
    wrong = "wrong, % of the area"
    add_columns(table, ["source", "micrograph", wrong], ["error"], folding=wrong)
    for tally in tallies:
        table.add_row(tally.source, tally.name, what_went_wrong(tally), f"{balanced_error(tally):.3f}")
    return table


def what_went_wrong(tally: Tally) -> str:
    """Tell of each class that has wrong pixels its area and what how much of it was called, in per cent."""
    told = []
    for name, row in zip(CLASSES, tally.confusion, strict=True):
        taken = [
            f"{100 * row[other]:.2f} called {CLASSES[other]}"
            for other in np.argsort(-row)
            if CLASSES[other] != name and row[other] >= _NEGLIGIBLE
        ]
        if taken:
            told.append(f"{name} {100 * row.sum():.2f}: {', '.join(taken)}")
    return "; ".join(told)


def place_of(folder: Path, source: str, name: str) -> Path:
    """Return where the overlay of a micrograph lies."""
    return folder / source.replace(": ", "-").replace(" ", "-") / f"{name}.png"


def copy_overlays(tallies: Sequence[Tally], folder: Path) -> None:
    """Lay the overlays of micrographs side by side in ``folder/worst``, in order."""
    copies = folder / "worst"
    copies.mkdir(parents=True, exist_ok=True)
    for old in copies.glob("*.png"):
        old.unlink()
    for rank, tally in enumerate(tallies, start=1):
        drawn = place_of(folder, tally.source, tally.name)
        shutil.copyfile(drawn, copies / f"{rank:02}-{drawn.parent.name}-{drawn.name}")
