"""A view continued beyond its edges, without a copy of the whole."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int


def mirrored(indices: Int[np.ndarray, " n"], count: int) -> Int[np.ndarray, " n"]:
    """Fold indices beyond 0 … count - 1 back inside, the first and last pixel being the mirrors."""
    if count == 1:
        return np.zeros_like(indices)
    folded: Int[np.ndarray, " n"] = np.abs((indices + count - 1) % (2 * count - 2) - count + 1)
    return folded


@dataclass(frozen=True)
class MirroredView:
    """A view whose rows and columns are mirrored at its edges."""

    array: Float32[np.ndarray, "h w"]

    def strip(self, *, top: int, height: int, left: int, width: int) -> Float32[np.ndarray, "height width"]:
        """Copy a rectangle that may begin and end outside the view."""
        rows = mirrored(np.arange(top, top + height), self.array.shape[0])
        columns = mirrored(np.arange(left, left + width), self.array.shape[1])
        return self.array[rows[:, None], columns[None, :]]
