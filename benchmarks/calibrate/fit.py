"""Temperature and biases that make the labels most likely."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, UInt8
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from cryoice.mask.calibration import BIASES, TEMPERATURES, Calibration

PULL = 0.003
"""Of the squared biases towards 0, in nats: of 0 to 1 the one that made sources left out likeliest.

A class whose pixels lie in one of n pictures drives its bias by at most 1/n: with 50 pictures the pull
alone stops it at 1/50 / (2 · 0.003) = 3.3.
"""

MOST = 20_000
"""Pixels of a picture that are fitted, evenly spread; neighbours tell the same."""

TINY = 1e-30
"""Probability below which logarithms stay the same."""

_DIGITS = 4


@dataclass(frozen=True)
class Picture:
    """The labelled pixels of one micrograph.

    Attributes
    ----------
    logits
        Before any calibration, up to a number a pixel.
    truth
        Index of the class.
    """

    source: str
    name: str
    logits: Float32[np.ndarray, "n classes"]
    truth: UInt8[np.ndarray, " n"]

    def probabilities(self, calibration: Calibration) -> Float64[np.ndarray, "n classes"]:
        """Return softmax(logits / temperature + bias)."""
        return softmax(self.logits / calibration.temperature + np.array(calibration.bias), axis=1)


def fit(pictures: Sequence[Picture], *, pull: float = PULL, shared: bool = False) -> Calibration:
    """Minimise the mean negative log-likelihood of the classes plus ``pull`` · Σ bias².

    Each picture's weights sum to the same. In (1/temperature, bias) the problem is convex: L-BFGS finds
    its one minimum. ``shared`` gives all artifacts one bias, which leaves the order of the pixels by
    P(any artifact) to the temperature: their gradients are averaged, so no step parts them. Values are
    rounded to 4 decimals.
    """
    steps = [-(-len(picture.truth) // MOST) for picture in pictures]
    parts = [(p.logits[::step], p.truth[::step]) for p, step in zip(pictures, steps, strict=True)]
    logits = np.concatenate([logits for logits, _ in parts]).astype(np.float64)
    truth = np.concatenate([truth for _, truth in parts]).astype(np.intp)
    weight = np.concatenate([np.full(len(truth), 1 / len(truth) / len(parts)) for _, truth in parts])
    rows = np.arange(len(truth))

    def loss(place: Float64[np.ndarray, " n"]) -> tuple[float, Float64[np.ndarray, " n"]]:
        scaled = place[0] * logits + place[1:]
        likely = log_softmax(scaled, axis=1)
        excess = np.exp(likely)
        excess[rows, truth] -= 1
        excess *= weight[:, None]
        slope = np.array([(excess * logits).sum(), *(excess.sum(axis=0) + 2 * pull * place[1:])])
        if shared:
            slope[2:] = slope[2:].mean()
        return float(-weight @ likely[rows, truth] + pull * place[1:] @ place[1:]), slope

    bounds = [(1 / TEMPERATURES[1], 1 / TEMPERATURES[0]), *[BIASES] * logits.shape[1]]
    start = np.array([1.0, *[0.0] * logits.shape[1]])
    place = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-10}).x
    return Calibration(
        round(float(1 / place[0]), _DIGITS), tuple(round(float(b), _DIGITS) for b in place[1:])
    )
