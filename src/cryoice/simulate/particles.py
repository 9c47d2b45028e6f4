"""Particles in the film: where they lie and what they project."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64

from cryoice.simulate.assemblies import draw_paths, filament_axes, filament_views
from cryoice.simulate.grid import MARGIN, smooth_field
from cryoice.simulate.priors import interval, share
from cryoice.simulate.proteins import Protein
from cryoice.simulate.spacing import pushed_apart, spaced
from cryoice.simulate.specimen import CLEAN, CONTAMINATION, NO_FILM, Specimen
from cryoice.simulate.views import SYMMETRIES, Stamps, projections, random_rotations


@dataclass(frozen=True)
class ParticleSettings:
    """Priors of the particles.

    Attributes
    ----------
    size, filaments
        Å across (log-uniform) and share of filaments, where the protein is `MIXED`.
    potential
        V above that of ice.
    softness
        Width (σ) in Å by which flexibility and radiation damage soften them.
    coverage
        Share of the film under circles as wide as the distance at which particles touch; so much
        is aimed at, and beyond about 0.7 they only fit where they may overlap.
    overlap
        Share by which they may come closer than that.
    edge
        How strongly they gather where ice is thick, where it is thin, or at one side.
    stray_share
        Their density where the film is crystalline or contaminated, as a share.
    debris
        Broken particles for each whole one.
    """

    size: tuple[float, float] = interval(60.0, 1000.0)
    filaments: float = share()
    potential: tuple[float, float] = interval(0.0, 20.0)
    softness: tuple[float, float] = interval(2.0, 30.0)
    coverage: tuple[float, float] = interval(0.0, 3.0)
    overlap: tuple[float, float] = interval(0.0, 1.0)
    edge: tuple[float, float] = interval(0.0, 1.0)
    stray_share: float = share()
    debris: tuple[float, float] = interval(0.0, 10.0)


_CLEARANCE = 0.15
"""Diameters from a particle's centre to the next artifact."""
_TRIES = 12
"""Random places tried for each particle that is wanted."""
_CROWDED = 0.75
"""Share of their distance at which particles are first placed, before they push each other apart."""
_TOUCHING = 0.95
"""Share of their distance that particles keep in the end; pushing does not reach all of it."""
_VIEWS = 24
"""Orientations drawn for one set of copies; eight symmetries of each make 192 pictures."""


def place_particles(
    layout: Specimen, protein: Protein, settings: ParticleSettings, rng: np.random.Generator
) -> Float[np.ndarray, "n 2"]:
    """Choose centres in Å: unevenly dense, in clean film, some on ice artifacts, margins included.

    Those of a filament follow each other at its rise.
    """
    grid, diameter = layout.grid, protein.diameter
    coverage, overlap = float(rng.uniform(*settings.coverage)), float(rng.uniform(*settings.overlap))
    clearance = _CLEARANCE * diameter
    if protein.helix:
        path = draw_paths(grid, protein.helix, diameter, coverage=coverage, rng=rng)
        path = path[grid.inside(path, border=-0.9 * MARGIN)]
        path = path[_free(layout, path, clearance=clearance, settings=settings)]
        return path[_strays(layout, path, settings.stray_share, rng)]
    margin = 0.9 * MARGIN  # rounding must stay on the grid
    low, high = np.full(2, -margin), np.array(grid.extent) + margin
    touching = protein.spacing * diameter
    number = round(coverage * float(np.prod(high - low)) / (np.pi / 4 * touching**2))
    candidates = rng.uniform(low, high, size=(_TRIES * number, 2))
    candidates = candidates[_likely(layout, candidates, edge=float(rng.uniform(*settings.edge)), rng=rng)]
    candidates = candidates[_strays(layout, candidates, settings.stray_share, rng)]
    free = _free(layout, candidates, clearance=clearance, settings=settings)
    distance, nobody = (1 - overlap) * touching, np.empty((0, 2))
    crowd = spaced(candidates[free], number, _CROWDED * distance, taken=nobody)
    places = pushed_apart(crowd, distance)
    places = places[grid.inside(places, border=-margin)]
    places = places[_free(layout, places, clearance=clearance, settings=settings)]
    return spaced(places, number, _TOUCHING * distance, taken=nobody)


def _likely(
    layout: Specimen, candidates: Float[np.ndarray, "n 2"], *, edge: float, rng: np.random.Generator
) -> Bool[np.ndarray, " n"]:
    """Keep more of the candidates in crowded areas and on the side that particles prefer."""
    grid = layout.grid
    index = np.rint(candidates / grid.pixel).astype(int) + grid.margin
    crowd = smooth_field(grid, 0.2 * max(grid.extent), rng)[index[:, 0], index[:, 1]]
    angle, kind = rng.uniform(0, 2 * np.pi), int(rng.integers(3))
    ice = layout.ice[index[:, 0], index[:, 1]]
    measure = (ice, -ice, candidates[:, 0] * np.sin(angle) + candidates[:, 1] * np.cos(angle))[kind]
    rank = np.argsort(np.argsort(measure, kind="stable")) / max(len(candidates), 1)
    weight = np.clip(0.5 + 0.35 * crowd, 0.05, 1) * (1 - edge + edge * np.square(rank))
    return rng.random(len(candidates)) < weight


def _strays(
    layout: Specimen, places: Float[np.ndarray, "n 2"], share: float, rng: np.random.Generator
) -> Bool[np.ndarray, " n"]:
    """Keep all places on clean film and a share of those elsewhere."""
    return (layout.class_at(places) == CLEAN) | (rng.random(len(places)) < share)


def _free(
    layout: Specimen, places: Float[np.ndarray, "n 2"], *, clearance: float, settings: ParticleSettings
) -> Bool[np.ndarray, " n"]:
    """Tell where there is film and no artifact that keeps all particles away."""
    index = np.rint(places / layout.grid.pixel).astype(int) + layout.grid.margin
    free = layout.ice[index[:, 0], index[:, 1]] > NO_FILM
    last = CONTAMINATION if settings.stray_share > 0 else CLEAN
    turns = np.pi / 4 * np.arange(8)
    for step in clearance * np.stack([np.append(0, np.sin(turns)), np.append(0, np.cos(turns))], axis=1):
        free &= layout.class_at(places + step) <= last
    return free


def draw_copies(
    specimen: Specimen, protein: Protein, centres: Float[np.ndarray, "n 2"], *, rng: np.random.Generator
) -> None:
    """Add copies of a protein at centres in Å to the projected protein: turned at random, or along a path."""
    axes, views, symmetries = orientations(protein, centres, rng=rng)
    used, views = np.unique(views, return_inverse=True)
    projected = projections(protein.points, axes[used])
    stamps = Stamps.of(
        projected, volume=protein.point_volume, softness=protein.softness, pixel=specimen.grid.pixel
    )
    for window, stamp in stamps.placed(specimen.grid, centres, views=views, symmetries=symmetries):
        specimen.protein[window] += stamp


def orientations(
    protein: Protein, centres: Float[np.ndarray, "n 2"], *, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "views _ 3"], Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Draw how copies lie: axes of a few views; for each copy its view and its symmetry of the square."""
    if protein.helix:
        return filament_axes(), *filament_views(protein.helix, centres)
    axes = random_rotations(rng, _VIEWS)
    return axes, rng.integers(_VIEWS, size=len(centres)), rng.integers(SYMMETRIES, size=len(centres))
