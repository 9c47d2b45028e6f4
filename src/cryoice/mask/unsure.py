"""Probabilities too close to the threshold to say anything."""

import numpy as np
from jaxtyping import Bool, Float


def is_unsure(score: Float[np.ndarray, "*any"], band: tuple[float, float]) -> Bool[np.ndarray, "*any"]:
    """Mark the probabilities strictly between the two of a band; NaN is not marked."""
    return (score > band[0]) & (score < band[1])
