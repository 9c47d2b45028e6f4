"""The grid on which the wave is computed, and smooth random fields on it."""

from dataclasses import dataclass
from math import ceil

import numpy as np
import scipy.fft
import scipy.sparse
from jaxtyping import Bool, Float, Float32, UInt16

COARSEST = 0.8
"""Å/px up to which the pixels of a finer micrograph are joined for the wave: Nyquist stays at 1.6 Å."""
MARGIN = 100.0
"""Å around the micrograph that take the defocus fringes of the grid's periodic edges."""

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
    """

    shape: tuple[int, int]
    margin: int
    pixel: float
    scale: int
    size: tuple[int, int]

    @classmethod
    def around(cls, size: tuple[int, int], *, pixel_size: float) -> "Grid":
        """Lay a grid with margins over a micrograph of ``size`` px at ``pixel_size`` Å/px."""
        scale = max(1, int(COARSEST / pixel_size))
        pixel = scale * pixel_size
        margin = ceil(MARGIN / pixel)
        height, width = (scipy.fft.next_fast_len(ceil(side / scale) + 2 * margin, real=True) for side in size)
        return cls(shape=(height, width), margin=margin, pixel=pixel, scale=scale, size=size)

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width of the micrograph in Å."""
        return self.size[0] * self.pixel / self.scale, self.size[1] * self.pixel / self.scale

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
            np.rint(np.arange(side) / self.scale).astype(int) + self.margin for side in self.size
        )
        return mask[np.ix_(rows, columns)]


def smooth_field(grid: Grid, scale: float, rng: np.random.Generator) -> Float32[np.ndarray, "h w"]:
    """Gaussian random field of mean 0 and rms 1 whose bumps are about ``scale`` Å (σ) wide."""
    spacing = max(scale, grid.pixel)
    weights = [_interpolation(grid.axis(dimension), spacing) for dimension in (0, 1)]
    nodes = rng.standard_normal((weights[0].shape[1], weights[1].shape[1])).astype(np.float32)
    # sparse products: a threaded dense product may round differently on another number of cores
    values = weights[1] @ (weights[0] @ nodes).T
    return np.ascontiguousarray(values.T, dtype=np.float32)


def _interpolation(axis: Float32[np.ndarray, " n"], spacing: float) -> scipy.sparse.csr_array:
    """Gaussian weights of nodes ``spacing`` apart, of unit rms at every point."""
    reach = 3
    position = (axis - axis[0]) / spacing + reach
    nodes = np.arange(-reach, reach + 1) + np.rint(position).astype(int)[:, None]
    weights = np.exp(-0.5 * np.square(nodes - position[:, None]))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    rows = np.repeat(np.arange(len(axis)), nodes.shape[1])
    shape = (len(axis), int(nodes.max()) + 1)
    return scipy.sparse.csr_array((weights.astype(np.float32).ravel(), (rows, nodes.ravel())), shape=shape)
