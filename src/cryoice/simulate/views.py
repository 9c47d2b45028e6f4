"""Stamps: a few projections of a particle, drawn once and set at many places."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float, Float32, Int64
from scipy.special import ndtr

from cryoice.simulate.grid import Grid, Window

FLIP_ROWS, FLIP_COLUMNS, TRANSPOSE = 1, 2, 4
"""Bits of a symmetry of the square: first transposed, then flipped. There are eight.

Those that mirror show the wrong hand; a projection does not tell, as particles lie either face up.
"""
SYMMETRIES = 8

_NODE = 2.0
"""Å between the nodes that collect the points; well below the least softness."""
_TAIL = 3.5
"""Widths of a softened point's tail that are drawn (0.05 % lies beyond)."""


@dataclass(frozen=True)
class Stamps:
    """Projections on pixels, each at a few positions of its centre within the pixel.

    Attributes
    ----------
    array
        By view, part of a pixel down, row, part of a pixel across, column.
    """

    array: (
        Float32[np.ndarray, "views parts side parts side"] | Bool[np.ndarray, "views parts side parts side"]
    )

    @classmethod
    def of(
        cls,
        views: Float32[np.ndarray, "views n 2"],
        *,
        volume: float,
        softness: float,
        pixel: float,
        parts: int | None = None,
    ) -> "Stamps":
        """Draw views of points (row, column in Å about the centre), each of ``volume`` Å³, as Å.

        ``softness`` is the width (σ) in Å of a point.
        A pixel holds the average of the points over its area. ``parts`` of a pixel are
        told apart; by default so many that a centre lies within 1 Å of where it should.
        """
        parts = parts or max(1, ceil(pixel / _NODE))
        reach = ceil(float(np.abs(views).max(initial=0.0)) / _NODE)
        nodes = _collect(views, reach)
        spread = _spread(reach, softness=softness, pixel=pixel, parts=parts)
        scale = np.float32(volume / pixel**2)
        side = spread.shape[0] // parts
        array = np.empty((len(views), parts, side, parts, side), dtype=np.float32)
        for stamp, node in zip(array, nodes, strict=True):
            rows = spread @ (node * scale)
            stamp[...] = (spread @ np.ascontiguousarray(rows.T)).T.reshape(stamp.shape)
        return cls(array)

    def footprints(self, *, above: float, within: float) -> "Stamps":
        """Tell where the stamps lie ``above`` Å or ``within`` so many pixels of their centres."""
        half = (self.array.shape[2] - 1) / 2
        square = np.square(np.arange(self.array.shape[2]) - half)
        disc = square[:, None] + square < within**2
        return Stamps((self.array > above) | disc[:, None, :])

    def placed(
        self,
        grid: Grid,
        centres: Float[np.ndarray, "n 2"],
        *,
        views: Int64[np.ndarray, " n"],
        symmetries: Int64[np.ndarray, " n"],
    ) -> Iterator[tuple[Window, np.ndarray]]:
        """Yield where on the grid each copy's stamp lies and what of it lies there."""
        _, parts, side, _, _ = self.array.shape
        position = centres / grid.pixel + grid.margin
        pixel = np.rint(position)
        part = np.clip(((position - pixel + 0.5) * parts).astype(int), 0, parts - 1)
        corner = pixel.astype(int) - side // 2
        inside = np.flatnonzero(np.all((corner > -side) & (corner < grid.shape), axis=1))
        described = np.column_stack([views, symmetries, part, corner])[inside].tolist()
        for view, symmetry, down, across, top, left in described:
            stamp = self._turned(view, symmetry, down, across)
            rows = slice(max(top, 0), top + side)
            columns = slice(max(left, 0), left + side)
            cut = stamp[rows.start - top : grid.shape[0] - top, columns.start - left : grid.shape[1] - left]
            yield (rows, columns), cut

    def _turned(self, view: int, symmetry: int, down: int, across: int) -> np.ndarray:
        last = self.array.shape[1] - 1
        down = last - down if symmetry & FLIP_ROWS else down
        across = last - across if symmetry & FLIP_COLUMNS else across
        if symmetry & TRANSPOSE:
            stamp = self.array[view, across, :, down, :].T
        else:
            stamp = self.array[view, down, :, across, :]
        return stamp[:: -1 if symmetry & FLIP_ROWS else 1, :: -1 if symmetry & FLIP_COLUMNS else 1]


def _collect(views: Float32[np.ndarray, "views n 2"], reach: int) -> Float32[np.ndarray, "views side side"]:
    """Count the points at the nearest nodes."""
    side = 2 * reach + 1
    index = np.rint(views * np.float32(1 / _NODE)).astype(np.int32) + reach
    flat = index[..., 0] * side + index[..., 1]
    counts = [np.bincount(view, minlength=side * side) for view in flat]
    return np.array(counts, dtype=np.float32).reshape(len(views), side, side)


def _spread(reach: int, *, softness: float, pixel: float, parts: int) -> scipy.sparse.csr_array:
    """Weights of the nodes in pixels: a Gaussian averaged over each pixel, for each part of a pixel."""
    width = np.sqrt(softness**2 - _NODE**2 / 12)  # the nearest node has softened the points already
    half = ceil((reach * _NODE + _TAIL * width) / pixel + 0.5)
    shift = (np.arange(parts) + 0.5) / parts - 0.5
    place = (np.arange(-half, half + 1) - shift[:, None]).ravel() * pixel
    distance = place[:, None] - _NODE * np.arange(-reach, reach + 1)
    weight = ndtr((distance + pixel / 2) / width) - ndtr((distance - pixel / 2) / width)
    weight[np.abs(distance) > _TAIL * width + pixel / 2] = 0
    return scipy.sparse.csr_array(weight.astype(np.float32))


def random_rotations(rng: np.random.Generator, number: int) -> Float[np.ndarray, "number 3 3"]:
    """Rotation matrices, uniform over all orientations (Shoemake 1992, unit quaternions)."""
    quaternions = rng.standard_normal((number, 4))
    w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    entries = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(entries), 2, 0)


def projections(
    points: Float[np.ndarray, "n 3"], axes: Float[np.ndarray, "views rows 3"]
) -> Float32[np.ndarray, "views n 2"]:
    """Rows and columns in Å of turned points: the first two rows of each matrix."""
    cloud, turns = points.astype(np.float32), axes[:, :2].astype(np.float32)
    return np.stack(
        [sum(turns[:, k, i, None] * cloud[:, i] for i in range(3)) for k in (0, 1)], axis=2, dtype=np.float32
    )
