"""Carbon support film with the edge of its hole."""

import numpy as np

from cryoice.simulate.grid import smooth_field
from cryoice.simulate.ice import molecular_noise
from cryoice.simulate.optics import interaction_constant
from cryoice.simulate.settings import SimulationSettings
from cryoice.simulate.specimen import SUPPORT, Specimen

CARBON_POTENTIAL = 9.0
"""V, mean inner potential of amorphous carbon (8-10 V in electron holography)."""
CARBON_DENSITY = 0.1
"""Atoms per Å³ of amorphous carbon (2 g/cm³)."""
CARBON_SCATTERING = (2.5, 20.0)
"""Electron scattering of a carbon atom: Å at zero angle, B in Å² of its fall."""
CARBON_FREE_PATH = 0.5
"""Mean free path in carbon as a share of that in ice: it is about twice as dense."""


def add_support(
    specimen: Specimen, *, ice: float, settings: SimulationSettings, rng: np.random.Generator
) -> None:
    """Cover a part of the micrograph, beyond an arc, with carbon; ``ice`` in Å is the film there."""
    grid = specimen.grid
    thickness = float(rng.uniform(*settings.support_thickness))
    hole, covered, angle = (
        float(rng.uniform(2500, 9000)),
        float(rng.uniform(0.05, 0.45)),
        float(rng.uniform(0, 2 * np.pi)),
    )
    direction = np.array([np.sin(angle), np.cos(angle)])
    height, width = grid.extent
    edge = np.array([height, width]) / 2 + direction * min(height, width) * (0.5 - covered)
    centre = edge - hole * direction
    distance = np.hypot(
        (grid.axis(0) - np.float32(centre[0]))[:, None], (grid.axis(1) - np.float32(centre[1]))[None]
    )
    beyond = distance - np.float32(hole) + np.float32(rng.uniform(3, 15)) * smooth_field(grid, 25.0, rng)
    carbon = np.float32(thickness) * np.clip(0.5 + beyond / np.float32(rng.uniform(20, 60)), 0, 1)
    lost = float(rng.uniform(-0.1, 0.6))  # share of the ice that is missing on the support
    thinner = np.float32(lost * ice) * np.clip(0.5 + beyond / 150, 0, 1)
    carbon_depth = carbon / np.float32(CARBON_FREE_PATH * settings.mean_free_path)
    specimen.absorption += carbon_depth - thinner / np.float32(settings.mean_free_path)
    specimen.phase += carbon * np.float32(interaction_constant(settings.voltage) * CARBON_POTENTIAL)
    noise = molecular_noise(
        grid,
        density=CARBON_DENSITY,
        scattering=CARBON_SCATTERING,
        structured=False,
        voltage=settings.voltage,
        rng=rng,
    )
    specimen.phase += noise * np.sqrt(carbon)
    specimen.mask[beyond > 0] = SUPPORT
    specimen.parameters["support"] = {
        "thickness": thickness,
        "hole_radius": hole,
        "covered": covered,
        "ice_lost": lost,
    }
