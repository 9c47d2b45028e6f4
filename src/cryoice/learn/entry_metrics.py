"""Scores entry by entry, their mean, and the worst entry."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from cryoice.learn.metrics import METRICS, Interval, Label, drawn_metrics, interval

HIGHER_IS_WORSE = ("ece", "brier", "loss")
"""The scores whose worst entry has the highest; that of the others has the lowest."""

JUDGED = tuple(name for name in METRICS if name != "prevalence")
"""The scores by which an entry can be worse than another."""


@dataclass(frozen=True)
class EntryMetrics:
    """Scores of several entries; see `learn.metrics.bootstrap_metrics`.

    Attributes
    ----------
    each
        By entry, in the order of their names, and by score.
    mean
        Mean over the entries in which a score is defined, each weighing the same. Its interval is that
        of micrographs resampled within every entry; undefined where one of them has a single micrograph.
        It tells how sure the mean is of these entries, not of proteins to come.
    worst
        Name of the worst entry by score; scores defined nowhere are left out. The worst of several
        estimates looks worse than it is, the more so the more entries there are.
    """

    each: dict[str, dict[str, Interval]]
    mean: dict[str, Interval]
    worst: dict[str, str]


def entry_metrics(
    predictions: pd.DataFrame, *, label: Label = "label", n_bootstrap: int, seed: int
) -> EntryMetrics:
    """Score every entry by itself, and all of them together."""
    draws = {
        str(entry): drawn_metrics(rows, label=label, n_bootstrap=n_bootstrap, seed=seed)
        for entry, rows in predictions.groupby("entry", sort=True, observed=True)
    }
    each = {entry: {name: interval(of_entry[name]) for name in METRICS} for entry, of_entry in draws.items()}
    mean = {name: _mean([of_entry[name] for of_entry in draws.values()]) for name in METRICS}
    worst = {
        name: worst_entry({e: scores[name].estimate for e, scores in each.items()}, name) for name in JUDGED
    }
    return EntryMetrics(each, mean, {name: entry for name, entry in worst.items() if entry is not None})


def worst_entry(estimates: Mapping[str, float], metric: str) -> str | None:
    """Return the entry with the worst estimate of a score, None where all are NaN."""
    sign = -1 if metric in HIGHER_IS_WORSE else 1
    defined = {entry: sign * value for entry, value in estimates.items() if np.isfinite(value)}
    return min(defined, key=defined.__getitem__, default=None)


def _mean(draws: list[Float[np.ndarray, " _"]]) -> Interval:
    """Average over entries whose draws come from one seed: shifted, so that no two use the same numbers."""
    defined = [values for values in draws if np.isfinite(values[0])]
    if not defined:
        return Interval(np.nan, np.nan, np.nan)
    estimate = np.mean([values[0] for values in defined])
    if len({len(values) for values in defined}) > 1:
        return Interval(float(estimate), np.nan, np.nan)
    shifted = [np.roll(values[1:], shift) for shift, values in enumerate(defined)]
    return interval(np.append(estimate, np.mean(shifted, axis=0)))
