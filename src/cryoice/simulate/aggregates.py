"""Protein of no use: clumps, chains and networks of copies."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from cryoice.simulate.grid import MARGIN
from cryoice.simulate.particles import orientations
from cryoice.simulate.priors import counts, interval, share
from cryoice.simulate.proteins import Protein
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import CLEAN, NO_FILM, OTHER, Specimen
from cryoice.simulate.streams import log_uniform
from cryoice.simulate.views import Stamps, projections


@dataclass(frozen=True)
class AggregateSettings:
    """Priors of the aggregates.

    Attributes
    ----------
    share
        Of the micrographs.
    number, size
        Per micrograph; Å across a dense one and along the others (log-uniform).
    """

    share: float = share()
    number: tuple[int, int] = counts(1)
    size: tuple[float, float] = interval(50.0, 20000.0)


_MOST_COPIES = 250
"""In one aggregate; those of small proteins stay smaller."""
_MIDDLE = 0.4
"""Radius about each copy that belongs to an aggregate in any case, in distances at which copies touch."""
_VISIBLE = 4.0
"""Å of projected protein from which a pixel belongs to an aggregate."""


def add_aggregates(
    specimen: Specimen, *, settings: AggregateSettings, scene: Scene, rng: np.random.Generator
) -> None:
    """Add aggregates of the protein, some partly outside the field, and mark them as OTHER."""
    protein = replace(scene.protein, helix=None)  # broken filaments lie any way round
    low, high = np.full(2, -MARGIN), np.array(specimen.grid.extent) + MARGIN
    touching, places = protein.spacing * protein.diameter, []
    for _ in range(int(rng.integers(settings.number[0], settings.number[1] + 1))):
        kind = tuple(_SHAPES)[int(rng.integers(len(_SHAPES)))]
        size = log_uniform(settings.size, rng)
        start = rng.uniform(low, high)
        places.append(start + _SHAPES[kind](size, touching, rng)[:_MOST_COPIES])
        record = {"kind": kind, "centre": start.tolist(), "copies": len(places[-1])}
        specimen.parameters.setdefault("aggregates", []).append(record)
    _draw(specimen, protein, np.concatenate(places), rng=rng)


def _clump(size: float, touching: float, rng: np.random.Generator) -> Float[np.ndarray, "n 2"]:
    """Dense lump with a wavy outline, one to three layers of copies."""
    layers = rng.uniform(1, 3)
    size = min(size, touching * float(np.sqrt(_MOST_COPIES / layers)))
    copies = 1 + int(layers * (size / touching) ** 2)
    angle, radius = rng.uniform(0, 2 * np.pi, copies), np.sqrt(rng.random(copies))
    for order in range(2, 5):
        radius *= 1 + rng.normal(0, 0.4 / order) * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    return 0.5 * size * radius[:, None] * _directions(angle)


def _cloud(size: float, touching: float, rng: np.random.Generator) -> Float[np.ndarray, "n 2"]:
    """Loose heap, densest in its middle."""
    size = min(size, touching * float(np.sqrt(_MOST_COPIES)))
    copies = 2 + int(rng.uniform(0.3, 1) * (size / touching) ** 2)
    spread: Float[np.ndarray, "n 2"] = 0.25 * size * rng.uniform(0.6, 1, 2) * rng.standard_normal((copies, 2))
    return spread


def _chain(size: float, touching: float, rng: np.random.Generator) -> Float[np.ndarray, "n 2"]:
    """Chain that bends at random, with a copy at every half diameter."""
    steps = max(3, round(size / (0.5 * touching)))
    angles = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.5, steps))
    path: Float[np.ndarray, "n 2"] = 0.5 * touching * np.cumsum(_directions(angles), axis=0)
    return path


def _network(size: float, touching: float, rng: np.random.Generator) -> Float[np.ndarray, "n 2"]:
    """Chains that branch off earlier ones."""
    places = _chain(size, touching, rng)
    for _ in range(int(rng.integers(2, 7))):
        branch = _chain(size * rng.uniform(0.3, 0.8), touching, rng)
        places = np.concatenate([places, places[rng.integers(len(places))] + branch])
    return places


def _directions(angles: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 2"]:
    return np.stack([np.sin(angles), np.cos(angles)], axis=1)


_SHAPES = {"clump": _clump, "cloud": _cloud, "chain": _chain, "network": _network}


def _draw(
    specimen: Specimen, protein: Protein, centres: Float[np.ndarray, "n 2"], *, rng: np.random.Generator
) -> None:
    """Add the copies that film holds and mark where they show, hollow middles included."""
    grid = specimen.grid
    axes, views, symmetries = orientations(protein, centres, rng=rng)
    projected = projections(protein.points, axes)
    stamps = Stamps.of(projected, volume=protein.point_volume, softness=protein.softness, pixel=grid.pixel)
    middle = _MIDDLE * protein.spacing * protein.diameter
    marks = stamps.footprints(above=_VISIBLE, within=middle / grid.pixel)
    places = {"views": views, "symmetries": symmetries}
    both = zip(stamps.placed(grid, centres, **places), marks.placed(grid, centres, **places), strict=True)
    for (window, stamp), (_, mark) in both:
        held = specimen.ice[window] > NO_FILM
        specimen.protein[window] += stamp * held
        part = specimen.mask[window]
        part[mark & held & (part == CLEAN)] = OTHER
