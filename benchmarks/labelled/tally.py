"""What of one micrograph the figures need: histograms of scores by true class, and a confusion matrix."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, Shaped, UInt8, UInt16

from benchmarks.labelled.data import LabelledMicrograph, on_map
from cryoice.constants import CLASSES, IGNORE
from cryoice.mask.score_map import ScoreMap

ANY = "any"
BINS = 4096
_REACH = 6.0  # of arcsinh: ± 200


@dataclass(frozen=True)
class Tally:
    """One micrograph, each of whose counted pixels has the same weight; they sum to 1.

    Attributes
    ----------
    histograms
        By scorer (`ANY`, artifact classes that the network tells, baselines that can be measured): weight
        of each true class in each bin of the score, low to high.
    confusion
        Weight by true class and class in the mask.
    """

    source: str
    name: str
    histograms: dict[str, Float64[np.ndarray, "classes bins"]]
    confusion: Float64[np.ndarray, "classes classes"]

    @property
    def doubtful(self) -> bool:
        """Whether its labels are."""
        return self.source.endswith("(doubtful)")

    @property
    def simulated(self) -> bool:
        """Whether its labels are a simulation's truth."""
        return self.source.startswith("simulated:")

    def holds(self, value: int) -> bool:
        """Whether its truth has a class."""
        return bool(self.confusion[value].any())


def tally(
    micrograph: LabelledMicrograph,
    scores: ScoreMap,
    mask: UInt16[np.ndarray, "h w"],
    *,
    baselines: Mapping[str, Float32[np.ndarray, "h w"]] | None = None,
) -> Tally | None:
    """Count the pixels that have a label and a score; None where there are none."""
    truth = truth_on_map(micrograph, mask.shape)
    counted = (truth != IGNORE) & (mask != IGNORE)
    if not counted.any():
        return None
    truth = truth[counted].astype(np.intp)
    columns = {name: values[counted] for name, values in (baselines or {}).items()}
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


def logit(probability: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Spread probabilities, so that bins tell those near 0 and near 1 apart."""
    inside = np.clip(probability.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.log(inside / (1 - inside))


def binned(values: Shaped[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Return each value's bin; the bins are narrow around 0 and cover all numbers."""
    place = (np.arcsinh(values) + _REACH) * (BINS / (2 * _REACH))
    return np.clip(place, 0, BINS - 1).astype(np.intp)


def _shares(
    truth: Int[np.ndarray, " n"], value: Int[np.ndarray, " n"], number: int
) -> Float64[np.ndarray, "classes values"]:
    counts = np.bincount(truth * number + value, minlength=len(CLASSES) * number)
    return counts.reshape(len(CLASSES), number) / len(truth)
