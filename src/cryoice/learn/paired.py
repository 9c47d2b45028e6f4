"""Whether one way to train beats another: differences on the same test micrographs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from cryoice.errors import InputError
from cryoice.learn.metrics import METRICS, Interval, Label, drawn_metrics, interval

Draws = dict[str, Float[np.ndarray, "seeds draws"]]
"""Scores by name: a row a seed, first the estimate, then one for each resample of the micrographs."""


def draws_over_seeds(
    predictions: Sequence[pd.DataFrame], *, label: Label, n_bootstrap: int, seed: int
) -> Draws:
    """Score the same test micrographs as predicted by trainings that differ in their seed.

    Raises
    ------
    InputError
        The tables hold other picks or labels.
    """
    require_same_picks(predictions, label=label)
    scores = [drawn_metrics(table, label=label, n_bootstrap=n_bootstrap, seed=seed) for table in predictions]
    return {name: np.stack([one[name] for one in scores]) for name in METRICS}


def require_same_picks(predictions: Sequence[pd.DataFrame], *, label: Label) -> None:
    """Check that tables can be compared resample by resample: these go by the rows.

    Raises
    ------
    InputError
        The tables hold other picks or labels.
    """
    columns = ["entry", "micrograph", "y", "x", label]
    for table in predictions[1:]:
        if not table[columns].equals(predictions[0][columns]):
            raise InputError("predictions: the tables to compare hold other test picks; use one split")


def mean_interval(draws: Float[np.ndarray, "seeds draws"], *, seed: int) -> Interval:
    """Return the mean over the seeds; its bounds come from resampled micrographs and resampled seeds."""
    seeds, count = draws.shape
    chosen = np.random.default_rng(seed).integers(seeds, size=(seeds, count))
    chosen[:, 0] = np.arange(seeds)  # the estimate takes each once
    return interval(np.take_along_axis(draws, chosen, axis=0).mean(axis=0))


def paired_difference(
    draws: Float[np.ndarray, "seeds draws"], reference: Float[np.ndarray, "seeds draws"], *, seed: int
) -> Interval:
    """Return the mean difference, seed by seed and resample by resample, with its 95 % interval."""
    return mean_interval(draws - reference, seed=seed)
