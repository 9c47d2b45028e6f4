"""How often the labels of each entry are wrong: curators differ, and so may their noise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.stats import chi2_contingency

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.learn.noise_rates import NoiseRates, Tail, surest_tails

FEWEST = 100
"""Picks of each label from which an entry has rates of its own; those with fewer are taken together."""

_BY_CHANCE = 1e-5
"""Below this chance of what the entries' surest picks say under equal noise, each is judged by itself.

That small since tails are chosen for their few wrong labels, which sets entries apart by itself."""


@dataclass(frozen=True, eq=False)
class NoiseGroup:
    """Picks under one noise: their rows in the table, and how often their labels are wrong."""

    rows: Int[np.ndarray, " rows"]
    rates: NoiseRates


def noise_groups(table: pd.DataFrame) -> list[NoiseGroup]:
    """Return all picks of the table, by entry where the entries' noise differs by more than chance.

    Tested are the counts of wrong labels among each entry's surest picks (`surest_tails`), chi-squared. Where
    they are alike, all picks are one group under the mean of the entries' rates, weighted by their picks.

    Raises
    ------
    InputError
        All labels are the same.
    """
    parts = _by_entry(table)
    tails = [surest_tails(*picks_of(table.iloc[rows])) for rows in parts]
    rates = [NoiseRates.of(*own) for own in tails]
    if any(_differ(ends) for ends in zip(*tails, strict=True)):
        return [NoiseGroup(rows, own) for rows, own in zip(parts, rates, strict=True)]
    return [NoiseGroup(np.arange(len(table)), _mean(rates, [len(rows) for rows in parts]))]


def noise_rates(table: pd.DataFrame) -> NoiseRates:
    """Estimate how often labels are wrong: the mean over `noise_groups`, weighted by their picks.

    Raises
    ------
    InputError
        All labels are the same.
    """
    groups = noise_groups(table)
    return _mean([group.rates for group in groups], [len(group.rows) for group in groups])


def entry_noise_rates(table: pd.DataFrame) -> dict[str, NoiseRates | None]:
    """Estimate the rates of each entry by itself; None with fewer than `FEWEST` picks of a label."""
    return {
        str(entry): NoiseRates.of(*surest_tails(*picks_of(rows))) if _has_enough(rows) else None
        for entry, rows in table.groupby("entry", sort=True)
    }


def picks_of(table: pd.DataFrame) -> tuple[Float[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Return probability of BAD and label of each pick.

    Raises
    ------
    InputError
        All labels are the same.
    """
    label = table["label"].to_numpy(np.int64)
    if len(np.unique(label)) < len((GOOD, BAD)):
        raise InputError("predictions: all picks have one label; suspects are sought among GOOD and BAD ones")
    return table["probability"].to_numpy(np.float64), label


def _by_entry(table: pd.DataFrame) -> list[Int[np.ndarray, " rows"]]:
    """Return the rows of each entry, those with few picks together, if need be with the smallest other."""
    parts: list[np.ndarray] = []
    few: list[np.ndarray] = []
    for found in table.groupby("entry", sort=True).indices.values():
        rows = np.asarray(found)
        (parts if _has_enough(table.iloc[rows]) else few).append(rows)
    if few and parts and not _has_enough(table.iloc[np.concatenate(few)]):
        few.append(parts.pop(int(np.argmin([len(rows) for rows in parts]))))
    return [*parts, np.concatenate(few)] if few else parts


def _has_enough(table: pd.DataFrame) -> bool:
    return min(int((table["label"] == value).sum()) for value in (GOOD, BAD)) >= FEWEST


def _differ(tails: Sequence[Tail]) -> bool:
    """Whether shares of wrong labels differ by more than chance."""
    counts = np.array([[tail.wrong, tail.size - tail.wrong] for tail in tails])
    if len(counts) < 2 or not counts.sum(axis=0).all():
        return False
    return bool(chi2_contingency(counts).pvalue < _BY_CHANCE)


def _mean(rates: Sequence[NoiseRates], weights: Sequence[int]) -> NoiseRates:
    return NoiseRates(
        good_to_bad=float(np.average([one.good_to_bad for one in rates], weights=weights)),
        bad_to_good=float(np.average([one.bad_to_good for one in rates], weights=weights)),
    )
