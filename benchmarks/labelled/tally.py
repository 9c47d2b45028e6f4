"""What of one micrograph the figures need: histograms of scores by true class, and a confusion matrix."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, Shaped, UInt8, UInt16
from scipy import ndimage

from benchmarks.labelled.data import LabelledMicrograph, on_map
from cryoice.constants import CLASSES, IGNORE
from cryoice.mask.score_map import SAMPLING, ScoreMap
from cryoice.signal.views import levelled, resampled_view

ANY = "any"
DARK, ROUGH = "dark blob", "local std"
BASELINES = (DARK, ROUGH)
BINS = 4096
_REACH = 6.0  # of arcsinh: ± 200

BLOB, HAZE, TEXTURE = 30.0, 400.0, 50.0
"""Å, standard deviations: brightness between the first two is a blob; the last is the reach of the std."""


@dataclass(frozen=True)
class Tally:
    """One micrograph, each of whose counted pixels has the same weight; they sum to 1.

    Attributes
    ----------
    histograms
        By scorer (`ANY`, artifact classes that the network tells, `BASELINES`): weight of each true
        class in each bin of the score, low to high.
    confusion
        Weight by true class and class in the mask.
    """

    source: str
    name: str
    histograms: dict[str, Float64[np.ndarray, "classes bins"]]
    confusion: Float64[np.ndarray, "classes classes"]


def tally(micrograph: LabelledMicrograph, scores: ScoreMap, mask: UInt16[np.ndarray, "h w"]) -> Tally | None:
    """Count the pixels that have a label and a score; None where there are none."""
    truth = truth_on_map(micrograph, mask.shape)
    counted = (truth != IGNORE) & (mask != IGNORE)
    if not counted.any():
        return None
    truth = truth[counted].astype(np.intp)
    columns = {name: values[counted] for name, values in baselines(micrograph).items()}
    columns[ANY] = logit(scores.score[counted])
    for name, probability in zip(scores.classes[1:], scores.probabilities[1:], strict=True):
        if name in CLASSES:
            columns[name] = logit(probability[counted])
    return Tally(
        source=micrograph.source,
        name=micrograph.name,
        histograms={name: _shares(truth, binned(values), BINS) for name, values in columns.items()},
        confusion=_shares(truth, mask[counted].astype(np.intp), len(CLASSES)),
    )


def truth_on_map(micrograph: LabelledMicrograph, shape: tuple[int, ...]) -> UInt8[np.ndarray, "h w"]:
    """Return the label at every pixel of a map."""
    height, width = micrograph.array.shape
    return on_map(micrograph.label, (shape[0], shape[1]), micrograph=(height, width))


def baselines(micrograph: LabelledMicrograph) -> dict[str, Float32[np.ndarray, "h w"]]:
    """Score every pixel of the map by how dark a blob it lies in, and by how much it varies around it."""
    view = resampled_view(levelled(micrograph.array), pixel_size=micrograph.pixel_size, target=SAMPLING)
    flat = view - _smooth(view, HAZE)
    variance = _smooth(flat**2, TEXTURE) - _smooth(flat, TEXTURE) ** 2
    return {DARK: -_smooth(flat, BLOB), ROUGH: np.sqrt(np.maximum(variance, 0))}


def logit(probability: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Spread probabilities, so that bins tell those near 0 and near 1 apart."""
    inside = np.clip(probability.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.log(inside / (1 - inside))


def binned(values: Shaped[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Return each value's bin; the bins are narrow around 0 and cover all numbers."""
    place = (np.arcsinh(values) + _REACH) * (BINS / (2 * _REACH))
    return np.clip(place, 0, BINS - 1).astype(np.intp)


def _smooth(view: Float32[np.ndarray, "h w"], deviation: float) -> Float32[np.ndarray, "h w"]:
    return ndimage.gaussian_filter(view, deviation / SAMPLING, mode="reflect")


def _shares(
    truth: Int[np.ndarray, " n"], value: Int[np.ndarray, " n"], number: int
) -> Float64[np.ndarray, "classes values"]:
    counts = np.bincount(truth * number + value, minlength=len(CLASSES) * number)
    return counts.reshape(len(CLASSES), number) / len(truth)
