"""Fine-grained crystalline ice: rings of the lattice's spacings instead of spots."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import scipy.fft
from jaxtyping import Float, Float32

from cryoice.simulate.grid import Window
from cryoice.simulate.lattice import Crystal, amplification
from cryoice.simulate.optics import Optics
from cryoice.simulate.specimen import Specimen

_SCHERRER = 0.9
"""Full width at half maximum of a line times the crystallites' size; Scherrer 1918."""
_BLOCK = 1024
"""px, side of the blocks that are filled at once: far wider than any crystallite, quick to transform."""


@dataclass(frozen=True)
class Powder:
    """Crystallites ``size`` Å across.

    ``contrast`` / √2 is the rms that all rings together, if they lay at the innermost, have in the
    image where the contrast transfer is ±1, as for a single fringe of that amplitude.
    """

    crystal: Crystal
    size: float
    contrast: float

    @property
    def innermost(self) -> float:
        """1/Å of the innermost ring."""
        return float(np.linalg.norm(self.crystal.vectors(self.crystal.reflections()), axis=1).min())

    def power(self, frequency: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Relative power per area of the spectrum at s in 1/Å.

        A line has the full width at half maximum 0.9/size. Its power |F|²·multiplicity is spread
        over the circle 2πs, and a share ~1/s of the orientations brings it into the plane of view.
        """
        power = np.zeros_like(frequency)
        for length, line in zip(*self._lines(), strict=True):
            power += line * np.exp(-self._narrowness * np.square(frequency - length))
        return power

    def whole_power(self) -> float:
        """Integral of `power` over the plane, in 1/Å²: Σ 2πg line √(π / narrowness) for narrow lines."""
        lengths, lines = self._lines()
        return float(2 * np.pi * np.sqrt(np.pi / self._narrowness) * (lengths * lines).sum())

    @property
    def _narrowness(self) -> float:
        return float(4 * np.log(2) * (self.size / _SCHERRER) ** 2)

    def _lines(self) -> tuple[Float[np.ndarray, " lines"], Float[np.ndarray, " lines"]]:
        """Radii in 1/Å of the lines and their power."""
        hkl = self.crystal.reflections()
        lengths, which = np.unique(
            np.linalg.norm(self.crystal.vectors(hkl), axis=1).round(6), return_inverse=True
        )
        return lengths, np.bincount(which, np.square(self.crystal.structure_factor(hkl))) / np.square(lengths)


def add_powder(
    specimen: Specimen,
    window: Window,
    weight: Float32[np.ndarray, "rows columns"],
    powder: Powder,
    *,
    optics: Optics,
    rng: np.random.Generator,
) -> None:
    """Add the crystallites' noise to the phase, without rings that lie beyond Nyquist."""
    pixel, inner = specimen.grid.pixel, powder.innermost
    if inner >= 0.5 / pixel:
        return
    rows, columns = scipy.fft.fftfreq(_BLOCK, pixel)[:, None], scipy.fft.rfftfreq(_BLOCK, pixel)
    frequency = np.hypot(rows, columns)
    power = powder.power(frequency) * (frequency < 0.5 / pixel)
    rms = powder.contrast * amplification(optics, np.array([[0.0, inner]]))[0] / np.sqrt(2)
    # irfft2 takes one half of the spectrum and, for its mean square, counts it twice
    whole = powder.whole_power() * (_BLOCK * pixel) ** 2  # rings beyond Nyquist keep their share
    amplitude = (rms * _BLOCK**2 * np.sqrt(power / (2 * whole))).astype(np.float32)
    phase = specimen.phase[window]
    for top, left in product(*(range(0, side, _BLOCK) for side in phase.shape)):
        numbers = rng.standard_normal((*amplitude.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
        noise = scipy.fft.irfft2(numbers * amplitude, (_BLOCK, _BLOCK), overwrite_x=True)
        block = (slice(top, top + _BLOCK), slice(left, left + _BLOCK))
        part = phase[block]
        part += weight[block] * noise[: part.shape[0], : part.shape[1]]
