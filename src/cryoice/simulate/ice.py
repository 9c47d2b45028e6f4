"""The vitreous film: thickness, absorption and the diffuse ring of amorphous ice."""

import numpy as np
import scipy.fft
from jaxtyping import Float, Float32

from cryoice.simulate.grid import WHOLE, Grid, Window, smooth_field
from cryoice.simulate.optics import electron_wavelength, interaction_constant, relativistic_mass_ratio
from cryoice.simulate.settings import SimulationSettings
from cryoice.simulate.specimen import Specimen

ICE_POTENTIAL = 3.5
"""V, mean inner potential of vitreous ice (Harscher & Lichte 1998, electron holography)."""
WATER_DENSITY = 0.0314
"""Molecules per Å³ of amorphous ice (0.94 g/cm³)."""
WATER_SCATTERING = (3.04, 30.0)
"""Electron scattering of a water molecule: Å at zero angle (O 1.98 + 2 H 0.53), B in Å² of its fall."""
WATER_PEAK = 1 / 3.72
"""1/Å, first peak of amorphous ice's structure factor (Q = 1.69 1/Å)."""

ROUGHNESS_SCALES = (70.0, 220.0)
"""Å, widths of the film's undulations."""


def water_structure(frequency: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Structure factor of amorphous ice: 0.06 at zero, a peak at 3.72 Å, 1 beyond."""
    rise = 1 / (1 + np.exp(-(frequency - 0.235) / 0.012))
    return 0.06 + 0.94 * rise + 0.7 * np.exp(-0.5 * np.square((frequency - WATER_PEAK) / 0.02))


def molecular_noise(
    grid: Grid,
    *,
    density: float,
    scattering: tuple[float, float],
    structured: bool,
    voltage: float,
    rng: np.random.Generator,
) -> Float32[np.ndarray, "h w"]:
    """Random phase in rad of 1 Å of amorphous matter; it grows with the root of the thickness.

    Its power at s is ρ (λ γ f(s))² S(s) in Å² per Å, for ρ molecules per Å³ of scattering
    length f; S = 1 without structure.
    """
    noise = rng.standard_normal(grid.shape, dtype=np.float32)
    spectrum = scipy.fft.rfft2(noise, overwrite_x=True)
    frequency = np.hypot(
        scipy.fft.fftfreq(grid.shape[0], grid.pixel)[:, None].astype(np.float32),
        scipy.fft.rfftfreq(grid.shape[1], grid.pixel).astype(np.float32),
    )
    length = scattering[0] * np.exp(-0.25 * scattering[1] * np.square(frequency))
    power = density * np.square(electron_wavelength(voltage) * relativistic_mass_ratio(voltage) * length)
    if structured:
        power *= water_structure(frequency)
    spectrum *= np.sqrt(power) / grid.pixel
    return scipy.fft.irfft2(spectrum, grid.shape, overwrite_x=True)


def add_ice(
    specimen: Specimen,
    thickness: Float32[np.ndarray, "h w"],
    *,
    settings: SimulationSettings,
    window: Window = WHOLE,
) -> None:
    """Add ice of a thickness in Å: absorption t/L and the phase of its mean potential."""
    specimen.absorption[window] += thickness / np.float32(settings.mean_free_path)
    specimen.phase[window] += thickness * np.float32(interaction_constant(settings.voltage) * ICE_POTENTIAL)


def film_thickness(
    grid: Grid, settings: SimulationSettings, rng: np.random.Generator
) -> tuple[Float32[np.ndarray, "h w"], dict[str, float]]:
    """Thickness in Å of the film without artifacts, with a gradient, slow waves and roughness."""
    mean = rng.uniform(*settings.thickness)
    gradient = rng.uniform(*settings.thickness_gradient)
    roughness = rng.uniform(*settings.roughness)
    angle = rng.uniform(0, 2 * np.pi)
    height, width = grid.extent
    rows = np.sin(angle) * (grid.axis(0) / height - 0.5)
    columns = np.cos(angle) * (grid.axis(1) / width - 0.5)
    relative = (gradient * (rows[:, None] + columns)).astype(np.float32)
    relative += np.float32(0.15 * gradient) * smooth_field(grid, 0.3 * max(height, width), rng)
    thickness = np.float32(mean) * (1 + relative)
    for scale in ROUGHNESS_SCALES:
        thickness += np.float32(roughness / np.sqrt(len(ROUGHNESS_SCALES))) * smooth_field(grid, scale, rng)
    np.maximum(thickness, np.float32(0.15 * mean), out=thickness)
    return thickness, {"thickness": mean, "thickness_gradient": gradient, "roughness": roughness}


def add_film(
    specimen: Specimen,
    thickness: Float32[np.ndarray, "h w"],
    *,
    settings: SimulationSettings,
    rng: np.random.Generator,
) -> None:
    """Add the vitreous film with the noise of its molecules."""
    add_ice(specimen, thickness, settings=settings)
    noise = molecular_noise(
        specimen.grid,
        density=WATER_DENSITY,
        scattering=WATER_SCATTERING,
        structured=True,
        voltage=settings.voltage,
        rng=rng,
    )
    specimen.phase += noise * np.sqrt(thickness)
