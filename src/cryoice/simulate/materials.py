"""What ice, carbon and their molecules do to the electron wave."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float, Float32

from cryoice.simulate.grid import WHOLE, Grid, Window
from cryoice.simulate.optics import electron_wavelength, interaction_constant, relativistic_mass_ratio
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import Specimen

WATER_PEAK = 1 / 3.72
"""1/Å, first peak of amorphous ice's structure factor (Q = 1.69 1/Å)."""
_STRIP = 256
"""Rows of a spectrum filled at once."""


@dataclass(frozen=True)
class Material:
    """An amorphous material.

    Attributes
    ----------
    potential
        Mean inner potential, V.
    free_path
        Mean free path of the electrons as a share of that in ice.
    density
        Molecules per Å³.
    scattering
        Electron scattering length of a molecule: Å at zero angle, B in Å² of its fall exp(-B s²/4).
    structured
        Whether the molecules keep the distances of water; else they lie at random.
    """

    potential: float
    free_path: float
    density: float
    scattering: tuple[float, float]
    structured: bool


ICE = Material(potential=3.5, free_path=1.0, density=0.0314, scattering=(3.04, 30.0), structured=True)
"""Vitreous ice: 3.5 V (Harscher & Lichte 1998, electron holography), 0.94 g/cm³, O 1.98 + 2 H 0.53 Å."""
CARBON = Material(potential=9.0, free_path=0.5, density=0.1, scattering=(2.5, 20.0), structured=False)
"""Amorphous carbon: 8-10 V in electron holography, 2 g/cm³, about twice as dense as ice."""
GOLD = Material(potential=25.0, free_path=0.033, density=0.059, scattering=(10.6, 6.0), structured=False)
"""Gold: 25 V amid holography and calculation (20-30 V), 19.3 g/cm³. Elastic cross-section 0.13 Å² at 300 kV
by σ = 1.4e-4 Å² Z^1.5/β² (1 - 0.26 Z/137β), doi:10.1016/0304-3991(92)90024-E: 130 Å of free path."""


def mean_free_path(at_300_kv: float, *, voltage: float) -> float:
    """Mean free path in Å at ``voltage`` kV: it goes as the square of the electrons' speed.

    Inelastic scattering follows 1/β² but for a logarithm; Reimer & Kohl, doi:10.1007/978-0-387-40093-8.
    """
    speed2, speed2_at_300 = (1 - 1 / relativistic_mass_ratio(kv) ** 2 for kv in (voltage, 300.0))
    return at_300_kv * speed2 / speed2_at_300


def add_material(
    specimen: Specimen,
    thickness: Float32[np.ndarray, "rows columns"],
    material: Material,
    *,
    scene: Scene,
    window: Window = WHOLE,
) -> None:
    """Add a thickness in Å without its noise: optical depth t/L and phase σ·V·t."""
    free_path = material.free_path * scene.mean_free_path
    specimen.absorption[window] += thickness * np.float32(1 / free_path)
    phase = interaction_constant(scene.optics.voltage) * material.potential
    specimen.phase[window] += thickness * np.float32(phase)


def water_structure(frequency: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Structure factor of amorphous ice: 0.06 at zero, a peak at 3.72 Å, 1 beyond.

    Rise and peak are as wide as lets the picture's ring, which the falling scattering and envelope
    shift outwards, lie at 3.75 Å with a width of about 0.35 Å, as in electron micrographs.
    """
    rise = 1 / (1 + np.exp(-(frequency - 0.25) / 0.02))
    return 0.06 + 0.94 * rise + 1.2 * np.exp(-0.5 * np.square((frequency - WATER_PEAK) / 0.012))


def noise_power(
    material: Material, frequency: Float[np.ndarray, "..."], *, voltage: float
) -> Float[np.ndarray, "..."]:
    """Power ρ (λ γ f(s))² S(s) of the phase of 1 Å of a material, in Å² per Å, at s in 1/Å.

    ρ molecules per Å³ have the scattering length f; γ is the electron's relativistic mass ratio.
    """
    zero, fall = material.scattering
    length = zero * np.exp(-0.25 * fall * np.square(frequency))
    wave = electron_wavelength(voltage) * relativistic_mass_ratio(voltage)
    structure = water_structure(frequency) if material.structured else 1.0
    return material.density * np.square(wave * length) * structure


def molecular_noise(
    grid: Grid, material: Material, *, voltage: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Random phase in rad of 1 Å of a material; it grows with the root of the thickness."""
    height, width = grid.shape
    half = width // 2 + 1
    table = np.linspace(0, 0.75 / grid.pixel, 4096)  # the corners of the spectrum lie at 0.707 / pixel
    amplitude = np.sqrt(0.5 * height * width * noise_power(material, table, voltage=voltage)) / grid.pixel
    rows = scipy.fft.fftfreq(height, grid.pixel).astype(np.float32)
    columns = scipy.fft.rfftfreq(width, grid.pixel).astype(np.float32)
    spectrum: Complex64[np.ndarray, "h half"] = np.empty((height, half), dtype=np.complex64)
    for start in range(0, height, _STRIP):
        strip = spectrum[start : start + _STRIP]
        frequency = np.hypot(rows[start : start + _STRIP, None], columns)
        strip.real, strip.imag = rng.standard_normal((2, *strip.shape), dtype=np.float32)
        strip *= amplitude.astype(np.float32)[(frequency * np.float32(1 / table[1])).astype(np.int32)]
    spectrum[:, 0] *= np.float32(np.sqrt(2))  # irfft2 keeps the real half of these columns' power
    if width % 2 == 0:
        spectrum[:, -1] *= np.float32(np.sqrt(2))
    return scipy.fft.irfft2(spectrum, grid.shape, overwrite_x=True)
