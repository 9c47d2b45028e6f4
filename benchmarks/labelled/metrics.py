"""Figures of merit out of weighted histograms, for many resamples of micrographs at once."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float64

from benchmarks.labelled.tally import Tally
from cryoice.constants import CLASSES

DRAWS = 1000
_LEVEL = 95.0

Weights = Float64[np.ndarray, "draws micrographs"]
Figure = Float64[np.ndarray, " draws"]


def areas(
    positive: Float64[np.ndarray, "draws bins"], negative: Float64[np.ndarray, "draws bins"]
) -> tuple[Figure, Figure]:
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


def ranking(tallies: Sequence[Tally], weights: Weights, *, scorer: str) -> tuple[Figure, Figure]:
    """AUROC and average precision of a scorer: of its class against all else, or of any artifact."""
    histograms = np.stack([tally.histograms[scorer] for tally in tallies])
    own = [CLASSES.index(scorer)] if scorer in CLASSES else list(range(1, len(CLASSES)))
    positive = histograms[:, own].sum(axis=1)
    return areas(weights @ positive, weights @ (histograms.sum(axis=1) - positive))


def overlap(tallies: Sequence[Tally], weights: Weights, *, values: Sequence[int]) -> Figure:
    """Intersection over union of mask and truth, the classes of ``values`` taken as one."""
    confusion = _confusion(tallies, weights)
    both = confusion[:, values][:, :, values].sum(axis=(1, 2))
    either = confusion[:, values].sum(axis=(1, 2)) + confusion[:, :, values].sum(axis=(1, 2)) - both
    with np.errstate(divide="ignore", invalid="ignore"):
        return both / either


def flagged(tallies: Sequence[Tally], weights: Weights, *, truth: Sequence[int]) -> Figure:
    """Share of the pixels of the classes ``truth`` that the mask calls an artifact."""
    confusion = _confusion(tallies, weights)[:, truth]
    with np.errstate(divide="ignore", invalid="ignore"):
        return confusion[:, :, 1:].sum(axis=(1, 2)) / confusion.sum(axis=(1, 2))


def resamples(tallies: Sequence[Tally], *, seed: int = 0) -> Weights:
    """How often each micrograph is drawn; micrographs of a source are drawn among themselves."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((DRAWS, len(tallies)))
    sources = np.array([tally.source for tally in tallies])
    for source in np.unique(sources):
        own = np.flatnonzero(sources == source)
        weights[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=DRAWS)
    return weights


def with_interval(
    figure: Callable[[Sequence[Tally], Weights], Figure], tallies: Sequence[Tally]
) -> tuple[float, float, float]:
    """Value on all micrographs, and the interval that holds 95 % of the resamples that have one.

    One micrograph has none: NaN.
    """
    value = float(figure(tallies, np.ones((1, len(tallies))))[0])
    spread = np.isfinite(value) and len(tallies) > 1
    drawn = figure(tallies, resamples(tallies)) if spread else np.array([])
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return value, np.nan, np.nan
    low, high = np.percentile(drawn, [50 - _LEVEL / 2, 50 + _LEVEL / 2])
    return value, float(low), float(high)


def holds(tally: Tally, value: int) -> bool:
    """Whether the truth of a micrograph has a class."""
    return bool(tally.confusion[value].any())


def _confusion(tallies: Sequence[Tally], weights: Weights) -> Float64[np.ndarray, "draws classes classes"]:
    return np.einsum("dm,mtv->dtv", weights, np.stack([tally.confusion for tally in tallies]))
