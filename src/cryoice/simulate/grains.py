"""Grains of a polycrystalline foil."""

from math import ceil

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.grid import MARGIN, Grid

GRAIN_PIXEL = 24.0
"""Å/px on which grains are laid out: their boundaries run obliquely through a foil and look as soft."""


def grain_field(grid: Grid, size: float, rng: np.random.Generator) -> Float32[np.ndarray, "h w"]:
    """Even random number from -1 to 1 for each Voronoi cell of points about ``size`` Å apart."""
    numbers = [ceil((side + 2 * MARGIN) / size) + 4 for side in grid.extent]
    offsets = rng.random((2, *numbers), dtype=np.float32)
    values = rng.uniform(-1, 1, numbers).astype(np.float32)
    rows, columns = ((grid.axis(k) + np.float32(MARGIN)) / np.float32(size) + 2 for k in (0, 1))
    nearest = np.full(grid.shape, np.inf, dtype=np.float32)
    field = np.zeros(grid.shape, dtype=np.float32)
    for step in np.ndindex(3, 3):
        cells = np.ix_(*(axis.astype(int) - 1 + k for axis, k in zip((rows, columns), step, strict=True)))
        y, x = offsets[0][cells] + cells[0] - rows[:, None], offsets[1][cells] + cells[1] - columns
        distance = np.square(y) + np.square(x)
        closer = distance < nearest
        np.minimum(nearest, distance, out=nearest)
        np.copyto(field, values[cells], where=closer)
    return field
