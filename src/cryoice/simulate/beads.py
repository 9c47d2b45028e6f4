"""Gold beads, as used for the alignment of tilt series."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cryoice.simulate.edges import edge_width
from cryoice.simulate.materials import GOLD
from cryoice.simulate.optics import interaction_constant
from cryoice.simulate.priors import counts, interval, number, share
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import OTHER, Specimen

_SPREAD = 0.08
"""Relative rms of the beads' radii within one batch."""


@dataclass(frozen=True)
class BeadSettings:
    """Priors of gold beads.

    Attributes
    ----------
    share, clustered
        Of the micrographs; of the beads that touch an earlier one.
    number
        Beads per micrograph.
    diameter
        Å, alike for all beads of a micrograph.
    """

    share: float = share()
    clustered: float = number(0.0, 1.0)
    number: tuple[int, int] = counts(1)
    diameter: tuple[float, float] = interval(10.0, 2000.0)


def add_beads(specimen: Specimen, *, settings: BeadSettings, scene: Scene, rng: np.random.Generator) -> None:
    """Add gold spheres, alone or in clusters."""
    number = int(rng.integers(settings.number[0], settings.number[1] + 1))
    mean = 0.5 * float(rng.uniform(*settings.diameter))
    beads: list[tuple[Float[np.ndarray, "2"], float]] = []
    for _ in range(number):
        radius = mean * (1 + _SPREAD * float(np.clip(rng.standard_normal(), -3, 3)))
        centre, angle = rng.uniform(0, specimen.grid.extent), float(rng.uniform(0, 2 * np.pi))
        if beads and rng.random() < settings.clustered:
            beside, other = beads[int(rng.integers(len(beads)))]
            centre = beside + (radius + other) * np.array([np.sin(angle), np.cos(angle)])
        beads.append((centre, radius))
    for centre, radius in beads:
        add_bead(specimen, centre, radius, scene=scene)
    specimen.parameters["beads"] = {"number": number, "radius": mean}


def add_bead(specimen: Specimen, centre: Float[np.ndarray, "2"], radius: float, *, scene: Scene) -> None:
    """Add a sphere of gold: 2 √(r² - d²) of thickness at the distance d from its centre, Å."""
    grid, voltage = specimen.grid, scene.optics.voltage
    window = grid.window(centre, radius + grid.pixel)
    rows, columns = (np.square(grid.axis(k, window[k]) - np.float32(centre[k])) for k in (0, 1))
    squared = np.float32(radius**2) - rows[:, None] - columns
    squared[~specimen.holds(window)] = 0
    thickness = 2 * np.sqrt(np.maximum(squared, 0))
    specimen.absorption[window] += thickness * np.float32(1 / (GOLD.free_path * scene.mean_free_path))
    # what steeper slopes scatter misses the pixels' Nyquist: the phase rises as they can follow it
    gentle = radius / edge_width(radius, 2 * radius, GOLD, voltage=voltage, pixel=grid.pixel)
    specimen.phase[window] += thickness * np.float32(gentle * interaction_constant(voltage) * GOLD.potential)
    specimen.mask[window][squared > 0] = OTHER
