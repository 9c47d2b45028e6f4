"""Soft protein models: clouds of scattering points assembled with symmetry."""

import zlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, "_ 3"]

POINT_VOLUME = 200.0
"""Å³ of protein behind each point: about 6 Å between neighbours."""


def _ball(
    rng: np.random.Generator, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> Points:
    """Fill an ellipsoid evenly, one point for each `POINT_VOLUME`."""
    number = max(1, round(4 / 3 * np.pi * float(np.prod(radii)) / POINT_VOLUME))
    directions = rng.standard_normal((number, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.array(centre) + directions * np.cbrt(rng.random((number, 1))) * np.array(radii)


def _cyclic(points: Points, order: int) -> Points:
    """Set copies about the z axis."""
    angles = 2 * np.pi * np.arange(order) / order
    x, y, z = points.T
    turned = [
        np.stack([c * x - s * y, s * x + c * y, z], axis=1)
        for c, s in zip(np.cos(angles), np.sin(angles), strict=True)
    ]
    return np.concatenate(turned)


def _dihedral(points: Points, order: int) -> Points:
    """Set copies about the z axis, and turned over about the x axis."""
    return _cyclic(np.concatenate([points, points * np.array([1.0, -1.0, -1.0])]), order)


def _globular(rng: np.random.Generator) -> Points:
    """C2 dimer of three-domain subunits, 90 Å across."""
    subunit = [
        _ball(rng, (21, 2, -8), (22, 19, 18)),
        _ball(rng, (14, 18, 16), (15, 14, 16)),
        _ball(rng, (28, -16, 14), (14, 13, 12)),
    ]
    return _cyclic(np.concatenate(subunit), 2)


def _ring(rng: np.random.Generator) -> Points:
    """D7 double ring with an open channel, 150 Å across and 140 Å high."""
    subunit = [
        _ball(rng, (47, 0, 15), (20, 23, 18)),
        _ball(rng, (52, 6, 42), (21, 23, 17)),
        _ball(rng, (42, -8, 59), (18, 17, 11)),
    ]
    return _dihedral(np.concatenate(subunit), 7)


def _rod(rng: np.random.Generator) -> Points:
    """D2 elongated complex with two lobed ends, 240 Å long."""
    subunit = [
        _ball(rng, (17, 10, 22), (26, 22, 28)),
        _ball(rng, (20, -6, 62), (27, 25, 27)),
        _ball(rng, (24, 14, 95), (29, 26, 24)),
    ]
    return _dihedral(np.concatenate(subunit), 2)


_BUILDERS: dict[str, tuple[float, Callable[[np.random.Generator], Points]]] = {
    "globular": (90.0, _globular),
    "ring": (150.0, _ring),
    "rod": (240.0, _rod),
}

PROTEINS = tuple(_BUILDERS)
"""Names of the proteins that can be simulated."""


def protein_diameter(name: str) -> float:
    """Longest extent in Å."""
    return _BUILDERS[name][0]


@lru_cache
def protein_points(name: str) -> Points:
    """Scattering points in Å about the centre; the same for every call."""
    points = _BUILDERS[name][1](np.random.default_rng(zlib.crc32(name.encode())))
    centred = points - points.mean(axis=0)
    centred.setflags(write=False)
    return centred


def random_rotation(rng: np.random.Generator) -> Float[np.ndarray, "3 3"]:
    """Rotation matrix, uniform over all orientations (Shoemake 1992, unit quaternions)."""
    w, x, y, z = (q := rng.standard_normal(4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
