"""Square patches around positions of a micrograph."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import map_coordinates


def fits(
    positions: Float[np.ndarray, "n 2"], shape: tuple[int, int], *, half: float
) -> Bool[np.ndarray, " n"]:
    """Mark positions (row, col) whose square of half side ``half`` px lies inside the micrograph."""
    upper = np.asarray(shape, dtype=float)
    return np.asarray(((positions >= half) & (positions <= upper - half)).all(axis=1))


def extract_patch(
    micrograph: np.ndarray, position: Sequence[float] | np.ndarray, *, side: int, scale: float = 1.0
) -> np.ndarray:
    """View the square of ``side`` px whose pixel ``(side // 2, side // 2)`` lies at ``position`` (row, col).

    ``scale`` is the patch's pixel size over the micrograph's: 1 cuts whole pixels at the rounded
    position, less than 1 interpolates with cubic splines. The square must fit the micrograph.

    Raises
    ------
    IndexError
        The square reaches beyond the micrograph.
    """
    if scale == 1.0:
        top, left = (round(float(centre)) - side // 2 for centre in position)
        patch = micrograph[max(top, 0) : top + side, max(left, 0) : left + side]
        if patch.shape != (side, side):
            raise IndexError(f"a patch of {side} px at {position} leaves the micrograph {micrograph.shape}")
        return patch
    return _interpolate(micrograph, position, side=side, scale=scale)


def _interpolate(
    micrograph: np.ndarray, position: Sequence[float] | np.ndarray, *, side: int, scale: float
) -> np.ndarray:
    offsets = (np.arange(side) - side // 2) * scale
    rows, cols = position[0] + offsets, position[1] + offsets
    if (
        min(rows[0], cols[0]) < -0.5
        or rows[-1] > micrograph.shape[0] - 0.5
        or cols[-1] > micrograph.shape[1] - 0.5
    ):
        raise IndexError(f"a patch of {side} px at {position} leaves the micrograph {micrograph.shape}")
    margin = 6
    top, left = max(int(rows[0]) - margin, 0), max(int(cols[0]) - margin, 0)
    region = micrograph[top : int(rows[-1]) + margin, left : int(cols[-1]) + margin].astype(np.float32)
    grid = np.meshgrid(rows - top, cols - left, indexing="ij")
    patch: np.ndarray = map_coordinates(region, grid, order=3, mode="nearest", output=np.float32)
    return patch.astype(micrograph.dtype)
