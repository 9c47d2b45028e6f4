"""Shapes of proteins: soft domains and the symmetries that join them."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, "_ 3"]

_GOLDEN = (1 + np.sqrt(5)) / 2
_SYMMETRIES = (*(f"C{n}" for n in range(1, 9)), *(f"D{n}" for n in range(2, 8)), "T", "O", "I")
_ONE_COPY = 150.0
"""Å that a single subunit may span; longer particles have several."""
_DOMAIN_RADIUS = (12.0, 30.0)
"""Å: domains of 10 to 80 kDa."""
_DENSITY = (0.6, 1.3)
"""Of a domain, as a share of usual protein: some are loose or only there in part."""
_FARTHEST = 4.0
"""Subunit radii at most between a subunit and the symmetry's centre."""


def ellipsoid(
    rng: np.random.Generator, centre: Float[np.ndarray, "3"], radii: Float[np.ndarray, "3"], number: int
) -> Points:
    """Fill an ellipsoid evenly with ``number`` points."""
    directions = rng.standard_normal((number, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return centre + directions * np.cbrt(rng.random((number, 1))) * radii


def arranged(points: Points, symmetry: str) -> Points:
    """Set copies of a subunit by a symmetry."""
    return np.concatenate([np.einsum("ij,kj->ki", turn, points) for turn in rotations(symmetry)])


@lru_cache
def rotations(symmetry: str) -> Float[np.ndarray, "order 3 3"]:
    """All rotations of C1, C2, ... about z, of D2, D3, ... turned over about x too, of T, O or I.

    The axes of the cubic groups are those of the cube (x, y, z); I has fivefold ones at (0, 1, golden ratio).
    """
    if symmetry[0] in "CD":
        generators = [_turn((0, 0, 1), int(symmetry[1:]))]
        generators += [_turn((1, 0, 0), 2)] if symmetry[0] == "D" else []
    else:
        about_z = {"T": 2, "O": 4, "I": 2}[symmetry]
        generators = [_turn((0, 0, 1), about_z), _turn((1, 1, 1), 3)]
        generators += [_turn((0, 1, _GOLDEN), 5)] if symmetry == "I" else []
    found = [np.eye(3)]
    for element in found:  # grows until every product is there
        for generator in generators:
            product = np.einsum("ij,jk->ik", generator, element)
            if not np.isclose(found, product, atol=1e-6).all(axis=(1, 2)).any():
                found.append(product)
    group = np.array(found)
    group.setflags(write=False)
    return group


def _turn(axis: tuple[float, float, float], order: int) -> Float[np.ndarray, "3 3"]:
    """Rotation by 360° / order about an axis (Rodrigues' formula)."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = 2 * np.pi / order
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.einsum("ij,jk->ik", cross, cross)


def random_oligomer(
    rng: np.random.Generator, *, extent: float, point_volume: float, most: int
) -> tuple[Points, float]:
    """Draw an oligomer of ``extent`` Å: its points and the volume in Å³ behind each.

    One to four domains in a row about random bends make a subunit, a random symmetry the whole.
    There are ``most`` points at most; the volume behind each grows beyond ``point_volume`` for it.
    """
    allowed = [name for name in _SYMMETRIES if len(rotations(name)) >= (extent / _ONE_COPY) ** 2]
    symmetry = allowed[int(rng.integers(len(allowed)))]
    centres, radii = _subunit(rng)
    centres = centres + _place_of_subunit(rng, symmetry, radius=_radius(centres, radii))
    reach = float((np.linalg.norm(centres, axis=1) + radii.mean(axis=1)).max())
    scale = 0.5 * extent / reach
    volumes = 4 / 3 * np.pi * np.prod(scale * radii, axis=1) * rng.uniform(*_DENSITY, len(radii))
    point_volume = max(point_volume, len(rotations(symmetry)) * volumes.sum() / most)
    numbers = np.maximum(1, np.rint(volumes / point_volume)).astype(int)
    domains = [
        ellipsoid(rng, scale * c, scale * r, int(n)) for c, r, n in zip(centres, radii, numbers, strict=True)
    ]
    points = arranged(np.concatenate(domains), symmetry)
    points -= points.mean(axis=0)
    fit = 0.5 * extent / float(np.linalg.norm(points, axis=1).max())
    return fit * points, fit**3 * point_volume


def _subunit(rng: np.random.Generator) -> tuple[Points, Points]:
    """Centres and radii of touching domains."""
    number = int(rng.integers(1, 5))
    radii = rng.uniform(*_DOMAIN_RADIUS, (number, 1)) * rng.uniform(0.7, 1.3, (number, 3))
    directions = rng.standard_normal((number, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    size = radii.mean(axis=1, keepdims=True)
    steps = 0.85 * (size + np.roll(size, 1, axis=0)) * directions
    steps[0] = 0
    centres = np.cumsum(steps, axis=0)
    return centres - centres.mean(axis=0), radii


def _radius(centres: Points, radii: Points) -> float:
    return float(np.sqrt(np.square(centres).sum(axis=1).mean()) + radii.mean())


def _place_of_subunit(rng: np.random.Generator, symmetry: str, *, radius: float) -> Float[np.ndarray, "3"]:
    """Where a subunit about touches its neighbours; the centre where it has none."""
    direction, contact = rng.standard_normal(3), radius * rng.uniform(1.1, 1.9)
    turns = rotations(symmetry)
    direction -= np.einsum("nij,j->i", turns, direction) / len(turns)  # off the only axis, if there is one
    direction /= max(float(np.linalg.norm(direction)), 1e-9)
    copies = np.einsum("nij,j->ni", turns[1:], direction)
    nearest = float(np.linalg.norm(copies - direction, axis=1).min(initial=2.0))
    return direction * min(contact / max(nearest, 1e-3), _FARTHEST * radius)
