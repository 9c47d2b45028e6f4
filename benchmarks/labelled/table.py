"""The tables: any artifact by source, every class in the sources that have it, crystalline micrographs."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np
from rich.table import Table

from benchmarks.labelled.baselines import BASELINES
from benchmarks.labelled.estimate import Runs, estimate, groups, number
from benchmarks.labelled.metrics import (
    ARTIFACTS,
    CLEAN,
    CRYSTALLINE,
    auroc,
    called,
    flagged,
    overlap,
    precision,
    ranking,
)
from benchmarks.labelled.tally import ANY
from cryoice.constants import CLASSES

INTERVAL = "95 % interval over micrographs"
NOT_MEASURED = "- : no such pixels, or some micrographs cannot be measured (iciness: too coarse, 8 bit)"


def any_artifact(runs: Runs) -> Table:
    """Any artifact against clean film, by source and in all."""
    table = Table(title=f"Any artifact ({INTERVAL}); baselines: AP, AUROC", caption=NOT_MEASURED)
    add_columns(table, ["source"], ["n", "bad", "AP", "AUROC", "IoU", "found", "clean flagged", *BASELINES])
    figures = [
        partial(precision, scorer=ANY),
        partial(auroc, scorer=ANY),
        partial(overlap, values=ARTIFACTS),
        partial(flagged, truth=ARTIFACTS),
        partial(flagged, truth=[CLEAN]),
    ]
    for source, group in groups(runs):
        share = np.mean([tally.confusion[1:].sum() for tally in group[0]])
        cells = [str(estimate(figure, group)) for figure in figures]
        others = [_both(group, name, truth=ARTIFACTS) for name in BASELINES]
        table.add_row(source, str(len(group[0])), f"{share:.3f}", *cells, *others)
    return table


def classes(runs: Runs) -> Table:
    """Each class against everything else, pooled over the micrographs of the sources that have it."""
    table = Table(title=f"Classes ({INTERVAL}); baselines: AP, AUROC", caption=NOT_MEASURED)
    add_columns(table, ["class", "source"], ["n", "with it", "AP", "AUROC", "IoU", *BASELINES])
    for value, name in enumerate(CLASSES):
        if not value or not all(name in tallies[0].histograms for tallies in runs):
            continue
        figures = [
            partial(precision, scorer=name, truth=[value]),
            partial(auroc, scorer=name, truth=[value]),
            partial(overlap, values=[value]),
        ]
        for source, group in groups(runs):
            there = sum(tally.holds(value) for tally in group[0])
            if not there or len({tally.source for tally in group[0]}) > 1:
                continue
            cells = [str(estimate(figure, group)) for figure in figures]
            others = [_both(group, baseline, truth=[value]) for baseline in BASELINES]
            table.add_row(name, source, str(len(group[0])), str(there), *cells, *others)
    return table


def crystalline(runs: Runs) -> Table:
    """Micrographs with crystalline ice, and those where clean film is called so; worst network of each."""
    table = Table(title="Called crystalline, as a share (where ice is, or clean film is called so)")
    add_columns(table, ["source", "micrograph"], ["of its crystalline pixels", "of its clean pixels"])
    there, wrong = (
        np.stack([called(tallies, truth=truth, values=[CRYSTALLINE]) for tallies in runs])
        for truth in (CRYSTALLINE, CLEAN)
    )
    for tally, found, alarm in zip(runs[0], there.min(axis=0), wrong.max(axis=0), strict=True):
        if np.isfinite(found) or alarm > 0:
            table.add_row(tally.source, tally.name, number(found), number(alarm))
    return table


def add_columns(
    table: Table, words: Sequence[str], numbers: Sequence[str], *, folding: str | None = None
) -> None:
    """Head a table with columns of words and of numbers, none of which is broken but ``folding``."""
    for heading in (*words, *numbers):
        side: Literal["left", "right"] = "left" if heading in words else "right"
        table.add_column(heading, justify=side, no_wrap=heading != folding)


def _both(group: Runs, scorer: str, *, truth: Sequence[int]) -> str:
    area, average = ranking(group[0], np.ones((1, len(group[0]))), scorer=scorer, truth=truth)
    known = np.isfinite([average[0], area[0]]).any()
    return f"{number(average[0])}, {number(area[0])}" if known else "-"
