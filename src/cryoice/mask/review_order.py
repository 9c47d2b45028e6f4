"""Which micrographs a reviewer had best look at: where much may be wrong, and unlike those seen before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

_REACH = 3.0
"""Standard deviations at which a feature is cut off: one micrograph alone must not set the scale."""

_NO_SPREAD = 1e-9


@dataclass(frozen=True)
class Ranked:
    """One micrograph of the order.

    Attributes
    ----------
    index
        Which one.
    score
        Its doubt times its distance from those before it.
    nearest
        Index of the one of them that is most like it; None of the first of all.
    """

    index: int
    score: float
    nearest: int | None


def doubt(score: Float[np.ndarray, "*any"]) -> float:
    """Return the share of the pixels that are expected to be wrong: the mean of min(p, 1 - p).

    Where the probabilities are right, the likelier of artifact and clean film is wrong that often:
    uncertainty sampling by the least confident, Settles, Active Learning Literature Survey, TR 1648,
    University of Wisconsin-Madison (2009), section 3.1. Entropy orders single pixels alike, but in a mean it
    weighs those of p = 0.01 four times as heavily, and nearly all film is such. NaN without any number.
    """
    finite = score[np.isfinite(score)]
    return float(np.minimum(finite, 1 - finite).mean(dtype=np.float64)) if finite.size else float("nan")


def deviations(columns: Float[np.ndarray, "n columns"]) -> Float64[np.ndarray, "n columns"]:
    """Return how many standard deviations each value lies from its column's mean, -3 to 3.

    0 where a value is not known, and in a column that is the same everywhere.
    """
    known = np.isfinite(columns)
    number = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, columns, 0).sum(axis=0) / number
    centred = np.where(known, columns - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / number)
    even = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > _NO_SPREAD)
    return np.clip(even, -_REACH, _REACH)


def joined(blocks: Sequence[Float64[np.ndarray, "n _"]]) -> Float64[np.ndarray, "n features"]:
    """Put blocks of columns side by side, so that each counts the same however many columns it has.

    The Euclidean distance of two rows is the root mean square of the differences, over columns, then blocks.
    """
    return np.concatenate([block / np.sqrt(block.shape[1] * len(blocks)) for block in blocks], axis=1)


def review_order(
    doubts: Float64[np.ndarray, " n"], features: Float64[np.ndarray, "n features"], chosen: Sequence[int]
) -> Iterator[Ranked]:
    """Yield micrographs one by one: each time that whose doubt times distance is the largest.

    The distance is that to the nearest one chosen before, as in the greedy k-centre choice of Sener &
    Savarese, Active Learning for Convolutional Neural Networks: A Core-Set Approach, arXiv:1708.00489 (2018),
    algorithm 1; while nothing is chosen it is 1. Of equals the one of more doubt comes first, then the first.

    Parameters
    ----------
    doubts
        0 or more.
    features
        A row a micrograph; Euclidean distances count.
    chosen
        Indices of micrographs that were reviewed; they are not yielded.
    """
    distance = np.full(len(doubts), np.inf)
    nearest = np.full(len(doubts), -1)
    free = np.ones(len(doubts), dtype=bool)

    def choose(index: int) -> None:
        away = np.linalg.norm(features - features[index], axis=1)
        nearest[away < distance] = index
        np.minimum(distance, away, out=distance)
        free[index] = False

    for index in chosen:
        choose(index)
    while free.any():
        worth = doubts * np.where(np.isfinite(distance), distance, 1.0)
        best = max(np.flatnonzero(free), key=lambda index: (worth[index], doubts[index]))
        before = int(nearest[best])
        yield Ranked(int(best), float(worth[best]), before if before >= 0 else None)
        choose(int(best))
