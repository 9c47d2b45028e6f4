"""How the grains of a crystalline film lie, and the fringes that they show."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.grid import Window
from cryoice.simulate.lattice import ZONES, add_lattice, turned
from cryoice.simulate.mottle import Mottle, within
from cryoice.simulate.optics import Optics
from cryoice.simulate.specimen import Specimen

TEXTURES = ("single", "textured", "random")
"""Grains of one crystal, with a common axis, and of any orientation."""
_UNEVEN = 0.4
"""Spread of the logarithm of the grains' fringe contrast."""
_INNERMOST = min(float(np.linalg.norm(zone.reflections, axis=1).min()) for zone in ZONES.values())
"""1/Å, of all reflections."""


def zones_of(lattice: str) -> list[str]:
    """Names of the zones of ``hexagonal`` or ``cubic`` ice."""
    return [name for name, zone in ZONES.items() if zone.lattice == lattice]


@dataclass(frozen=True)
class Orientations:
    """Zone and angle in rad of each grain, its fringes' strength and the chance that picks its beam."""

    zones: list[str]
    angles: Float[np.ndarray, " n"]
    strengths: Float[np.ndarray, " n"]
    chances: Float[np.ndarray, " n"]

    @classmethod
    def draw(
        cls, grains: int, *, lattice: str, texture: str, mosaicity: float, rng: np.random.Generator
    ) -> "Orientations":
        """Draw a texture of `TEXTURES`; ``mosaicity`` is the rms in rad between grains of one crystal."""
        names, common = zones_of(lattice), int(rng.integers(len(zones_of(lattice))))
        own, single = rng.integers(len(names), size=grains), texture == "single"
        angles = rng.normal(0, mosaicity, grains) if single else rng.uniform(0, np.pi, grains)
        return cls(
            zones=[names[k] for k in (own if texture == "random" else np.full(grains, common))],
            angles=angles + rng.uniform(0, np.pi),
            strengths=rng.lognormal(0, _UNEVEN, grains),
            chances=np.full(grains, rng.random()) if single else rng.random(grains),
        )

    def beam(self, grain: int) -> Float[np.ndarray, "2"]:
        """Reflection in 1/Å that a grain is close to: the likelier, the stronger it is."""
        zone = ZONES[self.zones[grain]]
        intensities = np.cumsum(np.square(zone.strengths))
        index = int(np.searchsorted(intensities, self.chances[grain] * intensities[-1]))
        return turned(zone.reflections[index : index + 1], float(self.angles[grain]))[0]


def add_fringes(
    specimen: Specimen,
    window: Window,
    weight: Float32[np.ndarray, "rows columns"],
    mottle: Mottle,
    orientations: Orientations,
    *,
    contrast: float,
    optics: Optics,
    rng: np.random.Generator,
) -> None:
    """Add the fringes of all grains, of about the relative amplitude ``contrast`` in the image."""
    if 0.5 / specimen.grid.pixel <= _INNERMOST:
        return
    every = np.ones(mottle.grains, dtype=bool)
    for grain, part, own in mottle.pieces(mottle.cells, every, window):
        add_lattice(
            specimen,
            within(window, part),
            weight[part] * own,
            zone=orientations.zones[grain],
            angle=float(orientations.angles[grain]),
            contrast=contrast * float(orientations.strengths[grain]),
            optics=optics,
            rng=rng,
        )
