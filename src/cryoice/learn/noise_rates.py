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

FEWEST, LEAST = 20, 0.05
"""Picks, and share of all picks, that the smallest tail holds: of many small ones some are low by chance."""

MOST = 0.9
"""Of the sum of both rates: at 1 labels say nothing."""

CONFIDENCE = 0.95
"""Of the upper bound by which tails of unlike length compare (Clopper & Pearson 1934, one-sided)."""


@dataclass(frozen=True)
class Tail:
    """The picks that look most like one class: how many, and how many of them have the other label."""

    wrong: int
    size: int

    @property
    def share(self) -> float:
        """Of wrong labels."""
        return self.wrong / self.size


@dataclass(frozen=True)
class NoiseRates:
    """Shares of the picks that are truly GOOD, and truly BAD, whose label says the other."""

    good_to_bad: float
    bad_to_good: float

    @classmethod
    def of(cls, good: Tail, bad: Tail) -> "NoiseRates":
        """Read them off the tails, scaled so that their sum is `MOST` at most."""
        scale = min(1.0, MOST / max(good.share + bad.share, MOST))
        return cls(scale * good.share, scale * bad.share)


def estimate_noise_rates(probability: Float[np.ndarray, " n"], label: Int[np.ndarray, " n"]) -> NoiseRates:
    """Return both rates, their sum `MOST` at most.

    Noise within a class is taken to strike every pick alike: where it prefers picks that look like the other
    class the rates come out too low, as the surest ones are spared; of several entries that differ they are
    those of the soundest (see `entry_noise`). Where no picks are sure they come out too high. Errors of 0.01
    are usual with 4000 picks, 0.03 with 1000, 0.05 with 200 (two Gaussians 2 σ apart).

    Parameters
    ----------
    probability
        Of BAD, or anything that grows with it, from a network that did not learn from these labels.
    label
        GOOD or BAD, both among them.
    """
    return NoiseRates.of(*surest_tails(probability, label))


def surest_tails(probability: Float[np.ndarray, " n"], label: Int[np.ndarray, " n"]) -> tuple[Tail, Tail]:
    """Return the tail of those that look GOOD and of those that look BAD, given as for the rates."""
    return _tail(probability, label == BAD), _tail(-probability, label == GOOD)


def _tail(score: Float[np.ndarray, " n"], wrong: Bool[np.ndarray, " n"]) -> Tail:
    """Return the tail of the lowest scores in which the upper bound of the share of wrong labels is least."""
    order = np.argsort(score, kind="stable")
    size, count = np.arange(1, len(order) + 1), np.cumsum(wrong[order])
    whole = np.append(np.diff(score[order]) > 0, True)  # picks of one score stay together
    usable = whole & (size >= min(max(LEAST * len(order), FEWEST), len(order)))
    size, count = size[usable], count[usable]
    bound = np.where(count < size, beta.ppf(CONFIDENCE, count + 1, np.maximum(size - count, 1)), 1.0)
    best = int(np.argmin(bound))
    return Tail(int(count[best]), int(size[best]))
