"""Soft protein models: clouds of scattering points assembled with symmetry."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cryoice.simulate.assemblies import Helix, octahedral_shell, random_filament
from cryoice.simulate.oligomers import Points, arranged, ellipsoid, random_oligomer
from cryoice.simulate.streams import log_uniform

POINT_VOLUME = 200.0
"""Å³ of protein behind each point: about 6 Å between neighbours."""
MIXED = "mixed"
"""Name under which every micrograph draws a protein of its own."""

_MOST_POINTS = 20000
"""Points of the largest models; enough that their grain stays below the film's noise."""


def _ball(
    rng: np.random.Generator, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> Points:
    """Fill an ellipsoid evenly, one point for each `POINT_VOLUME`."""
    number = max(1, round(4 / 3 * np.pi * float(np.prod(radii)) / POINT_VOLUME))
    return ellipsoid(rng, np.array(centre, dtype=float), np.array(radii, dtype=float), number)


def _globular(rng: np.random.Generator) -> Points:
    """C2 dimer of three-domain subunits, 90 Å across."""
    subunit = [
        _ball(rng, (21, 2, -8), (22, 19, 18)),
        _ball(rng, (14, 18, 16), (15, 14, 16)),
        _ball(rng, (28, -16, 14), (14, 13, 12)),
    ]
    return arranged(np.concatenate(subunit), "C2")


def _ring(rng: np.random.Generator) -> Points:
    """D7 double ring with an open channel, 150 Å across and 140 Å high."""
    subunit = [
        _ball(rng, (47, 0, 15), (20, 23, 18)),
        _ball(rng, (52, 6, 42), (21, 23, 17)),
        _ball(rng, (42, -8, 59), (18, 17, 11)),
    ]
    return arranged(np.concatenate(subunit), "D7")


def _rod(rng: np.random.Generator) -> Points:
    """D2 elongated complex with two lobed ends, 240 Å long."""
    subunit = [
        _ball(rng, (17, 10, 22), (26, 22, 28)),
        _ball(rng, (20, -6, 62), (27, 25, 27)),
        _ball(rng, (24, 14, 95), (29, 26, 24)),
    ]
    return arranged(np.concatenate(subunit), "D2")


def _shell(rng: np.random.Generator) -> Points:
    """Octahedral hollow shell of 24 subunits, 122 Å outside and 75 Å inside, as apoferritin."""
    return octahedral_shell(rng, point_volume=POINT_VOLUME)


@dataclass(frozen=True)
class Protein:
    """What the particles are.

    Attributes
    ----------
    name
        As in the settings.
    diameter
        Longest extent, Å; of a filament, across it.
    spacing
        Distance at which particles touch but hardly overlap, in diameters.
    points
        Scattering points in Å about the centre.
    point_volume
        Å³ of protein behind each point.
    softness
        Width (σ) of a point in Å; 3.5 Å limit the resolution to about 8 Å.
    helix
        How the points repeat along z, where they are one repeat of a filament.
    """

    name: str
    diameter: float
    spacing: float
    points: Points
    point_volume: float = POINT_VOLUME
    softness: float = 3.5
    helix: Helix | None = None


_BUILDERS: dict[str, tuple[float, float, Callable[[np.random.Generator], Points]]] = {
    "globular": (90.0, 1.0, _globular),
    "ring": (150.0, 0.95, _ring),
    "rod": (240.0, 0.72, _rod),
    "shell": (120.0, 1.0, _shell),
}
"""Diameter in Å, spacing at which they touch but hardly overlap, builder."""

NAMES = (*_BUILDERS, MIXED)
"""Names of the proteins that can be simulated."""


def name_fault(name: str) -> str | None:
    """Tell what is wrong with the name of a protein."""
    return None if name in NAMES else f"is unknown; choose from {', '.join(NAMES)}"


@lru_cache
def find_protein(name: str) -> Protein:
    """One of the fixed proteins; the same for every call."""
    diameter, spacing, build = _BUILDERS[name]
    points = build(np.random.default_rng(zlib.crc32(name.encode())))
    centred = points - points.mean(axis=0)
    centred.setflags(write=False)
    return Protein(name, diameter=diameter, spacing=spacing, points=centred)


def draw_protein(rng: np.random.Generator, *, size: tuple[float, float], filaments: float) -> Protein:
    """Draw a protein that nobody has seen: an oligomer of a size in Å, or a filament at a share."""
    if rng.random() < filaments:
        points, width, helix = random_filament(rng, point_volume=POINT_VOLUME)
        return Protein("filament", diameter=width, spacing=1.0, points=points, helix=helix)
    extent = log_uniform(size, rng)
    points, volume = random_oligomer(rng, extent=extent, point_volume=POINT_VOLUME, most=_MOST_POINTS)
    # a ball with the same radius of gyration is sqrt(5/3) times as wide
    across = 2 * np.sqrt(5 / 3 * np.square(points).sum(axis=1).mean())
    spacing = float(np.clip(across / extent, 0.5, 1.0))
    return Protein("oligomer", diameter=extent, spacing=spacing, points=points, point_volume=volume)
