"""Particles in the film: where they lie and what they project."""

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import binary_dilation, gaussian_filter

from cryoice.simulate.grid import MARGIN, Grid, smooth_field
from cryoice.simulate.proteins import POINT_VOLUME, Points, protein_diameter, random_rotation
from cryoice.simulate.settings import SimulationSettings
from cryoice.simulate.specimen import CLEAN, CONTAMINATION, Specimen

_BLUR = 3.5
"""Å, width (σ) of a scattering point."""
_SPACING = {"globular": 1.0, "ring": 0.95, "rod": 0.72}
"""Least distance between particles in diameters: they touch, but hardly overlap."""
_CLEARANCE = 0.15
"""Diameters from a particle's centre to the next artifact."""
_COARSE = 4
"""Wave pixels per step of the map that keeps particles off artifacts."""


def place_particles(
    specimen: Specimen, protein: str, settings: SimulationSettings, rng: np.random.Generator
) -> Float[np.ndarray, "n 2"]:
    """Choose centres in Å: unevenly dense, in clean film, some on ice artifacts, margins included."""
    grid, diameter = specimen.grid, protein_diameter(protein)
    margin = 0.9 * MARGIN  # rounding must stay on the grid
    low, high = np.full(2, -margin), np.array(grid.extent) + margin
    area = float(np.prod(high - low)) * 1e-8  # Å² to µm²
    number = max(1, round(float(rng.uniform(*settings.particle_density)) * area))
    candidates = rng.uniform(low, high, size=(30 * number, 2))
    crowd = smooth_field(grid, 0.2 * max(grid.extent), rng)
    index = np.rint(candidates / grid.pixel).astype(int) + grid.margin
    keep = rng.random(len(candidates)) < np.clip(0.5 + 0.35 * crowd[index[:, 0], index[:, 1]], 0.05, 1)
    reach = max(1, round(_CLEARANCE * diameter / grid.pixel / _COARSE))
    mask = specimen.mask[::_COARSE, ::_COARSE]
    barred = mask > CONTAMINATION if settings.stray_share > 0 else mask > CLEAN
    near = binary_dilation(barred, iterations=reach)
    keep &= ~near[index[:, 0] // _COARSE, index[:, 1] // _COARSE]
    keep &= (specimen.class_at(candidates) == CLEAN) | (rng.random(len(candidates)) < settings.stray_share)
    return spaced(candidates[keep], number, _SPACING[protein] * diameter, taken=np.empty((0, 2)))


def projected_points(
    grid: Grid,
    model: Points,
    centres: Float[np.ndarray, "n 2"],
    rng: np.random.Generator,
) -> Float32[np.ndarray, "h w"]:
    """Projected volume in Å (Å³ of protein over Å²) of copies of a model, each turned at random.

    The points are bare: `softened` gives them their width.
    """
    total = np.zeros(grid.shape[0] * grid.shape[1], dtype=np.float64)
    for centre in centres:
        turned = np.einsum("ij,kj->ik", model, random_rotation(rng)[:2]) + centre
        _splat(total, turned / grid.pixel + grid.margin, grid.shape)
    return (total * (POINT_VOLUME / grid.pixel**2)).astype(np.float32).reshape(grid.shape)


def softened(grid: Grid, volume: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Give scattering points their width, which limits the resolution to about 8 Å."""
    return gaussian_filter(volume, _BLUR / grid.pixel)


def _splat(
    total: Float[np.ndarray, " pixels"], points: Float[np.ndarray, "n 2"], shape: tuple[int, int]
) -> None:
    """Share each point among its four pixels; points off the grid are left out."""
    inside = np.all((points >= 0) & (points < np.array(shape) - 1), axis=1)
    points = points[inside]
    corner = np.floor(points).astype(np.int64)
    part = points - corner
    for row in (0, 1):
        for column in (0, 1):
            weight = np.abs(1 - row - part[:, 0]) * np.abs(1 - column - part[:, 1])
            np.add.at(total, (corner[:, 0] + row) * shape[1] + corner[:, 1] + column, weight)


def spaced(
    candidates: Float[np.ndarray, "n 2"],
    number: int,
    distance: float,
    *,
    taken: Float[np.ndarray, "m 2"],
) -> Float[np.ndarray, "k 2"]:
    """Keep up to ``number`` candidates, first come first kept, ``distance`` from each other and ``taken``."""
    kept = np.concatenate([taken, np.empty((number, 2))])
    count = len(taken)
    for candidate in candidates:
        if count == len(kept):
            break
        if not np.any(np.sum(np.square(kept[:count] - candidate), axis=1) < distance**2):
            kept[count] = candidate
            count += 1
    return kept[len(taken) : count]
