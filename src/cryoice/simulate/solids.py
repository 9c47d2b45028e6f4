"""Solid bodies in the beam: their thickness at the points of a grid."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

Rows = Float32[np.ndarray, " rows"]
Columns = Float32[np.ndarray, " columns"]
Thickness = Float32[np.ndarray, "rows columns"]

STEEPEST = 20.0
"""Rise over run of the steepest face: an upright one rises over a twentieth of its height."""


@dataclass(frozen=True)
class Drop:
    """An ellipsoid, cut off by the film where it touches it: sphere, cap or oval.

    Attributes
    ----------
    centre
        Å (row, column).
    axes, angle
        Semi-axes in the film's plane, Å; rad by which the first is turned from the rows.
    relief
        Semi-axis along the beam, Å.
    cover
        Height above the cut over the vertical semi-axis: 2 a whole ellipsoid, 1 a half.
    ripple, waves
        Å by which the outline is bent to and fro; (row, column) of their wavelengths in Å and phases.
    """

    centre: Float[np.ndarray, "2"]
    axes: tuple[float, float]
    angle: float
    relief: float
    cover: float = 2.0
    ripple: float = 0.0
    waves: tuple[tuple[float, float], tuple[float, float]] = ((1.0, 0.0), (1.0, 0.0))

    @property
    def height(self) -> float:
        """Thickness at the centre, Å."""
        return self.relief * self.cover

    @property
    def reach(self) -> float:
        """Å from the centre beyond which there is nothing: row and column each move by a ripple."""
        base = np.sqrt(self.cover * (2 - self.cover)) if self.cover < 1 else 1.0
        return float(base * max(self.axes) + np.sqrt(2) * self.ripple)

    def thickness(self, rows: Rows, columns: Columns) -> Thickness:
        """Thickness in Å at all pairs of positions in Å: 2√(r² - d²) of a sphere."""
        y, x = rows - np.float32(self.centre[0]), columns - np.float32(self.centre[1])
        bent_y, bent_x = (
            np.float32(self.ripple) * np.sin(np.float32(2 * np.pi / length) * along + np.float32(phase))
            for (length, phase), along in zip(self.waves, (y, x), strict=True)
        )
        cos, sin = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        first, second = (np.float32(1 / axis) for axis in self.axes)
        u = (first * (cos * y + sin * bent_y))[:, None] + first * (cos * bent_x + sin * x)
        v = (second * (cos * bent_y - sin * y))[:, None] + second * (cos * x - sin * bent_x)
        top = 1 - np.square(u, out=u) - np.square(v, out=v)
        np.sqrt(np.maximum(top, 0, out=top), out=top)
        bottom = np.maximum(-top, np.float32(1 - self.cover))
        return np.float32(self.relief) * np.maximum(top - bottom, 0)


@dataclass(frozen=True)
class Polyhedron:
    """A convex crystal: all points behind each of its faces.

    Attributes
    ----------
    centre
        Å (row, column).
    normals, distances
        Outward unit vectors (row, column, along the beam); Å from the centre to each face.
    reach
        Å from the centre beyond which there is nothing.
    flatness
        Share of its thickness that is left.
    """

    centre: Float[np.ndarray, "2"]
    normals: Float[np.ndarray, "faces 3"]
    distances: Float[np.ndarray, " faces"]
    reach: float
    flatness: float = 1.0

    @property
    def height(self) -> float:
        """Thickness in Å above the centre: between the nearest faces above and below."""
        rise = self._rise()
        above = self.distances / np.abs(rise)
        return float(self.flatness * (above[rise > 0].min() + above[rise < 0].min()))

    def _rise(self) -> Float[np.ndarray, " faces"]:
        return np.copysign(np.maximum(np.abs(self.normals[:, 2]), 1 / STEEPEST), self.normals[:, 2])

    def thickness(self, rows: Rows, columns: Columns) -> Thickness:
        """Thickness in Å at all pairs of positions in Å: lowest face above less highest below."""
        y, x = rows - np.float32(self.centre[0]), columns - np.float32(self.centre[1])
        rise = self._rise()
        slopes = (-self.normals[:, :2] / rise[:, None]).astype(np.float32)
        levels = (self.distances / rise).astype(np.float32)
        top = np.full((len(y), len(x)), np.inf, dtype=np.float32)
        bottom, plane = -top, np.empty_like(top)
        for up, (along_y, along_x), level in zip(rise > 0, slopes, levels, strict=True):
            np.add((along_y * y + level)[:, None], along_x * x, out=plane)
            if up:
                np.minimum(top, plane, out=top)
            else:
                np.maximum(bottom, plane, out=bottom)
        top -= bottom
        return np.multiply(np.maximum(top, 0, out=top), np.float32(self.flatness), out=top)


Solid = Drop | Polyhedron
