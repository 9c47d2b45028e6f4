"""Blobs of ice: drops, crystals, chains and heaps of a given size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from cryoice.simulate.grid import Grid, Window
from cryoice.simulate.solids import Drop, Polyhedron, Solid, Thickness

Centre = Float[np.ndarray, "2"]

_RIPPLE = 0.1
"""Largest bend of a drop's outline over its radius: lumpy, not noisy."""
_FLAT_FROM = 800.0
"""Å across from which blobs are flatter than wide, as the square root of their size."""


@dataclass(frozen=True)
class Blob:
    """Solids that touch; in a ``heap`` they lie over each other, else they have grown together."""

    solids: tuple[Solid, ...]
    heap: bool = False

    @property
    def height(self) -> float:
        """Thickness of the thickest solid, Å."""
        return float(max(solid.height for solid in self.solids))

    def thickness(self, grid: Grid) -> tuple[Window, Thickness]:
        """Window that holds the blob, as far as it lies on the grid, and its thickness in Å there."""
        windows = [grid.window(solid.centre, solid.reach) for solid in self.solids]
        rows, columns = (
            slice(min(window[k].start for window in windows), max(window[k].stop for window in windows))
            for k in (0, 1)
        )
        total = np.zeros((rows.stop - rows.start, columns.stop - columns.start), dtype=np.float32)
        join = np.add if self.heap else np.maximum
        for solid, (own_rows, own_columns) in zip(self.solids, windows, strict=True):
            part = total[
                own_rows.start - rows.start : own_rows.stop - rows.start,
                own_columns.start - columns.start : own_columns.stop - columns.start,
            ]
            join(part, solid.thickness(grid.axis(0, own_rows), grid.axis(1, own_columns)), out=part)
        return (rows, columns), total


Draw = Callable[[Centre, float, np.random.Generator], Blob]
"""Draws a blob of one shape about a centre, within a radius in Å."""


def _drop(
    centre: Centre, radius: float, rng: np.random.Generator, *, cover: float = 2.0, oval: float = 1.0
) -> Drop:
    """Lumpy drop within ``radius`` Å of ``centre``; ``oval`` is its short axis over its long one."""
    share = float(rng.uniform(0, _RIPPLE))
    base = np.sqrt(cover * (2 - cover)) if cover < 1 else 1.0
    axis = radius / (base + np.sqrt(2) * share)
    flatness = float(rng.uniform(0.6, 1)) * min(1.0, np.sqrt(0.5 * _FLAT_FROM / radius))
    (first, second), phases = axis * rng.uniform(1.2, 3, 2), rng.uniform(0, 2 * np.pi, 2)
    return Drop(
        centre=centre,
        axes=(axis, oval * axis),
        angle=float(rng.uniform(0, np.pi)),
        relief=flatness * np.sqrt(oval) * axis,
        cover=cover,
        ripple=share * axis,
        waves=((float(first), float(phases[0])), (float(second), float(phases[1]))),
    )


def _crystal(
    centre: Centre,
    radius: float,
    rng: np.random.Generator,
    *,
    normals: Float[np.ndarray, "faces 3"],
    distances: Float[np.ndarray, " faces"],
    tilt: float,
) -> Polyhedron:
    """Crystal whose third axis leans ``tilt`` rad from the beam, turned at random about both."""
    spin, turn = rng.uniform(0, 2 * np.pi, 2)
    return Polyhedron(
        centre=centre,
        normals=Rotation.from_euler("zxz", (spin, tilt, turn)).apply(normals),
        distances=distances,
        reach=radius,
        flatness=min(1.0, np.sqrt(0.5 * _FLAT_FROM / radius)),
    )


def _hexagonal(
    centre: Centre, radius: float, rng: np.random.Generator, *, aspect: float, tilt: float
) -> Polyhedron:
    """Hexagonal prism of height over width ``aspect`` within ``radius`` Å."""
    corner = radius / np.hypot(1, aspect)
    turns = np.pi / 3 * np.arange(6)
    sides = np.stack([np.sin(turns), np.cos(turns), np.zeros(6)], axis=1)
    normals = np.concatenate([sides, [[0, 0, 1.0], [0, 0, -1.0]]])
    apothems = np.sqrt(0.75) * corner * rng.uniform(0.8, 1, 6)  # of a regular hexagon times 0.8-1
    distances = np.append(apothems, 2 * [aspect * corner])
    return _crystal(centre, radius, rng, normals=normals, distances=distances, tilt=tilt)


