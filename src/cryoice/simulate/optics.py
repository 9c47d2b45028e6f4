"""Image formation: electron wavelength, contrast transfer, detector."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float, Float32

Transfer = Callable[[Float[np.ndarray, "..."]], Float[np.ndarray, "..."]]
"""A filter as a function of the fraction of Nyquist."""

_PLANCK = 6.62607015e-34
_ELECTRON_MASS = 9.1093837015e-31
_CHARGE = 1.602176634e-19
_LIGHT_SPEED = 299792458.0
_STRIP = 256
"""Rows counted at once: bounds the memory of the 64-bit Poisson numbers."""


def electron_wavelength(voltage: float) -> float:
    """Relativistic wavelength in Å at ``voltage`` kV.

    λ = h / √(2 m e U (1 + e U / 2 m c²)); Reimer & Kohl, Transmission Electron Microscopy,
    doi:10.1007/978-0-387-40093-8.
    """
    energy = _CHARGE * voltage * 1e3
    momentum2 = 2 * _ELECTRON_MASS * energy * (1 + energy / (2 * _ELECTRON_MASS * _LIGHT_SPEED**2))
    return float(1e10 * _PLANCK / np.sqrt(momentum2))


def relativistic_mass_ratio(voltage: float) -> float:
    """Mass of an electron of ``voltage`` kV over its rest mass."""
    return 1 + _CHARGE * voltage * 1e3 / (_ELECTRON_MASS * _LIGHT_SPEED**2)


def interaction_constant(voltage: float) -> float:
    """Phase in rad that 1 V Å of projected potential gives an electron of ``voltage`` kV.

    σ = 2π m e λ / h²; Reimer & Kohl, doi:10.1007/978-0-387-40093-8.
    """
    mass = _ELECTRON_MASS * relativistic_mass_ratio(voltage)
    wavelength = electron_wavelength(voltage) * 1e-10
    return float(2 * np.pi * mass * _CHARGE * wavelength / _PLANCK**2 * 1e-10)


@dataclass(frozen=True)
class Optics:
    """The microscope of one micrograph: kV, µm (positive = underfocus), mm, share, Å²."""

    voltage: float
    defocus_um: float
    cs: float
    amplitude_contrast: float
    b_factor: float

    @property
    def wavelength(self) -> float:
        """Electron wavelength in Å."""
        return electron_wavelength(self.voltage)

    def aberration(self, frequency2: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Phase γ = πλΔz s² - ½πC_s λ³ s⁴ in rad at squared frequencies s² (1/Å²).

        Rohou & Grigorieff, doi:10.1016/j.jsb.2015.08.008.
        """
        defocus, cs = 1e4 * self.defocus_um, 1e7 * self.cs  # µm and mm to Å
        wavelength = self.wavelength
        return np.pi * wavelength * frequency2 * (defocus - 0.5 * cs * wavelength**2 * frequency2)

    def ctf(self, frequency2: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Contrast transfer -sin(γ + asin Q) without envelope: particles are dark at underfocus."""
        return -np.sin(self.aberration(frequency2) + np.arcsin(self.amplitude_contrast))

    def envelope(self, frequency2: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Falling amplitude exp(-B s²/4)."""
        return np.exp(-0.25 * self.b_factor * frequency2)

    def image(self, wave: Complex64[np.ndarray, "h w"], *, pixel: float) -> Float32[np.ndarray, "h w"]:
        """Intensity of an exit wave at the detector, periodic at the edges; ``wave`` is destroyed.

        The whole wave is carried through the lens, not its linear part: an ice crystal of 1000 Å
        shifts the phase by several rad. For weak specimens the result is the linear one.
        """
        rows = np.square(scipy.fft.fftfreq(wave.shape[0], pixel))
        columns = np.square(scipy.fft.fftfreq(wave.shape[1], pixel))
        spectrum = scipy.fft.fft2(wave, overwrite_x=True)
        for start in range(0, len(rows), _STRIP):
            strip = slice(start, start + _STRIP)
            frequency2 = rows[strip, None] + columns
            transfer = np.exp(1j * self.aberration(frequency2)) * self.envelope(frequency2)
            spectrum[strip] *= transfer.astype(np.complex64)
        wave = scipy.fft.ifft2(spectrum, overwrite_x=True)
        intensity: Float32[np.ndarray, "h w"] = np.square(wave.real) + np.square(wave.imag)
        return intensity


@dataclass(frozen=True)
class Detector:
    """A counting detector: √DQE at zero, half and full Nyquist; noise transfer at Nyquist."""

    sqrt_dqe: tuple[float, float, float]
    ntf_nyquist: float

    def signal_transfer(self, fraction: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """√(DQE / DQE(0)) at a fraction of Nyquist: the parabola through the three weights."""
        zero, half, full = self.sqrt_dqe
        curve = 2 * (zero - 2 * half + full)
        slope = full - zero - curve
        return np.maximum(zero + fraction * (slope + curve * fraction), 0.0) / zero

    def noise_transfer(self, fraction: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Transfer of counted electrons into pixel values, 1 at zero."""
        return np.maximum(1 - (1 - self.ntf_nyquist) * fraction**2, 0.0)

    def read_out(
        self, expected: Float32[np.ndarray, "h w"], rng: np.random.Generator
    ) -> Float32[np.ndarray, "h w"]:
        """Count electrons and blur them; ``expected`` counts already carry `signal_transfer`.

        A share DQE(0) of the electrons is counted and the gain corrects the mean for it: the
        signal-to-noise ratio at s is then √DQE(s) times the beam's, and local means are kept.
        """
        efficiency = self.sqrt_dqe[0] ** 2
        counts = np.empty_like(expected)
        for start in range(0, len(expected), _STRIP):
            rate = efficiency * np.maximum(expected[start : start + _STRIP], 0)
            counts[start : start + _STRIP] = rng.poisson(rate) / efficiency
        return filtered(counts, self.noise_transfer, scale=1)

    def expose(
        self, intensity: Float32[np.ndarray, "h w"], *, scale: int
    ) -> Float32[np.ndarray, "height width"]:
        """Interpolate an intensity to ``scale`` times finer pixels and give it `signal_transfer`."""
        return filtered(intensity, self.signal_transfer, scale=scale)


def filtered(
    array: Float32[np.ndarray, "h w"], transfer: Transfer, *, scale: int
) -> Float32[np.ndarray, "height width"]:
    """Multiply the spectrum by ``transfer`` (of the output's Nyquist), at ``scale`` times the pixels."""
    height, width = scale * array.shape[0], scale * array.shape[1]
    small = scipy.fft.rfft2(array)
    top, left = (array.shape[0] + 1) // 2, (array.shape[1] + 1) // 2
    rows, columns = 2 * scipy.fft.fftfreq(height), 2 * scipy.fft.rfftfreq(width)
    if scale == 1:
        spectrum = small
    else:
        spectrum = np.zeros((height, width // 2 + 1), dtype=np.complex64)
        spectrum[:top, :left] = small[:top, :left] * scale**2
        spectrum[1 - top :, :left] = small[1 - top :, :left] * scale**2
    for start in range(0, height, _STRIP):
        fraction = np.sqrt(np.square(rows[start : start + _STRIP, None]) + np.square(columns))
        spectrum[start : start + _STRIP] *= transfer(fraction).astype(np.float32)
    return scipy.fft.irfft2(spectrum, (height, width), overwrite_x=True)
