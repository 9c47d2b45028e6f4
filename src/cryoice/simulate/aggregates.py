"""Protein of no use: clumps and networks of copies, debris of broken ones."""

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.grid import MARGIN, Grid
from cryoice.simulate.particles import projected_points
from cryoice.simulate.proteins import Points
from cryoice.simulate.settings import SimulationSettings
from cryoice.simulate.specimen import CLEAN, OTHER, Specimen

_PIECES = 8
"""Different pieces in one micrograph."""
_PIECE_RADIUS = (14.0, 26.0)
"""Å about a random point of the model."""


def add_aggregates(
    specimen: Specimen,
    model: Points,
    *,
    diameter: float,
    settings: SimulationSettings,
    rng: np.random.Generator,
) -> Float32[np.ndarray, "h w"]:
    """Mark clumps and networks as OTHER and return their projected volume in Å."""
    number = int(rng.integers(settings.aggregates[0], settings.aggregates[1] + 1))
    volume = np.zeros(specimen.grid.shape, dtype=np.float32)
    for _ in range(number):
        start = rng.uniform((0, 0), specimen.grid.extent)
        network = bool(rng.random() < 0.4)
        centres = (_network if network else _clump)(start, diameter, rng)
        crushed = model * rng.uniform(0.7, 1.0)  # some unfolded: same mass in less space
        volume += np.float32(rng.uniform(0.6, 1.1)) * projected_points(specimen.grid, crushed, centres, rng)
        _mark(specimen, centres, radius=0.45 * diameter)
        record = {"centre": start.tolist(), "copies": len(centres), "network": network}
        specimen.parameters.setdefault("aggregates", []).append(record)
    return volume


def _clump(
    start: Float[np.ndarray, "2"], diameter: float, rng: np.random.Generator
) -> Float[np.ndarray, "n 2"]:
    copies = int(rng.integers(5, 40))
    return start + 0.3 * diameter * np.sqrt(copies) * rng.standard_normal((copies, 2)) * rng.uniform(
        0.6, 1, 2
    )


def _network(
    start: Float[np.ndarray, "2"], diameter: float, rng: np.random.Generator
) -> Float[np.ndarray, "n 2"]:
    """Chain that bends at random, with a copy at every half diameter."""
    steps = int(rng.integers(10, 35))
    angles = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.5, steps))
    moves = 0.45 * diameter * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    path: Float[np.ndarray, "n 2"] = start + np.cumsum(moves, axis=0)
    return path


def _mark(specimen: Specimen, centres: Float[np.ndarray, "n 2"], *, radius: float) -> None:
    grid = specimen.grid
    for centre in centres:
        window = grid.window(centre, radius)
        y = (grid.axis(0, window[0]) - np.float32(centre[0]))[:, None]
        x = (grid.axis(1, window[1]) - np.float32(centre[1]))[None]
        part = specimen.mask[window]
        part[(np.square(y) + np.square(x) < radius**2) & (part == CLEAN)] = OTHER


def debris_volume(
    grid: Grid, model: Points, *, copies: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Projected volume in Å of as many random pieces as ``copies`` broken models give.

    Debris lies all over the film, on artifacts too, and is no artifact: it blurs what tells a
    field with particles from one without.
    """
    volume = np.zeros(grid.shape, dtype=np.float32)
    for _ in range(_PIECES):
        centre = model[rng.integers(len(model))]
        piece = model[np.linalg.norm(model - centre, axis=1) < rng.uniform(*_PIECE_RADIUS)] - centre
        number = round(copies * len(model) / len(piece) / _PIECES)
        low, high = -np.full(2, MARGIN), np.array(grid.extent) + MARGIN
        volume += projected_points(grid, piece, rng.uniform(low, high, size=(number, 2)), rng)
    return volume
