"""Grains of a crystalline film and where they meet Bragg's condition, on a coarse raster."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from jaxtyping import Bool, Float32, Int32
from scipy.ndimage import distance_transform_edt, find_objects

from cryoice.simulate.grid import Grid, Window, smooth_field
from cryoice.simulate.lattice import fringes

RASTER = 16.0
"""Å/px on which domains are drawn, whatever the micrograph's pixels: their features are wider."""

_WANDER = 60.0
"""Å rms by which a grain's boundary leaves a straight line, and over which (σ)."""
_STRIPES = 0.35
"""Depth of moiré stripes: the crystals overlie each other in part."""


def raster_over(grid: Grid) -> Grid:
    """Grid of `RASTER` Å/px over the same field."""
    height, width = (ceil(side / RASTER) for side in grid.extent)
    return Grid.around((height, width), pixel_size=RASTER)


def voronoi(raster: Grid, *, spacing: float, rng: np.random.Generator) -> Int32[np.ndarray, "h w"]:
    """Cells, numbered from 0, of random seeds about ``spacing`` Å apart, with wandering boundaries."""
    height, width = raster.shape
    number = max(1, round(height * width * (raster.pixel / spacing) ** 2))
    seeds = rng.integers(0, (height, width), size=(number, 2))
    cells = np.full(raster.shape, -1, dtype=np.int32)
    cells[seeds[:, 0], seeds[:, 1]] = np.arange(number)
    rows, columns = distance_transform_edt(cells < 0, return_distances=False, return_indices=True)
    moved = [
        np.clip(index + _WANDER / RASTER * smooth_field(raster, _WANDER, rng), 0, side - 1).astype(int)
        for index, side in zip(np.ogrid[:height, :width], raster.shape, strict=True)
    ]
    return cells[rows, columns][tuple(moved)]


def bragg_share(
    tilt: Float32[np.ndarray, "h w"], *, depth: float, level: float, width: float
) -> Float32[np.ndarray, "h w"]:
    """Share of the electrons that go aside: ``depth`` where the tilt is ±``level``, falling over ``width``.

    On a bent crystal these are bend contours, pairs of dark lines at a low ``level`` and lone
    patches at a high one; where the tilt steps it is one grain and not its neighbour.
    """
    off = (np.abs(tilt) - np.float32(level)) / np.float32(width)
    return np.float32(depth) * np.exp(np.float32(-0.5) * np.square(off))


def _fading(labels: Int32[np.ndarray, "h w"], softness: float) -> Float32[np.ndarray, "h w"]:
    """Rise from 0 to 1 within ``softness`` px (σ) of the labels' boundaries and the frame."""
    inner = np.zeros(labels.shape, dtype=bool)
    own = labels[1:-1, 1:-1]
    inner[1:-1, 1:-1] = (own == labels[:-2, 1:-1]) & (own == labels[1:-1, :-2])
    distance = distance_transform_edt(inner).astype(np.float32)
    return -np.expm1(np.float32(-0.5) * np.square(distance / np.float32(softness)))


@dataclass(frozen=True)
class Mottle:
    """Grains on a raster under a grid, the share of electrons sent aside and to which side."""

    grid: Grid
    raster: Grid
    cells: Int32[np.ndarray, "h w"]
    share: Float32[np.ndarray, "h w"]
    opposite: Bool[np.ndarray, "h w"]

    @classmethod
    def draw(
        cls,
        grid: Grid,
        *,
        grain: float,
        bend: float,
        steps: float,
        softness: float,
        depth: float,
        level: float,
        width: float,
        rng: np.random.Generator,
    ) -> "Mottle":
        """Draw grains about ``grain`` Å apart in a film bent over ``bend`` Å (σ).

        The tilt off the zone axis has rms 1, of whose variance the share ``steps`` lies between the
        grains; what they send aside fades within ``softness`` Å (σ) of their boundaries.
        ``depth``, ``level`` and ``width`` are those of `bragg_share`.
        """
        raster = raster_over(grid)
        cells = voronoi(raster, spacing=grain, rng=rng)
        tilts = np.float32(np.sqrt(steps)) * rng.standard_normal(int(cells.max()) + 1, dtype=np.float32)
        tilt = tilts[cells] + np.float32(np.sqrt(1 - steps)) * smooth_field(raster, bend, rng)
        share = bragg_share(tilt, depth=depth, level=level, width=width)
        share *= _fading(2 * cells + (tilt < 0), softness / RASTER)
        return cls(grid, raster, cells, share, tilt < 0)

    @property
    def grains(self) -> int:
        """Number of grains."""
        return int(self.cells.max()) + 1

    def pieces(
        self, labels: Int32[np.ndarray, "h w"], among: Bool[np.ndarray, " n"], window: Window
    ) -> Iterator[tuple[int, Window, Bool[np.ndarray, "rows columns"]]]:
        """Go through the wanted among the raster's ``labels`` as they lie in a window of the grid.

        Gives the label, its slices within the window and which of the pixels there are its own.
        """
        rows, columns = (
            np.clip(
                np.rint(self.grid.axis(k, window[k]) / RASTER).astype(int) + self.raster.margin, 0, side - 1
            )
            for k, side in enumerate(self.raster.shape)
        )
        for label, part in enumerate(find_objects(labels + 1)):
            if part is None or not among[label]:
                continue
            tall, wide = (
                slice(*np.searchsorted(index, (own.start, own.stop)).tolist())
                for index, own in zip((rows, columns), part, strict=True)
            )
            own = labels[rows[tall]][:, columns[wide]] == label
            if own.any():
                yield label, (tall, wide), own


def within(window: Window, part: Window) -> Window:
    """Slices on the grid of a part of a window."""
    rows, columns = (
        slice(whole.start + own.start, whole.start + own.stop)
        for whole, own in zip(window, part, strict=True)
    )
    return rows, columns


def stripe(
    aside: Float32[np.ndarray, "rows columns"],
    mottle: Mottle,
    window: Window,
    *,
    period: float,
    share: float,
    rng: np.random.Generator,
) -> None:
    """Cut what a ``share`` of the grains sends aside into moiré stripes, as two overlying crystals do."""
    striped, angles = rng.random(mottle.grains) < share, rng.uniform(0, np.pi, mottle.grains)
    depth, offset = np.array([_STRIPES]), np.array([0.0])
    for grain, part, own in mottle.pieces(mottle.cells, striped, window):
        across = np.array([[np.sin(angles[grain]), np.cos(angles[grain])]]) / period
        stripes = fringes(mottle.grid, within(window, part), across, amplitudes=depth, offsets=offset)
        aside[part] *= np.where(own, np.float32(1 - _STRIPES) + stripes, np.float32(1))
