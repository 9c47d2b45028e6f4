"""Slow fields: computed on a coarse grid, interpolated to a finer one."""

from math import ceil

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.grid import MARGIN, WHOLE, Grid, Window


def coarse_grid(grid: Grid, pixel: float) -> Grid:
    """Grid of ``pixel`` Å/px over the same field, whatever the pixels of ``grid``."""
    margin = ceil(MARGIN / pixel)
    height, width = (ceil(side / pixel) for side in grid.extent)
    shape = (height + 2 * margin, width + 2 * margin)
    return Grid(shape, margin=margin, pixel=pixel, scale=1, size=(height, width), extent=grid.extent)


def interpolated(
    field: Float32[np.ndarray, "a b"], coarse: Grid, grid: Grid, window: Window = WHOLE
) -> Float32[np.ndarray, "rows columns"]:
    """Values on ``grid`` of a field on ``coarse``, linear between its pixels, level beyond them."""
    for dimension in (1, 0):  # rows last: whole rows are added fastest
        position = grid.axis(dimension, window[dimension]) / np.float32(coarse.pixel) + coarse.margin
        position = np.clip(position, 0, field.shape[dimension] - 1)
        left = np.minimum(position.astype(np.int32), field.shape[dimension] - 2)
        part = (position - left).astype(np.float32)
        part = part[:, None] if dimension == 0 else part
        low = np.take(field, left, axis=dimension)
        field = np.take(field, left + 1, axis=dimension)
        field -= low
        field *= part
        field += low
    return field
