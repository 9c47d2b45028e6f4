"""Image formation: electron wavelength and contrast transfer."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float, Float32

from cryoice.simulate.priors import interval, numbers

_PLANCK = 6.62607015e-34
_ELECTRON_MASS = 9.1093837015e-31
_CHARGE = 1.602176634e-19
_LIGHT_SPEED = 299792458.0
_STRIP = 16
"""Rows filtered at once: their 64-bit phases stay in the processor's cache."""


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
class MicroscopeSettings:
    """Priors of the microscope.

    Attributes
    ----------
    voltages, cs
        kV and mm, of each of which a micrograph has one.
    defocus, astigmatism
        µm (positive = underfocus), mean of and difference between the two axes.
    amplitude_contrast, b_factor
        Share; Å² in exp(-B s²/4).
    """

    voltages: tuple[float, ...] = numbers(60.0, 1200.0)
    cs: tuple[float, ...] = numbers(0.0, 10.0)
    defocus: tuple[float, float] = interval(0.1, 10.0)
    astigmatism: tuple[float, float] = interval(0.0, 2.0)
    amplitude_contrast: tuple[float, float] = interval(0.0, 0.5)
    b_factor: tuple[float, float] = interval(0.0, 1000.0)


@dataclass(frozen=True)
class Optics:
    """The microscope of one micrograph: kV, µm (positive = underfocus), mm, share, Å².

    ``defocus_um`` is the mean of the two axes' defocus U and V, ``astigmatism_um`` is U - V, and
    the axis of U lies ``astigmatism_angle``° from the direction of rising columns towards rising rows.
    """

    voltage: float
    defocus_um: float
    cs: float
    amplitude_contrast: float
    b_factor: float
    astigmatism_um: float = 0.0
    astigmatism_angle: float = 0.0

    @classmethod
    def draw(cls, settings: MicroscopeSettings, rng: np.random.Generator) -> "Optics":
        """Draw the settings of one micrograph."""
        return cls(
            voltage=float(rng.choice(settings.voltages)),
            defocus_um=float(rng.uniform(*settings.defocus)),
            cs=float(rng.choice(settings.cs)),
            amplitude_contrast=float(rng.uniform(*settings.amplitude_contrast)),
            b_factor=float(rng.uniform(*settings.b_factor)),
            astigmatism_um=float(rng.uniform(*settings.astigmatism)),
            astigmatism_angle=float(rng.uniform(0, 180)),
        )

    @property
    def wavelength(self) -> float:
        """Electron wavelength in Å."""
        return electron_wavelength(self.voltage)

    def aberration(
        self, frequency2: Float[np.ndarray, "..."], stretch: Float[np.ndarray, "..."] | float = 0.0
    ) -> Float[np.ndarray, "..."]:
        """Phase γ = πλΔz(θ) s² - ½πC_s λ³ s⁴ in rad at squared frequencies s² (1/Å²).

        Δz(θ) = ½ (U + V + (U - V) cos 2(θ - θ_U)); Rohou & Grigorieff, doi:10.1016/j.jsb.2015.08.008.
        ``stretch`` is s² cos 2(θ - θ_U), 0 midway between the two axes.
        """
        defocus, astigmatism, cs = 1e4 * self.defocus_um, 1e4 * self.astigmatism_um, 1e7 * self.cs  # Å
        wavelength = self.wavelength
        even = frequency2 * (defocus - 0.5 * cs * wavelength**2 * frequency2)
        return np.pi * wavelength * (even + 0.5 * astigmatism * stretch)

    def stretch(
        self, rows: Float[np.ndarray, "..."], columns: Float[np.ndarray, "..."]
    ) -> Float[np.ndarray, "..."]:
        """s² cos 2(θ - θ_U) in 1/Å² at the frequencies (row, column) in 1/Å."""
        cosine, sine = (f(np.deg2rad(2 * self.astigmatism_angle)) for f in (np.cos, np.sin))
        return cosine * (np.square(columns) - np.square(rows)) + rows * (2 * sine * columns)

    def ctf(
        self, frequency2: Float[np.ndarray, "..."], stretch: Float[np.ndarray, "..."] | float = 0.0
    ) -> Float[np.ndarray, "..."]:
        """Contrast transfer -sin(γ + asin Q) without envelope: particles are dark at underfocus."""
        return -np.sin(self.aberration(frequency2, stretch) + np.arcsin(self.amplitude_contrast))

    def envelope(self, frequency2: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Falling contrast exp(-B s²/4) of the intensity: blur and lost coherence take no electrons away."""
        return np.exp(-0.25 * self.b_factor * frequency2)

    def image(self, wave: Complex64[np.ndarray, "h w"], *, pixel: float) -> Float32[np.ndarray, "h w"]:
        """Intensity of an exit wave at the detector, periodic at the edges; ``wave`` is destroyed.

        The whole wave is carried through the lens, not its linear part: an ice crystal of 1000 Å
        shifts the phase by several rad. For weak specimens the result is the linear one. The lens
        loses no electrons; `envelope` is to be applied to the intensity.
        """
        rows = scipy.fft.fftfreq(wave.shape[0], pixel)[:, None]
        columns = scipy.fft.fftfreq(wave.shape[1], pixel)
        spectrum = scipy.fft.fft2(wave, overwrite_x=True)
        for start in range(0, len(rows), _STRIP):
            strip = slice(start, start + _STRIP)
            spectrum[strip] *= self._transfer(rows[strip], columns)
        wave = scipy.fft.ifft2(spectrum, overwrite_x=True)
        intensity: Float32[np.ndarray, "h w"] = np.square(wave.real)
        for start in range(0, len(rows), _STRIP):
            intensity[start : start + _STRIP] += np.square(wave.imag[start : start + _STRIP])
        return intensity

    def _transfer(
        self, rows: Float[np.ndarray, "r 1"], columns: Float[np.ndarray, " c"]
    ) -> Complex64[np.ndarray, "r c"]:
        """Wave transfer exp(iγ) at frequencies in 1/Å."""
        rows2, columns2 = np.square(rows), np.square(columns)
        stretch = self.stretch(rows, columns) if self.astigmatism_um else 0.0
        phase = self.aberration(rows2 + columns2, stretch)
        # sine and cosine of 32 bits are four times quicker; thousands of rad need 64 until here
        phase -= 2 * np.pi * np.rint(phase / (2 * np.pi))
        angle = phase.astype(np.float32)
        transfer: Complex64[np.ndarray, "r c"] = np.empty(angle.shape, dtype=np.complex64)
        np.cos(angle, out=transfer.real)
        np.sin(angle, out=transfer.imag)
        return transfer
