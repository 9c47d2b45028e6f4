"""Figures of merit out of weighted histograms and confusions, for many resamples of micrographs at once."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float64

from benchmarks.labelled.tally import Tally
from cryoice.constants import CLASSES

ARTIFACTS = tuple(range(1, len(CLASSES)))
CLEAN, CRYSTALLINE = CLASSES.index("clean"), CLASSES.index("crystalline")
FOUND = 0.5
"""Share of its crystalline pixels called so from which a crystalline micrograph is found."""

Weights = Float64[np.ndarray, "draws micrographs"]
Values = Float64[np.ndarray, " draws"]
Figure = Callable[[Sequence[Tally], Weights], Values]
"""Of micrographs that count as often as the weights tell; NaN where there is none."""


def areas(
    positive: Float64[np.ndarray, "draws bins"], negative: Float64[np.ndarray, "draws bins"]
) -> tuple[Values, Values]:
    """Return AUROC, a tie counting one half, and average precision Σ (recall_k - recall_{k-1}) precision_k.

    Weight by bin of the score, low to high. NaN where a class has no weight (average precision: where
    there are no positives).
    """
    positive, negative = positive[:, ::-1], negative[:, ::-1]
    found, wrong = positive.cumsum(axis=1), negative.cumsum(axis=1)
    total, against = found[:, -1], wrong[:, -1]
    wins = (negative * (found - positive / 2)).sum(axis=1)
    precision = found / np.maximum(found + wrong, np.finfo(float).tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        return wins / (total * against), (positive * precision).sum(axis=1) / total


def ranking(
    tallies: Sequence[Tally], weights: Weights, *, scorer: str, truth: Sequence[int] = ARTIFACTS
) -> tuple[Values, Values]:
    """AUROC and average precision of a scorer: the classes ``truth`` against all else.

    NaN where the scorer could not be measured on every micrograph.
    """
    if not all(scorer in tally.histograms for tally in tallies):
        return np.full(len(weights), np.nan), np.full(len(weights), np.nan)
    histograms = np.stack([tally.histograms[scorer] for tally in tallies])
    positive = histograms[:, list(truth)].sum(axis=1)
    return areas(weights @ positive, weights @ (histograms.sum(axis=1) - positive))


def auroc(
    tallies: Sequence[Tally], weights: Weights, *, scorer: str, truth: Sequence[int] = ARTIFACTS
) -> Values:
    """Return the first of `ranking`."""
    return ranking(tallies, weights, scorer=scorer, truth=truth)[0]


def precision(
    tallies: Sequence[Tally], weights: Weights, *, scorer: str, truth: Sequence[int] = ARTIFACTS
) -> Values:
    """Return the second of `ranking`, average precision."""
    return ranking(tallies, weights, scorer=scorer, truth=truth)[1]


def lead(
    tallies: Sequence[Tally], weights: Weights, *, scorer: str, over: Sequence[str], truth: Sequence[int]
) -> Values:
    """Average precision of a scorer less the best of the scorers ``over`` that can be measured."""
    best = np.full(len(weights), -np.inf)
    for other in over:
        best = np.fmax(best, precision(tallies, weights, scorer=other, truth=truth))
    return precision(tallies, weights, scorer=scorer, truth=truth) - best


def overlap(tallies: Sequence[Tally], weights: Weights, *, values: Sequence[int]) -> Values:
    """Intersection over union of mask and truth, the classes of ``values`` taken as one."""
    confusion = _confusion(tallies, weights)
    both = confusion[:, values][:, :, values].sum(axis=(1, 2))
    either = confusion[:, values].sum(axis=(1, 2)) + confusion[:, :, values].sum(axis=(1, 2)) - both
    with np.errstate(divide="ignore", invalid="ignore"):
        return both / either


def flagged(tallies: Sequence[Tally], weights: Weights, *, truth: Sequence[int]) -> Values:
    """Share of the pixels of the classes ``truth`` that the mask calls an artifact."""
    confusion = _confusion(tallies, weights)[:, truth]
    with np.errstate(divide="ignore", invalid="ignore"):
        return confusion[:, :, 1:].sum(axis=(1, 2)) / confusion.sum(axis=(1, 2))


def called(
    tallies: Sequence[Tally], *, truth: int, values: Sequence[int]
) -> Float64[np.ndarray, " micrographs"]:
    """Share of each micrograph's pixels of the class ``truth`` that the mask calls one of ``values``.

    NaN where it has none of that class.
    """
    rows = np.stack([tally.confusion[truth] for tally in tallies])
    with np.errstate(invalid="ignore"):
        return rows[:, list(values)].sum(axis=1) / rows.sum(axis=1)


def median_flagged(tallies: Sequence[Tally], weights: Weights) -> Values:
    """Median over the micrographs of the share of their clean pixels that the mask calls an artifact."""
    share = called(tallies, truth=CLEAN, values=ARTIFACTS)
    order = np.argsort(share)[: np.isfinite(share).sum()]
    if not len(order):
        return np.full(len(weights), np.nan)
    passed = weights[:, order].cumsum(axis=1)
    half = passed[:, -1:] / 2
    below, above = (passed >= half).argmax(axis=1), (passed > half).argmax(axis=1)
    middle = (share[order][below] + share[order][above]) / 2
    return np.where(passed[:, -1] > 0, middle, np.nan)


def crystalline_found(tallies: Sequence[Tally], weights: Weights) -> Values:
    """Share of the micrographs with crystalline ice that are found (`FOUND`)."""
    return _mean(called(tallies, truth=CRYSTALLINE, values=[CRYSTALLINE]), weights, least=FOUND)


def crystalline_flagged(tallies: Sequence[Tally], weights: Weights) -> Values:
    """Share of the micrographs that are nothing but clean where the mask calls any pixel crystalline."""
    alone = [not any(tally.holds(value) for value in ARTIFACTS) for tally in tallies]
    share = np.where(alone, called(tallies, truth=CLEAN, values=[CRYSTALLINE]), np.nan)
    return _mean(share, weights, least=np.finfo(float).tiny)


def crystalline_most(tallies: Sequence[Tally], weights: Weights) -> Values:
    """Largest share of a micrograph's clean pixels, whatever else is on it, called crystalline."""
    share = called(tallies, truth=CLEAN, values=[CRYSTALLINE])
    known = np.isfinite(share)
    return np.where(weights[:, known] > 0, share[known], 0).max(axis=1, initial=0)


def _mean(share: Float64[np.ndarray, " micrographs"], weights: Weights, *, least: float) -> Values:
    known = np.isfinite(share)
    with np.errstate(invalid="ignore"):
        return weights[:, known] @ (share[known] >= least) / weights[:, known].sum(axis=1)


def _confusion(tallies: Sequence[Tally], weights: Weights) -> Float64[np.ndarray, "draws classes classes"]:
    return np.einsum("dm,mtv->dtv", weights, np.stack([tally.confusion for tally in tallies]))
