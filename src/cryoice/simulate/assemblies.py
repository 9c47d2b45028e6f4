"""Large assemblies: hollow shells and helical filaments."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from cryoice.simulate.grid import MARGIN, Grid
from cryoice.simulate.oligomers import Points, arranged, ellipsoid
from cryoice.simulate.streams import log_uniform
from cryoice.simulate.views import FLIP_COLUMNS, FLIP_ROWS, TRANSPOSE


@dataclass(frozen=True)
class Helix:
    """How repeats follow each other along a filament's axis, z: Å and degrees from one to the next."""

    rise: float
    twist: float


_PERSISTENCE = (2000.0, 200000.0)
"""Å over which a filament keeps its direction (log-uniform): from limp ones past actin's 10 µm."""
_LENGTH = (800.0, 20000.0)
"""Å along a filament (log-uniform)."""
_WIDTH = (60.0, 250.0)
"""Å across a filament (log-uniform): actin and amyloids 70 to 100 Å, microtubules 250 Å."""
_RISE = (27.0, 80.0)
"""Å between repeats: actin's subunits 27.5 Å, tubulin's dimers 80 Å."""
_ANGLES = 10
"""Directions drawn between a row and a diagonal, both counted; symmetries give the others."""
_TURNS = 12
"""Turns about a filament's axis that are drawn."""


def octahedral_shell(rng: np.random.Generator, *, point_volume: float) -> Points:
    """24 four-helix bundles as in apoferritin: a shell about 122 Å outside and 75 Å inside.

    Sizes: Lawson et al. 1991, doi:10.1038/349541a0.
    """
    radii = np.array([12.5, 32.0, 23.0])  # Å: outwards, along the bundle, beside it; neighbours interlock
    number = round(23000 / point_volume)  # Å³ of a subunit of 19 kDa at 1.21 Å³/Da
    bundle = ellipsoid(rng, np.array([49.5, 0.0, 0.0]), radii, number)
    # found by trying: so turned, the copies cover the shell most evenly (to 17 %)
    return arranged(_turned(bundle, 1.78, 0.23, -0.48), "O")


def _turned(points: Points, about_x: float, about_z: float, about_y: float) -> Points:
    for angle, first, second in ((about_x, 1, 2), (about_z, 0, 1), (about_y, 2, 0)):
        a, b = points[:, first].copy(), points[:, second].copy()
        points[:, first] = np.cos(angle) * a - np.sin(angle) * b
        points[:, second] = np.sin(angle) * a + np.cos(angle) * b
    return points


def random_filament(rng: np.random.Generator, *, point_volume: float) -> tuple[Points, float, Helix]:
    """Draw the repeat of a filament (a ring of subunits about z), its width in Å and its helix."""
    width = log_uniform(_WIDTH, rng)
    helix = Helix(rise=float(rng.uniform(*_RISE)), twist=float(rng.uniform(-180, 180)))
    radius = min(0.25 * width, 0.55 * helix.rise)
    radii = radius * np.array([1.0, 1.0, max(1.0, 0.8 * helix.rise / radius)])
    away = 0.5 * width - radius
    ring = max(1, round(2 * np.pi * away / (2 * radius) * rng.uniform(0.4, 0.9)))
    number = max(1, round(4 / 3 * np.pi * float(np.prod(radii)) / point_volume))
    subunit = ellipsoid(rng, np.array([away, 0.0, 0.0]), radii, number)
    return arranged(subunit, f"C{ring}"), width, helix


def draw_paths(
    grid: Grid, helix: Helix, width: float, *, coverage: float, rng: np.random.Generator
) -> Float[np.ndarray, "n 2"]:
    """Centres in Å of the repeats, filament by filament, of filaments that cover a share of the field.

    A worm-like chain in a plane: its direction varies by s/P over s Å at a persistence of P Å.
    """
    low, high = np.full(2, -MARGIN), np.array(grid.extent) + MARGIN
    persistence = log_uniform(_PERSISTENCE, rng)
    wanted = coverage * float(np.prod(high - low)) / width
    paths = []
    while wanted > 0:
        length = min(log_uniform(_LENGTH, rng), wanted + helix.rise)
        steps = max(2, round(length / helix.rise))
        bends = rng.standard_normal(steps) * np.sqrt(helix.rise / persistence)
        angles = rng.uniform(0, 2 * np.pi) + np.cumsum(bends)
        path = helix.rise * np.cumsum(np.stack([np.sin(angles), np.cos(angles)], axis=1), axis=0)
        path += rng.uniform(low, high) - path[steps // 2]
        paths.append(path)
        wanted -= steps * helix.rise
    return np.concatenate([np.empty((0, 2)), *paths])


def filament_axes() -> Float[np.ndarray, "views 2 3"]:
    """Rows and columns of the views of a repeat: by direction of z in the picture, by turn about z."""
    directions = np.linspace(0, np.pi / 4, _ANGLES)
    turns = 2 * np.pi * np.arange(_TURNS) / _TURNS
    a, t = (angle.ravel() for angle in np.meshgrid(directions, turns, indexing="ij"))
    rows = np.stack([np.cos(t) * np.cos(a), -np.sin(t) * np.cos(a), np.sin(a)], axis=1)
    columns = np.stack([-np.cos(t) * np.sin(a), np.sin(t) * np.sin(a), np.cos(a)], axis=1)
    return np.stack([rows, columns], axis=1)


def filament_views(
    helix: Helix, centres: Float[np.ndarray, "n 2"]
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """View (of `filament_axes`) and symmetry of every repeat: along its neighbours, turned by the twist."""
    down, across = _tangents(helix, centres).T
    steep = np.abs(down) > np.abs(across)
    symmetries = FLIP_ROWS * (down < 0) + FLIP_COLUMNS * (across < 0) + TRANSPOSE * steep
    angle = np.arctan2(*np.sort(np.abs([down, across]), axis=0))
    direction = np.rint(angle / (np.pi / 4) * (_ANGLES - 1)).astype(np.int64)
    turn = np.rint(np.arange(len(centres)) * (helix.twist / 360 * _TURNS)).astype(np.int64) % _TURNS
    return direction * _TURNS + turn, symmetries.astype(np.int64)


def _tangents(helix: Helix, centres: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """Step to the next repeat, from the last one at the end of a filament."""
    steps = np.diff(centres, axis=0, append=np.full((min(len(centres), 1), 2), np.inf))
    alone = np.linalg.norm(steps, axis=1) > 1.5 * helix.rise
    before = np.roll(steps, 1, axis=0)
    steps[alone] = np.where(np.isfinite(before[alone]), before[alone], 1.0)
    return steps
