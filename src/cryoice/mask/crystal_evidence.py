"""What the spectra tell of crystals, joined to what a network sees at 8 Å/px."""

import math

import numpy as np
from jaxtyping import Bool, Float32, Float64
from scipy.ndimage import label, maximum_filter

from cryoice.mask.interpolation import interpolated
from cryoice.signal.ice_map import IceMap
from cryoice.signal.ice_windows import WINDOW

CONTEXT, CONTEXT_AND_SPECTRUM = "context", "context+spectrum"
"""Views that a map was made of."""
CRYSTALLINE = "crystalline"

UNSEEN = 0.05
"""Assumed share of clean-looking film that is crystalline: up to 14 % of micrographs in use are."""
DIFFRACTING = 0.5
"""Chance that another artifact diffracts: 0.7 of round ice on the film does in `simulate`, no carbon does."""
MOST = 1e3
"""Largest Bayes factor: in one micrograph of so many, something that is no noise looks like a crystal."""
SEEN = 0.3
"""Probability of artifacts other than crystalline film from which the context sees one: masks grow so far."""
ACROSS = 100.0
"""Å: side of the square as large as the least blob that diffracts with the whole chance."""


def with_evidence(
    probabilities: Float32[np.ndarray, "classes h w"],
    classes: tuple[str, ...],
    ice: IceMap,
    *,
    pixel_size: tuple[float, float],
) -> Float32[np.ndarray, "classes h w"]:
    """Return the probabilities given the context, after the evidence of the spectra by Bayes' rule.

    Evidence e says that noise alone reaches it in a window with a chance of 10^-e, so that a micrograph of
    N windows reaches it somewhere with p = N·10^-e at most. That something diffracts there explains it
    better by a factor B, from 1 (nothing is learnt, nothing changes) to `MOST`: -1 / (e·p·ln p) where
    p < 1/e with Euler's e, else 1. That is an upper bound, not a measured likelihood ratio: the most that p
    can speak against noise alone if it is the rarer the larger it is (Beta(ξ, 1), ξ < 1; Sellke, Bayarri &
    Berger 2001, Am. Stat. 55:62). What each class makes of it:

    - ``crystalline`` diffracts: its weight rises by B;
    - other artifacts do with a chance d (`DIFFRACTING`), since ice crystals lie on the film and on carbon
      too: 1 - d + d·B. So blobs that the context is sure of stay what they are, within 1/d at most;
    - clean film does not. But crystals without contrast look clean: a share `UNSEEN` of it, times B - 1, goes
      to ``crystalline``.

    Weights then sum to 1 again: the probability of any artifact never falls. A window is larger than many
    an ice crystal and does not tell where in it one lies. Where it holds some of a blob of other artifacts
    (joined pixels above `SEEN`, A Å² in all), this diffracts with the chance d·a, a = min(1, A / `ACROSS`²),
    and that anything else does explains the spots better by no more than B / (1 + d·a·(B - 1)). Film around
    ice crystals stays clean, since that is 2 at most where a = 1; specks explain little, and crystalline
    film stays crystalline around them.

    Parameters
    ----------
    probabilities
        NaN where there are no data; stays so.
    classes
        Their names, clean first; without ``crystalline`` nothing changes.
    ice
        Of the same micrograph.
    pixel_size
        Å between rows and between columns of the probabilities.
    """
    if CRYSTALLINE not in classes:
        return probabilities
    index = classes.index(CRYSTALLINE)
    seen = 1 - probabilities[0] - probabilities[index] > SEEN
    factors = _bayes_factors(ice)
    factors /= 1 + DIFFRACTING * _blobs(seen, ice, pixel_size=pixel_size) * (factors - 1)
    logs = over_map(np.log(factors).astype(np.float32), ice, seen.shape, pixel_size=pixel_size)
    factor = np.exp(logs.astype(np.float64))
    weights = probabilities * (1 + DIFFRACTING * (factor - 1))
    weights[0] = probabilities[0]
    weights[index] = factor * probabilities[index] + UNSEEN * (factor - 1) * probabilities[0]
    return (weights / weights.sum(axis=0)).astype(np.float32)


def over_map(
    values: Float32[np.ndarray, "rows cols"],
    ice: IceMap,
    shape: tuple[int, ...],
    *,
    pixel_size: tuple[float, float],
) -> Float32[np.ndarray, "h w"]:
    """Interpolate what belongs to the windows at the pixels of a map, so that all maps lie on each other.

    ``pixel_size`` is that of the map of ``shape``, Å between rows and between columns.
    """
    rows, columns = (
        (np.arange(side) * step - origin) / spacing
        for side, step, origin, spacing in zip(shape, pixel_size, ice.origin, ice.pixel_size, strict=True)
    )
    return interpolated(values[None], rows=rows, columns=columns)[0]


def _bayes_factors(ice: IceMap) -> Float64[np.ndarray, "rows cols"]:
    """By how much, at most, crystals explain each window better than noise in one of as many."""
    logs = ice.values.astype(np.float64) - math.log10(ice.values.size)
    logs = np.maximum(logs, math.log10(math.e))
    logs -= np.log10(math.e * math.log(10) * logs)
    return 10 ** np.clip(logs, 0, math.log10(MOST))


def _blobs(
    marked: Bool[np.ndarray, "h w"], ice: IceMap, *, pixel_size: tuple[float, float]
) -> Float64[np.ndarray, "rows cols"]:
    """Area over `ACROSS`² of the largest blob of marked pixels that reaches into each window: 0 to 1."""
    size = [math.ceil(WINDOW / step) for step in pixel_size]
    blobs, _ = label(marked)
    areas = np.minimum(np.bincount(blobs.ravel()) * math.prod(pixel_size) / ACROSS**2, 1)
    areas[0] = 0
    spread = maximum_filter(areas[blobs], size=size, mode="constant")
    row, column = (
        np.clip(np.rint((origin + spacing * np.arange(count)) / step), 0, side - 1).astype(np.intp)
        for origin, spacing, count, step, side in zip(
            ice.origin, ice.pixel_size, ice.values.shape, pixel_size, marked.shape, strict=True
        )
    )
    return spread[np.ix_(row, column)]
