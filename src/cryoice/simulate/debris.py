"""Broken particles all over the film."""

from math import ceil

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.grid import MARGIN
from cryoice.simulate.proteins import Protein
from cryoice.simulate.specimen import NO_FILM, Specimen
from cryoice.simulate.views import SYMMETRIES, Stamps, projections, random_rotations

_PIECES = 8
"""Different pieces in one micrograph."""
_PIECE_RADIUS = (14.0, 26.0)
"""Å about a random point of the model."""
_TILE = 400.0
"""Å between the tiles that debris is drawn in."""
_TILES = 16
"""Different tiles; eight symmetries of each lie side by side at random."""


def add_debris(specimen: Specimen, protein: Protein, *, copies: float, rng: np.random.Generator) -> None:
    """Add as many random pieces of the protein as ``copies`` broken ones give.

    Debris lies all over the film, on artifacts too, and is no artifact: it blurs what tells a
    field with particles from one without.
    """
    grid = specimen.grid
    rows, columns = (ceil((side + 2 * MARGIN) / _TILE) for side in grid.extent)
    volume = 4 / 3 * np.pi * rng.uniform(*_PIECE_RADIUS) ** 3
    points = int(np.clip(round(volume / protein.point_volume), 1, len(protein.points)))
    area = float(np.prod(np.add(grid.extent, 2 * MARGIN)))
    number = round(copies * len(protein.points) / points * _TILE**2 / area)
    tiles = _tiles(protein, points=points, number=number, rng=rng)
    corners = _TILE * np.argwhere(np.ones((rows, columns))) - MARGIN
    places = {
        "views": rng.integers(_TILES, size=len(corners)),
        "symmetries": rng.integers(SYMMETRIES, size=len(corners)),
    }
    if number:
        stamps = Stamps.of(
            tiles, volume=protein.point_volume, softness=protein.softness, pixel=grid.pixel, parts=1
        )
        for window, stamp in stamps.placed(grid, corners + _TILE / 2, **places):
            specimen.protein[window] += stamp * (specimen.ice[window] > NO_FILM)


def _tiles(
    protein: Protein, *, points: int, number: int, rng: np.random.Generator
) -> Float32[np.ndarray, "tiles n 2"]:
    """Projected points of ``number`` pieces of ``points`` points at random places of each tile."""
    model = protein.points
    centres = model[rng.integers(len(model), size=_PIECES)]
    order = [np.argsort(np.square(model - centre).sum(axis=1), kind="stable")[:points] for centre in centres]
    pieces = [model[nearest] - centre for nearest, centre in zip(order, centres, strict=True)]
    kinds = np.sort(rng.integers(_PIECES, size=_TILES * number))
    axes = random_rotations(rng, _TILES * number)
    turned = [projections(piece, axes[kinds == kind]) for kind, piece in enumerate(pieces)]
    places = rng.uniform(-_TILE / 2, _TILE / 2, (_TILES * number, 1, 2)).astype(np.float32)
    scattered = (np.concatenate(turned) + places)[rng.permutation(_TILES * number)]
    return scattered.reshape(_TILES, number * points, 2)
