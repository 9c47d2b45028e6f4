"""The camera: what it makes of the electrons that reach it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32

from cryoice.simulate.priors import interval, names, share

CAMERA_PIXEL = 1.0
"""Å at the specimen of a usual camera pixel: coarser micrographs are binned from pixels near it."""

_STRIP = 64
"""Rows counted at once: bounds the memory of the 64-bit Poisson numbers."""
_LEAST_SENSITIVE = np.float32(0.3)
"""Worse pixels would be taken for dead ones."""
_FEW = 8.0
"""Electrons per pixel from which on counts are drawn by their first three moments."""


@dataclass(frozen=True)
class Detector:
    """A camera at 300 kV: √DQE and noise transfer (relative) at zero, half and full Nyquist.

    Between and beyond, each follows exp(a f + b f²) through its three values, f = fraction of Nyquist.
    """

    sqrt_dqe: tuple[float, float, float]
    ntf: tuple[float, float, float]

    @property
    def efficiency(self) -> float:
        """Detective quantum efficiency at zero: the share of electrons that counts."""
        return self.sqrt_dqe[0] ** 2

    def signal_transfer(self, fraction: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """√(DQE / DQE(0)) at a fraction of the camera's Nyquist."""
        return _through(self.sqrt_dqe, fraction)

    def noise_transfer(self, fraction: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Transfer of counted electrons into pixel values, 1 at zero."""
        return _through(self.ntf, fraction)


DETECTORS = {
    "k2": Detector(sqrt_dqe=(0.80, 0.64, 0.35), ntf=(1.0, 0.96, 0.85)),
    "k3": Detector(sqrt_dqe=(0.91, 0.75, 0.50), ntf=(1.0, 0.96, 0.85)),
    "falcon3": Detector(sqrt_dqe=(0.89, 0.78, 0.55), ntf=(1.0, 0.93, 0.75)),
    "falcon4": Detector(sqrt_dqe=(0.95, 0.85, 0.70), ntf=(1.0, 0.965, 0.88)),
    "integrating": Detector(sqrt_dqe=(0.75, 0.57, 0.32), ntf=(1.0, 0.627, 0.161)),
    "ccd": Detector(sqrt_dqe=(0.70, 0.40, 0.20), ntf=(1.0, 0.35, 0.12)),
}
"""Cameras by name.

K2's √DQE weights are those in use for counting K2 cameras; the noise transfer of the integrating camera is
fitted to one EPU exposure. All other values are round guesses of each kind's usual behaviour at 300 kV, not
measurements: they spread the prior. What is published and kept here: a Falcon falls more slowly than a K2
towards Nyquist (arXiv:1406.1389), and film and scintillator CCDs are worse than both (PMC2864625).
"""


def _name_fault(name: str) -> str | None:
    return None if name in DETECTORS else f"is no known detector; use some of {', '.join(DETECTORS)}"


@dataclass(frozen=True)
class CameraSettings:
    """Priors of the exposure.

    Attributes
    ----------
    dose, detectors
        e/Å²; names in `DETECTORS` of which each micrograph has one.
    dose_weighted
        Share of the micrographs whose frames were weighted for radiation damage.
    unevenness
        Rms of the pixels' sensitivities, whose means a gain reference evens out, but not their noise.
    counting
        Share of the shot noise's variance that is Poisson's; the rest is readout and errors of the gain.
    drifting, drift
        Share of the micrographs with motion left in them; how far, Å.
    """

    dose: tuple[float, float] = interval(1.0, 500.0)
    detectors: tuple[str, ...] = names(_name_fault)
    dose_weighted: float = share()
    counting: tuple[float, float] = interval(0.05, 1.0)
    unevenness: tuple[float, float] = interval(0.0, 0.2)
    drifting: float = share()
    drift: tuple[float, float] = interval(0.0, 200.0)


def binning(pixel: float) -> int:
    """Camera pixels along one of ``pixel`` Å: coarse micrographs are binned ones."""
    return max(1, round(pixel / CAMERA_PIXEL))


def fraction_of_nyquist(frequency: Float[np.ndarray, "..."], *, pixel: float) -> Float[np.ndarray, "..."]:
    """Fraction of the camera's own Nyquist of s in 1/Å."""
    return 2 * pixel / binning(pixel) * frequency


def count(
    expected: Float32[np.ndarray, "h w"],
    *,
    efficiency: float,
    counting: float,
    unevenness: float,
    rng: np.random.Generator,
) -> Float32[np.ndarray, "h w"]:
    """Count the expected electrons per pixel with a detective quantum efficiency below 1.

    The variance is N / DQE(0) and local means are kept. The share ``counting`` of it is that of
    Poisson's distribution; the rest, readout and errors of the gain, is normal and level. Pixels of
    the sensitivity 1 ± ``unevenness`` count that much more or fewer, and are scaled back.
    """
    counts: Float32[np.ndarray, "h w"] = np.empty(expected.shape, dtype=np.float32)
    level = np.float32(np.sqrt((1 - counting) * expected.mean(dtype=np.float64) / efficiency))
    for start in range(0, len(expected), _STRIP):
        scale = np.float32(efficiency / counting)
        if unevenness > 0:
            normal = rng.standard_normal(expected[start : start + _STRIP].shape, dtype=np.float32)
            scale = scale * np.maximum(1 + np.float32(unevenness) * normal, _LEAST_SENSITIVE)
        strip = counts[start : start + _STRIP]
        strip[...] = _poisson(np.maximum(expected[start : start + _STRIP], 0) * scale, rng)
        strip /= scale
        if counting < 1:
            strip += level * rng.standard_normal(strip.shape, dtype=np.float32)
    return counts


def _poisson(rate: Float32[np.ndarray, "r w"], rng: np.random.Generator) -> Float32[np.ndarray, "r w"]:
    """Poisson numbers, those of high rates by their moments."""
    few: Bool[np.ndarray, "r w"] = rate < _FEW
    numbers = np.empty_like(rate) if few.all() else _many(rate, rng)
    if few.any():
        numbers[few] = rng.poisson(rate[few])
    return numbers


def _many(rate: Float32[np.ndarray, "r w"], rng: np.random.Generator) -> Float32[np.ndarray, "r w"]:
    """Poisson numbers of a high rate r by their Cornish-Fisher series r + √(r - 1/18) z + (z² - 1) / 6.

    Mean and variance are those of the Poisson distribution, the third moment is within 0.3 %.
    """
    normal = rng.standard_normal(rate.shape, dtype=np.float32)
    numbers = np.sqrt(np.maximum(rate - np.float32(1 / 18), 0))
    numbers += normal * np.float32(1 / 6)
    numbers *= normal
    numbers += rate
    numbers -= np.float32(1 / 6)
    return np.maximum(numbers, 0, out=numbers)


def _through(
    weights: tuple[float, float, float], fraction: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """exp(a f + b f²) through three weights at f = 0, ½ and 1, relative to the first."""
    half, full = np.log(weights[1] / weights[0]), np.log(weights[2] / weights[0])
    slope, curve = 4 * half - full, 2 * full - 4 * half
    return np.exp(fraction * (slope + curve * fraction))
