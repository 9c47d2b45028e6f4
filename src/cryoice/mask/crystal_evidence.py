"""What the spectra tell of crystals, joined to what a network sees at 8 Å/px."""

import math

import numpy as np
from jaxtyping import Bool, Float32, Float64
from scipy.ndimage import maximum_filter

from cryoice.mask.interpolation import interpolated
from cryoice.signal.ice_map import IceMap
from cryoice.signal.ice_windows import WINDOW

CONTEXT, CONTEXT_AND_SPECTRUM = "context", "context+spectrum"
"""Views that a map was made of."""
CRYSTALLINE = "crystalline"

UNSEEN = 0.05
"""Share of clean-looking film that is crystalline all the same; up to 14 % of micrographs in use are."""
DIFFRACTING = 0.5
"""Chance that another artifact diffracts: 0.7 of round ice on the film does in `simulate`, no carbon does."""
MOST = 1e3
"""Largest Bayes factor: in one micrograph of so many, something that is no noise looks like a crystal."""
SEEN = 0.3
"""Probability of artifacts other than crystalline film from which the context sees one: masks grow so far."""


def with_evidence(
    probabilities: Float32[np.ndarray, "classes h w"],
    classes: tuple[str, ...],
    ice: IceMap,
    *,
    pixel_size: tuple[float, float],
) -> Float32[np.ndarray, "classes h w"]:
    """Return the probabilities given the context, after the evidence of the spectra by Bayes' rule.

    Evidence e says that noise alone reaches it in a window with a chance of 10^-e, so that a micrograph of
    N windows has E = N·10^-e such windows by chance. That something diffracts there explains it better by
    a factor B = 1/E, from 1 (nothing is learnt, nothing changes) to `MOST`. What each class makes of it:

    - ``crystalline`` diffracts: its weight rises by B;
    - other artifacts do with a chance d (`DIFFRACTING`), since ice crystals lie on the film and on carbon
      too: 1 - d + d·B. So blobs that the context is sure of stay what they are, within 1/d at most;
    - clean film does not. But crystals without contrast look clean: a share `UNSEEN` of it, times B - 1, goes
      to ``crystalline``.

    Weights then sum to 1 again: the probability of any artifact never falls. A window is larger than many
    an ice crystal and does not tell where in it one lies. Where another artifact is seen in one of its
    pixels (`SEEN`), this diffracts with the chance d, and that anything else does explains the spots
    better by no more than B / (1 + d·(B - 1)), 2 at most: film around a crystalline blob stays clean.

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
    factors /= 1 + DIFFRACTING * _reached(seen, ice, pixel_size=pixel_size) * (factors - 1)
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
    """By how much crystals explain each window better than noise in one of as many."""
    logs = ice.values.astype(np.float64) - math.log10(ice.values.size)
    return 10 ** np.clip(logs, 0, math.log10(MOST))


def _reached(
    marked: Bool[np.ndarray, "h w"], ice: IceMap, *, pixel_size: tuple[float, float]
) -> Float32[np.ndarray, "rows cols"]:
    """Tell which windows hold a marked pixel of the map: 1, others 0."""
    size = [math.ceil(WINDOW / step) for step in pixel_size]
    spread = maximum_filter(marked, size=size, mode="constant")
    row, column = (
        np.clip(np.rint((origin + spacing * np.arange(count)) / step), 0, side - 1).astype(np.intp)
        for origin, spacing, count, step, side in zip(
            ice.origin, ice.pixel_size, ice.values.shape, pixel_size, marked.shape, strict=True
        )
    )
    return spread[np.ix_(row, column)].astype(np.float32)