def _block(centre: Centre, radius: float, rng: np.random.Generator) -> Polyhedron:
    """Cuboid within ``radius`` Å with corners and edges cut off by random faces."""
    sides = rng.uniform(0.45, 1, 3)
    sides *= radius / np.linalg.norm(sides)
    cuts = rng.standard_normal((int(rng.integers(6, 13)), 3))
    cuts /= np.linalg.norm(cuts, axis=1, keepdims=True)
    # a cut leaves 0.55-0.9 of the cuboid's extent in its direction
    depths = np.abs(cuts * sides).sum(axis=1) * rng.uniform(0.55, 0.9, len(cuts))
    normals = np.concatenate([np.eye(3), -np.eye(3), cuts])
    distances = np.concatenate([sides, sides, depths])
    return _crystal(
        centre, radius, rng, normals=normals, distances=distances, tilt=float(np.arccos(rng.uniform(-1, 1)))
    )


def _single(make: Callable[..., Solid], **ends: tuple[float, float]) -> Draw:
    """Blob of one solid whose shape is drawn between ``ends``."""

    def draw(centre: Centre, radius: float, rng: np.random.Generator) -> Blob:
        shape = {name: float(rng.uniform(*pair)) for name, pair in ends.items()}
        return Blob((make(centre, radius, rng, **shape),))

    return draw


def _gathered(
    places: Float[np.ndarray, "n 2"],
    radii: Float[np.ndarray, " n"],
    make: Callable[..., Solid],
    *,
    centre: Centre,
    radius: float,
    rng: np.random.Generator,
    heap: bool = False,
) -> Blob:
    """Solids within circles, shifted and scaled so that the farthest reaches ``radius`` Å."""
    places = places - places.mean(axis=0)
    scale = radius / float(np.max(np.linalg.norm(places, axis=1) + radii))
    solids = (make(centre + scale * at, scale * own, rng) for at, own in zip(places, radii, strict=True))
    return Blob(tuple(solids), heap=heap)


def _chain(centre: Centre, radius: float, rng: np.random.Generator) -> Blob:
    """Two to six drops grown together in a row that bends."""
    number = int(rng.integers(2, 7))
    radii, angles = rng.uniform(0.6, 1.2, number), np.cumsum(rng.normal(0, 0.6, number))
    angles += rng.uniform(0, 2 * np.pi)
    steps = 0.75 * (radii + np.roll(radii, 1))[:, None] * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return _gathered(np.cumsum(steps, axis=0), radii, _drop, centre=centre, radius=radius, rng=rng)


def _cluster(centre: Centre, radius: float, rng: np.random.Generator) -> Blob:
    """Raspberry-like heap of small drops."""
    number = int(rng.integers(6, 21))
    places = 1.2 * np.sqrt(number / 6) * rng.standard_normal((number, 2))
    radii = rng.uniform(0.7, 1.5, number)
    return _gathered(places, radii, _drop, centre=centre, radius=radius, rng=rng, heap=True)


def _intergrown(centre: Centre, radius: float, rng: np.random.Generator) -> Blob:
    """Two or three faceted crystals grown into each other: steps and notches."""
    number = int(rng.integers(2, 4))
    places, radii = 0.5 * rng.standard_normal((number, 2)), rng.uniform(0.6, 1.0, number)
    return _gathered(places, radii, _block, centre=centre, radius=radius, rng=rng)


_SHAPES: dict[str, tuple[float, bool, Draw]] = {
    "sphere": (0.2, False, _single(_drop)),
    "cap": (0.18, False, _single(_drop, cover=(0.4, 1.6), oval=(0.9, 1.0))),
    "oval": (0.18, False, _single(_drop, cover=(0.6, 2.0), oval=(0.5, 0.85))),
    "chain": (0.12, False, _chain),
    "cluster": (0.06, False, _cluster),
    "plate": (0.07, True, _single(_hexagonal, aspect=(0.15, 0.6), tilt=(0.0, 0.7))),
    "prism": (0.05, True, _single(_hexagonal, aspect=(0.8, 3.0), tilt=(0.9, 1.571))),
    "block": (0.09, True, _single(_block)),
    "intergrown": (0.05, True, _intergrown),
}
"""Share of all blobs (round ones are commonest), whether they have facets, how they are drawn."""

FACETED = tuple(name for name, (_, faceted, _) in _SHAPES.items() if faceted)
"""Shapes that are crystals for certain."""


def draw_shape(rng: np.random.Generator) -> str:
    """Draw the name of a shape, round ones most often."""
    return str(rng.choice(list(_SHAPES), p=[share for share, _, _ in _SHAPES.values()]))


def draw_blob(shape: str, centre: Centre, size: float, rng: np.random.Generator) -> Blob:
    """Draw a blob that lies within a circle of ``size`` Å across about ``centre``."""
    return _SHAPES[shape][2](centre, 0.5 * size, rng)
