"""What a network that ships must reach on the real labelled micrographs."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from rich.table import Table

from benchmarks.labelled.baselines import BASELINES, DARK
from benchmarks.labelled.estimate import ALL_REAL, Estimate, Runs, chosen, estimate, groups, number, sure
from benchmarks.labelled.metrics import (
    Figure,
    auroc,
    crystalline_flagged,
    crystalline_found,
    crystalline_most,
    lead,
    median_flagged,
    overlap,
    precision,
)
from benchmarks.labelled.table import INTERVAL, add_columns
from benchmarks.labelled.tally import ANY
from cryoice.constants import CLASSES

CONTAMINATION, SUPPORT = CLASSES.index("contamination"), CLASSES.index("support")


@dataclass(frozen=True)
class Gate:
    """One figure on some of the micrographs, and what it must be at least or at most, if anything."""

    name: str
    where: str
    runs: Runs
    figure: Figure
    least: float | None = None
    most: float | None = None
    strictly: bool = False

    @property
    def target(self) -> str:
        """For a table."""
        if self.most is not None:
            return f"<= {self.most:g}"
        return "" if self.least is None else f"{'>' if self.strictly else '>='} {self.least:g}"

    def met(self, value: float) -> bool:
        """Tell whether a value passes; NaN does not."""
        if self.most is not None:
            return value <= self.most
        reaches: Callable[[float, float], bool] = operator.gt if self.strictly else operator.ge
        return self.least is not None and reaches(value, self.least)


def gates(runs: Runs) -> Iterator[Gate]:
    """Yield every gate whose micrographs are there."""
    real = sure(runs)
    sources = {name: group for name, group in groups(real) if name != ALL_REAL}
    if not real[0]:
        return
    yield Gate("AP of any artifact", ALL_REAL, real, partial(precision, scorer=ANY), least=0.75)
    yield Gate("AUROC of any artifact", ALL_REAL, real, partial(auroc, scorer=ANY), least=0.95)
    for source, group in sources.items():
        yield from _of_source(source, group)
    every = chosen(runs, lambda tally: not tally.simulated)
    yield Gate("crystalline micrographs found", "all, doubtful too", every, crystalline_found, least=1)
    yield Gate(
        "clean micrographs with a pixel called crystalline", ALL_REAL, real, crystalline_flagged, most=0
    )
    yield Gate("most of a micrograph's clean area called so", ALL_REAL, real, crystalline_most)
    yield Gate("median of clean area flagged", ALL_REAL, real, median_flagged, most=0.01)


def _of_source(source: str, group: Runs) -> Iterator[Gate]:
    any_lead = partial(lead, scorer=ANY, over=BASELINES, truth=tuple(range(1, len(CLASSES))))
    if any(tally.confusion[1:].any() for tally in group[0]):
        yield Gate("AP of any artifact less the best baseline's", source, group, any_lead, least=0)
    if any(tally.holds(CONTAMINATION) for tally in group[0]):
        ranked = partial(precision, scorer="contamination", truth=[CONTAMINATION])
        over = partial(lead, scorer="contamination", over=[DARK], truth=[CONTAMINATION])
        if source in ("10146", "10947"):
            cover = partial(overlap, values=[CONTAMINATION])
            yield Gate("AP of contamination", source, group, ranked, least=0.8)
            yield Gate("IoU of contamination", source, group, cover, least=0.55)
        name = f"AP of contamination less that of {DARK}"
        yield Gate(name, source, group, over, least=0, strictly=True)
    if source in ("smartem", "10947"):
        yield Gate("IoU of support", source, group, partial(overlap, values=[SUPPORT]), least=0.6)


def gate_table(runs: Runs) -> Table:
    """Return figure, value (mean ± standard deviation over networks), interval, target and whether met."""
    several = len(runs) > 1
    table = Table(title=f"Gates ({INTERVAL})")
    values = ["mean", "±"] if several else ["value"]
    add_columns(table, ["figure", "on"], [*values, "interval", "target", "met"])
    for gate in gates(runs):
        found = estimate(gate.figure, gate.runs)
        spread = [number(found.spread)] if several else []
        table.add_row(
            gate.name, gate.where, number(found.mean), *spread, found.interval, gate.target, _met(gate, found)
        )
    return table


def _met(gate: Gate, found: Estimate) -> str:
    if not gate.target:
        return ""
    passed = int(np.sum([gate.met(value) for value in found.values]))
    return f"{passed} of {len(found.values)}" if len(found.values) > 1 else ("yes" if passed else "NO")
