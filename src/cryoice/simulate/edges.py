"""Ragged edges of holes, and what the grid can carry of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from math import ceil

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.grid import Grid, Window
from cryoice.simulate.materials import Material
from cryoice.simulate.optics import interaction_constant

_TILE = 128
"""Pixels along a tile: its arrays stay in the processor's cache, and few tiles hold an edge."""
STRAIGHT = 2e5
"""Å, radius of an edge that looks straight: it bends by 10 Å over 4000 Å."""
_STEEPEST = 2.0
"""Phase in rad from one pixel to the next that a wave still carries; beyond π it would alias."""
FAR = 1e6
"""Å, stands for any distance beyond reach."""
_PERIOD = 6e4
"""Å, length after which an edge's raggedness may come again: longer than a field of view."""
_BAND = 2.0
"""Widest bump, in units of which the distance from a ragged edge turns into that from its circle."""
_SAMPLES = 32
"""Points along each side of the field by which a covered share is measured."""


@dataclass(frozen=True)
class RaggedCircle:
    """Round edge: centre and radius in Å; Å by which evenly spaced points of it lie further out.

    The bumps come round ``turns`` times.
    """

    centre: Float[np.ndarray, "2"]
    radius: float
    bumps: Float32[np.ndarray, " n"]
    turns: int

    @classmethod
    def around(
        cls,
        centre: Float[np.ndarray, "2"],
        radius: float,
        waves: tuple[tuple[float, float], ...],
        rng: np.random.Generator,
    ) -> "RaggedCircle":
        """Draw the raggedness from waves of (Å rms, Å between their random points)."""
        turns = ceil(2 * np.pi * radius / _PERIOD)
        length = 2 * np.pi * radius / turns
        along = np.linspace(0, 1, 2 * ceil(length / min(spacing for _, spacing in waves)), endpoint=False)
        bumps = np.zeros(len(along))
        for rms, spacing in waves:
            heights = rng.standard_normal(max(4, ceil(length / spacing)))
            position = along * len(heights)
            # between two random points the mean square is 2/3 of theirs
            heights = np.sqrt(1.5) * rms * np.append(heights, heights[0])
            bumps += np.interp(position, np.arange(len(heights)), heights)
        return cls(centre, radius, bumps=bumps.astype(np.float32), turns=turns)

    @property
    def margin(self) -> float:
        """Widest bump, Å."""
        return float(np.abs(self.bumps).max())

    def beyond(
        self, rows: Float32[np.ndarray, " h"], columns: Float32[np.ndarray, " w"]
    ) -> Float32[np.ndarray, "h w"]:
        """Å by which positions lie outside the edge, negative inside."""
        y, x = rows - np.float32(self.centre[0]), columns - np.float32(self.centre[1])
        distance = np.hypot(y[:, None], x[None])
        distance -= np.float32(self.radius)
        band = np.float32(_BAND * self.margin)
        near = np.nonzero(np.abs(distance) < band)
        along = np.arctan2(y[near[0]], x[near[1]]) * np.float32(0.5 / np.pi * self.turns) % 1
        bumps = self.bumps[(along * np.float32(len(self.bumps))).astype(np.int32) % len(self.bumps)]
        distance[near] -= bumps * (1 - np.abs(distance[near]) / band)
        return distance


def centre_covering(
    extent: tuple[float, float], *, radius: float, share: float, angle: float
) -> Float[np.ndarray, "2"]:
    """Centre in Å of a hole beyond which ``share`` of the field lies in the direction ``angle``.

    A hole that leaves more than that around itself is put in the middle.
    """
    size = np.array(extent)
    points = np.stack(np.meshgrid(*(side * (np.arange(_SAMPLES) + 0.5) / _SAMPLES for side in size)), axis=-1)
    direction = np.array([np.sin(angle), np.cos(angle)])
    low, high = 0.0, radius + float(np.hypot(*size))
    for _ in range(16):
        middle = 0.5 * (low + high)
        outside = np.linalg.norm(points - (size / 2 - middle * direction), axis=-1) > radius
        low, high = (middle, high) if outside.mean() < share else (low, middle)
    return size / 2 - low * direction


def square_lattice(
    extent: tuple[float, float], radius: float, *, pitch: float, angle: float, rng: np.random.Generator
) -> list[Float[np.ndarray, "2"]]:
    """Centres in Å of the holes of a square lattice that reach into the field, or of the nearest one."""
    half = 0.5 * float(np.hypot(*extent)) + radius
    reach = ceil(half / pitch) + 1
    steps = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), axis=-1).reshape(-1, 2)
    nodes = pitch * (steps + rng.random(2))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    offsets = nodes[:, :1] * turn[0] + nodes[:, 1:] * turn[1]
    distance = np.linalg.norm(offsets, axis=1)
    return list(offsets[distance <= max(half, distance.min())] + 0.5 * np.array(extent))


def beyond_all(
    holes: list[RaggedCircle], grid: Grid, *, reach: float
) -> Iterator[tuple[Window, Float32[np.ndarray, "h w"]]]:
    """Yield windows that together cover the grid, and the Å by which they lie outside all holes.

    Where all of a window lies further than ``reach`` Å from any edge it gives `FAR`, or -`FAR`
    inside a hole, as an array of one pixel.
    """
    for window in _tiles(grid):
        rows, columns = (grid.axis(k, window[k]) for k in (0, 1))
        middle = np.array([rows[0] + rows[-1], columns[0] + columns[-1]]) / 2
        half = 0.5 * float(np.hypot(rows[-1] - rows[0], columns[-1] - columns[0]))
        outside = [float(np.hypot(*(hole.centre - middle))) - hole.radius for hole in holes]
        margin = max(hole.margin for hole in holes)
        if abs(min(outside)) > half + reach + _BAND * margin:
            yield window, np.full((1, 1), np.copysign(FAR, min(outside)), dtype=np.float32)
            continue
        # no other hole can be the nearest anywhere in the window
        limit = min(outside) + 2 * half + 2 * margin
        near = [hole for hole, far in zip(holes, outside, strict=True) if far <= limit]
        yield window, reduce(np.minimum, [hole.beyond(rows, columns) for hole in near])


def _tiles(grid: Grid) -> Iterator[Window]:
    height, width = grid.shape
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            yield slice(top, min(top + _TILE, height)), slice(left, min(left + _TILE, width))


def hump(distance: Float32[np.ndarray, "..."], width: float) -> Float32[np.ndarray, "..."]:
    """Smooth hump (1 - d²/w²)² of height 1 about an edge, 0 from ``width`` Å on."""
    return np.square(np.maximum(1 - np.square(distance * np.float32(1 / width)), 0))


def edge_width(drawn: float, thickness: float, material: Material, *, voltage: float, pixel: float) -> float:
    """Å over which a thickness in Å may rise: ``drawn``, or more where coarse pixels would alias."""
    phase = interaction_constant(voltage) * material.potential * thickness
    return max(drawn, pixel, phase * pixel / _STEEPEST)
