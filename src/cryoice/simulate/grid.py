"""The grid on which the wave is computed, and smooth random fields on it."""

from dataclasses import dataclass
from math import ceil

import numpy as np
import scipy.fft
import scipy.sparse
from jaxtyping import Bool, Float, Float32, UInt16

COARSEST = 0.8
"""Å/px up to which the pixels of a finer micrograph are joined for the wave: Nyquist stays at 1.6 Å."""
MARGIN = 200.0
"""Å around the micrograph that take the defocus fringes of the grid's periodic edges."""

LAYOUT = 8.0
"""Å/px of the grid on which particles and picks are placed, whatever the micrograph's pixels."""
_PER_BUMP = 8
"""Points per σ of a smooth field between which it is interpolated linearly: an error of 0.2 %."""

Window = tuple[slice, slice]
WHOLE: Window = (slice(None), slice(None))


@dataclass(frozen=True)
class Grid:
    """Pixels on which the wave is computed; positions are Å from the micrograph's first pixel.

    Attributes
    ----------
    shape, margin, pixel
        px, px on the top and left, Å/px of the wave.
    scale
        Pixels of the micrograph along one pixel of the wave.
    size
        Height and width of the micrograph in its own px.
    extent
        Height and width of the micrograph in Å.
    """

    shape: tuple[int, int]
    margin: int
    pixel: float
    scale: int
    size: tuple[int, int]
    extent: tuple[float, float]

    @classmethod
    def around(cls, size: tuple[int, int], *, pixel_size: float) -> "Grid":
        """Lay a grid with margins over a micrograph of ``size`` px at ``pixel_size`` Å/px."""
        scale = max(1, int(COARSEST / pixel_size))
        pixel = scale * pixel_size
        margin = ceil(MARGIN / pixel)
        height, width = (scipy.fft.next_fast_len(ceil(side / scale) + 2 * margin, real=True) for side in size)
        extent = (size[0] * pixel_size, size[1] * pixel_size)
        return cls((height, width), margin=margin, pixel=pixel, scale=scale, size=size, extent=extent)

    def layout(self) -> "Grid":
        """Grid of `LAYOUT` Å/px over the same field: what lies where is decided on it."""
        margin = ceil(MARGIN / LAYOUT)
        height, width = (ceil(side / LAYOUT) for side in self.extent)
        shape = (height + 2 * margin, width + 2 * margin)
        return Grid(shape, margin=margin, pixel=LAYOUT, scale=1, size=(height, width), extent=self.extent)

    def axis(self, dimension: int, inside: slice = slice(None)) -> Float32[np.ndarray, " n"]:
        """Positions in Å along a dimension."""
        return ((np.arange(self.shape[dimension])[inside] - self.margin) * self.pixel).astype(np.float32)

    def window(self, centre: Float[np.ndarray, "2"], radius: float) -> Window:
        """Slices of the square of half side ``radius`` Å, as far as it lies on the grid."""
        low = np.floor((centre - radius) / self.pixel).astype(int) + self.margin
        high = np.ceil((centre + radius) / self.pixel).astype(int) + self.margin + 1
        rows, columns = (
            slice(int(np.clip(a, 0, n)), int(np.clip(b, 0, n)))
            for a, b, n in zip(low, high, self.shape, strict=True)
        )
        return rows, columns

    def inside(self, positions: Float[np.ndarray, "n 2"], *, border: float) -> Bool[np.ndarray, " n"]:
        """Tell which positions in Å lie ``border`` Å or more within the micrograph."""
        return np.all((positions >= border) & (positions < np.array(self.extent) - border), axis=1)

    def crop(self, array: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "height width"]:
        """Cut the micrograph out of an array at the micrograph's own pixels."""
        start = self.margin * self.scale
        return array[start : start + self.size[0], start : start + self.size[1]]

    def labels(self, mask: UInt16[np.ndarray, "h w"]) -> UInt16[np.ndarray, "height width"]:
        """Class of every pixel of the micrograph: that of the nearest pixel of the wave."""
        rows, columns = (
            np.floor(np.arange(side) / self.scale + 0.5).astype(int) + self.margin for side in self.size
        )
        return mask[np.ix_(rows, columns)]


def smooth_field(
    grid: Grid, scale: float, rng: np.random.Generator, window: Window = WHOLE
) -> Float32[np.ndarray, "rows columns"]:
    """Gaussian random field of mean 0 and rms 1 whose bumps are about ``scale`` Å (σ) wide.

    What is drawn depends on ``scale`` and the extent in Å alone: the field is the same on every
    grid over the same micrograph and in every window. Pixels wider than the bumps average them.
    """
    numbers = [ceil((side + 2 * MARGIN) / scale) + 1 for side in grid.extent]
    nodes = rng.standard_normal(numbers, dtype=np.float32)
    (smooth_rows, fine_rows), (smooth_columns, fine_columns) = (
        _weights(grid.axis(dimension, window[dimension]), scale, pixel=grid.pixel, nodes=numbers[dimension])
        for dimension in (0, 1)
    )
    # sparse products: a threaded dense product may round differently on another number of cores
    coarse = (smooth_columns @ (smooth_rows @ nodes).T).T
    return fine_rows @ np.ascontiguousarray((fine_columns @ np.ascontiguousarray(coarse.T)).T)


def _weights(
    axis: Float32[np.ndarray, " n"], scale: float, *, pixel: float, nodes: int
) -> tuple[scipy.sparse.csr_array, scipy.sparse.csr_array]:
    """Gaussian weights of the nodes at a few positions, and linear weights of these along ``axis``."""
    spacing = max(scale / _PER_BUMP, pixel)
    number = ceil((axis[-1] - axis[0]) / spacing) + 1 if len(axis) else 0
    few = axis[0] + spacing * np.arange(number + 1) if number else np.empty(0)
    position = (axis - axis[0]).astype(np.float64) / spacing if number else np.empty(0)
    left = np.minimum(position.astype(int), number - 1)
    part = position - left
    linear = _rows(np.stack([left, left + 1], axis=1), np.stack([1 - part, part], axis=1), number + 1)
    return _gaussian(few, scale, pixel=pixel, nodes=nodes), linear


def _gaussian(
    axis: Float[np.ndarray, " n"], scale: float, *, pixel: float, nodes: int
) -> scipy.sparse.csr_array:
    """Weights of nodes ``scale`` apart, periodic beyond the last; rms 1 but for the pixel's average."""
    width = float(np.sqrt(1 + (pixel / scale) ** 2 / 12))  # σ of bump and pixel, in nodes
    reach = ceil(3 * width)
    position = (axis + MARGIN) / scale
    near = np.arange(-reach, reach + 1) + np.rint(position).astype(int)[:, None]
    weights = np.exp(-0.5 * np.square((near - position[:, None]) / width))
    # Σ exp(-k²) over whole k is √π: the rms of fine pixels becomes 1
    return _rows(near % nodes, weights / (width * np.pi**0.25), nodes)


def _rows(columns: np.ndarray, weights: np.ndarray, width: int) -> scipy.sparse.csr_array:
    """Matrix whose row i holds ``weights[i]`` at ``columns[i]``."""
    height, each = columns.shape
    starts = np.arange(0, height * each + 1, each)
    entries = (weights.astype(np.float32).ravel(), columns.ravel(), starts)
    return scipy.sparse.csr_array(entries, shape=(height, width))
