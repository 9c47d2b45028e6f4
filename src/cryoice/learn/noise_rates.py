"""How often labels are wrong, told from what is written on the picks that look surest.

Of picks as GOOD as they come, a share as large as the noise is labelled BAD, and any doubt about them can
only raise that share. So each rate is the least share of the other label within a tail of the network's
ranking (Scott 2015, A rate of convergence for mixture proportion estimation, AISTATS; the tail is chosen by
the upper bound of its share, as the best bin of Garg et al. 2021, arXiv:2111.00980). It asks for an order
only: the probabilities need not be calibrated, and the doubt of an honest network does not count as noise.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import beta

from cryoice.constants import BAD, GOOD

FEWEST = 0.05
"""Share of all picks that the smallest tail holds: the least of many small ones would be low by chance."""

CONFIDENCE = 0.95
"""Of the upper bound by which tails of unlike length compare (Clopper & Pearson 1934, one-sided)."""


@dataclass(frozen=True)
class NoiseRates:
    """Shares of the picks that are truly GOOD, and truly BAD, whose label says the other."""

    good_to_bad: float
    bad_to_good: float


def estimate_noise_rates(probability: Float[np.ndarray, " n"], label: Int[np.ndarray, " n"]) -> NoiseRates:
    """Return both rates.

    Noise within a class is taken to strike every pick alike: where it prefers picks that look like the other
    class the rates come out too low, as the surest ones are spared. Where no picks are sure they come out
    too high.

    Parameters
    ----------
    probability
        Of BAD, or anything that grows with it, from a network that did not learn from these labels.
    label
        GOOD or BAD, both among them.
    """
    return NoiseRates(
        good_to_bad=_least_share(probability, label == BAD),
        bad_to_good=_least_share(-probability, label == GOOD),
    )


def _least_share(score: Float[np.ndarray, " n"], wrong: Bool[np.ndarray, " n"]) -> float:
    """Return the share of wrong labels among the lowest scores, where its upper bound is least."""
    order = np.argsort(score, kind="stable")
    size, count = np.arange(1, len(order) + 1), np.cumsum(wrong[order])
    whole = np.append(np.diff(score[order]) > 0, True)  # picks of one score stay together
    usable = whole & (size >= FEWEST * len(order))
    size, count = size[usable], count[usable]
    bound = np.where(count < size, beta.ppf(CONFIDENCE, count + 1, np.maximum(size - count, 1)), 1.0)
    best = np.argmin(bound)
    return float(count[best] / size[best])
