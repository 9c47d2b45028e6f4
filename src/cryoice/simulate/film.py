"""The vitreous film: how its thickness varies."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.grid import Grid, smooth_field
from cryoice.simulate.interpolation import coarse_grid, interpolated
from cryoice.simulate.priors import interval, number
from cryoice.simulate.specimen import Specimen

ROUGHNESS_SCALES = (70.0, 220.0)
"""Å, widths of the film's undulations."""
_PIXEL = 24.0
"""Å/px on which the film is drawn: linear interpolation of its narrowest bumps (σ = 70 Å) errs by 1 %."""
_THINNEST = 0.15
"""Of the mean thickness: a thinner film would break."""
_WANDER = (90.0, 500.0)
"""Å rms by which a step leaves a straight line, and over which."""


@dataclass(frozen=True)
class FilmSettings:
    """Priors of the vitreous film.

    Attributes
    ----------
    thickness, thickness_gradient
        Å; relative change across the micrograph.
    meniscus
        Relative thickness that is added half a diagonal away from the thinnest point.
    steps, step_width
        Rms of two steps and a ridge in thickness, relative; Å over which they rise.
    roughness
        Å rms.
    mean_free_path
        Å at 300 kV.
    """

    thickness: tuple[float, float] = interval(50.0, 3000.0)
    thickness_gradient: tuple[float, float] = interval(0.0, 1.5)
    meniscus: tuple[float, float] = interval(-0.5, 4.0)
    steps: tuple[float, float] = interval(0.0, 0.5)
    step_width: tuple[float, float] = interval(20.0, 5000.0)
    roughness: tuple[float, float] = interval(0.0, 100.0)
    mean_free_path: float = number(500.0, 20000.0)


def draw_film(settings: FilmSettings, rng: np.random.Generator) -> dict[str, float]:
    """Draw the film's mean thickness in Å and what `add_film` needs to vary it."""
    names = ("thickness", "thickness_gradient", "meniscus", "steps", "step_width", "roughness")
    return {name: float(rng.uniform(*getattr(settings, name))) for name in names}


def add_film(
    specimen: Specimen,
    *,
    thickness: float,
    thickness_gradient: float,
    meniscus: float,
    steps: float,
    step_width: float,
    roughness: float,
    rng: np.random.Generator,
) -> None:
    """Add the vitreous film: wedge, meniscus, steps, slow waves and roughness.

    All of it is so wide that it is computed on a coarse grid and interpolated.
    """
    grid = coarse_grid(specimen.grid, _PIXEL)
    film = 1 + thickness_gradient * _wedge(grid, rng) + meniscus * _bowl(grid, rng)
    film += np.float32(steps) * _steps(grid, step_width, rng)
    film *= np.float32(thickness)
    for scale in ROUGHNESS_SCALES:
        film += np.float32(roughness / np.sqrt(len(ROUGHNESS_SCALES))) * smooth_field(grid, scale, rng)
    np.maximum(film, np.float32(_THINNEST * thickness), out=film)
    specimen.ice += interpolated(film, grid, specimen.grid)


def _across(grid: Grid, angle: float) -> Float32[np.ndarray, "h w"]:
    """Position across the field from -½ to ½ in a direction, more at the corners."""
    rows, columns = (grid.axis(k) / np.float32(grid.extent[k]) - np.float32(0.5) for k in (0, 1))
    return np.float32(np.sin(angle)) * rows[:, None] + np.float32(np.cos(angle)) * columns


def _wedge(grid: Grid, rng: np.random.Generator) -> Float32[np.ndarray, "h w"]:
    """Bent gradient of range 1 with slow waves."""
    ramp = _across(grid, float(rng.uniform(0, 2 * np.pi)))
    bend = np.float32(rng.uniform(-1, 1))
    waves = smooth_field(grid, 0.3 * max(grid.extent), rng)
    return ramp + bend * (np.square(ramp) - np.float32(1 / 12)) + np.float32(0.15) * waves


def _bowl(grid: Grid, rng: np.random.Generator) -> Float32[np.ndarray, "h w"]:
    """Square of the distance to a point of the field, 1 at half a diagonal."""
    centre = rng.uniform(0, grid.extent)
    rows, columns = (np.square(grid.axis(k) - np.float32(centre[k])) for k in (0, 1))
    return (rows[:, None] + columns) * np.float32(4 / (grid.extent[0] ** 2 + grid.extent[1] ** 2))


def _steps(grid: Grid, width: float, rng: np.random.Generator) -> Float32[np.ndarray, "h w"]:
    """Two steps and a ridge along wandering lines, each of about rms ½."""
    rms, scale = _WANDER
    wander = np.float32(rms) * smooth_field(grid, scale, rng)
    profile = np.zeros(grid.shape, dtype=np.float32)
    for ridge in (False, False, True):
        line = _across(grid, float(rng.uniform(0, 2 * np.pi))) - np.float32(rng.uniform(-0.5, 0.5))
        position = (line * np.float32(min(grid.extent)) + wander) / np.float32(width)
        height = np.float32(rng.standard_normal())
        profile += height * (np.exp(-np.square(position)) if ridge else 0.5 * np.tanh(position))
    return profile
