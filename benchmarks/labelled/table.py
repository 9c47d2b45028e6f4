"""The tables: any artifact by source, and every class in the sources that have it."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from rich.table import Table

from benchmarks.labelled.metrics import Figure, Weights, flagged, holds, overlap, ranking, with_interval
from benchmarks.labelled.tally import ANY, BASELINES, Tally
from cryoice.constants import CLASSES

ARTIFACTS = list(range(1, len(CLASSES)))


def any_artifact(tallies: Sequence[Tally]) -> Table:
    """Any artifact against clean film, by source and in all."""
    table = Table(title="Any artifact (95 % interval over micrographs)")
    for heading in ("source", "n", "bad", "AP", "AUROC", "IoU", "found", "clean flagged"):
        table.add_column(heading, justify="left" if heading == "source" else "right", no_wrap=True)
    for name in BASELINES:
        table.add_column(f"AP, AUROC of {name}", justify="right")
    for source, group in groups(tallies):
        share = np.mean([tally.confusion[1:].sum() for tally in group])
        figures = [
            partial(_ranked, scorer=ANY, which=1),
            partial(_ranked, scorer=ANY, which=0),
            partial(overlap, values=ARTIFACTS),
            partial(flagged, truth=ARTIFACTS),
            partial(flagged, truth=[0]),
        ]
        table.add_row(
            source,
            str(len(group)),
            f"{share:.3f}",
            *(_cell(figure, group) for figure in figures),
            *(_pair(group, name) for name in BASELINES),
        )
    return table


def classes(tallies: Sequence[Tally]) -> Table:
    """Each class against everything else, pooled over the micrographs of the sources that have it."""
    table = Table(title="Classes (95 % interval over micrographs)")
    for heading in ("class", "source", "n", "with it", "AP", "AUROC", "IoU"):
        table.add_column(heading, justify="left" if heading in ("class", "source") else "right", no_wrap=True)
    for value, name in enumerate(CLASSES):
        if not value or name not in tallies[0].histograms:
            continue
        having = {tally.source for tally in tallies if holds(tally, value)}
        for source, group in groups([tally for tally in tallies if tally.source in having]):
            figures = (
                partial(_ranked, scorer=name, which=1),
                partial(_ranked, scorer=name, which=0),
                partial(overlap, values=[value]),
            )
            there = sum(holds(tally, value) for tally in group)
            table.add_row(
                name, source, str(len(group)), str(there), *(_cell(figure, group) for figure in figures)
            )
    return table


def groups(tallies: Sequence[Tally]) -> Iterator[tuple[str, list[Tally]]]:
    """Yield each source, then all real ones that nobody doubts and that are more than one source."""
    for source in dict.fromkeys(tally.source for tally in tallies):
        yield source, [tally for tally in tallies if tally.source == source]
    real = [tally for tally in tallies if not tally.source.startswith("simulated:")]
    sure = [tally for tally in real if not tally.source.endswith("(doubtful)")]
    if len({tally.source for tally in sure}) > 1:
        yield "all real", sure


def _ranked(tallies: Sequence[Tally], weights: Weights, *, scorer: str, which: int) -> Figure:
    return ranking(tallies, weights, scorer=scorer)[which]


def _pair(group: Sequence[Tally], scorer: str) -> str:
    auroc, precision = ranking(group, np.ones((1, len(group))), scorer=scorer)
    return f"{_number(precision[0])}, {_number(auroc[0])}"


def _cell(figure: Callable[[Sequence[Tally], Weights], Figure], group: Sequence[Tally]) -> str:
    value, low, high = with_interval(figure, group)
    return f"{value:.3f} [{low:.3f} {high:.3f}]" if np.isfinite(low) else _number(value)


def _number(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "-"
