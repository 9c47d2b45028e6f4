"""The specimen on its grid: what each artifact and particle puts into the electrons' way."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Complex64, Float, Float32, Int64, UInt16
from scipy.ndimage import maximum_filter, minimum_filter

from cryoice.constants import CLASSES, IGNORE
from cryoice.simulate.grid import WHOLE, Grid, Window

NO_FILM = 10.0
"""Å of ice below which nothing holds a particle."""
CLEAN, CRYSTALLINE, CONTAMINATION, SUPPORT, OTHER = range(len(CLASSES))


@dataclass(frozen=True)
class Beam:
    """Electrons that a crystal diffracts: where they leave, their share there, where they go (1/Å)."""

    window: Window
    share: Float32[np.ndarray, "rows columns"]
    reflection: Float[np.ndarray, "2"]


@dataclass
class Specimen:
    """What the electrons meet, accumulated piece by piece.

    Attributes
    ----------
    ice, carbon
        Thickness in Å of the vitreous film and of carbon.
    protein
        Projected volume of protein in Å (Å³ over Å²), at about 8 Å resolution.
    phase, absorption
        Of all else: rad; optical depth, by exp(-absorption) of which the intensity falls.
    beams
        What crystals send aside.
    mask
        Class of every pixel.
    parameters
        What was drawn, for the record.
    """

    grid: Grid
    ice: Float32[np.ndarray, "h w"]
    carbon: Float32[np.ndarray, "h w"]
    protein: Float32[np.ndarray, "h w"]
    phase: Float32[np.ndarray, "h w"]
    absorption: Float32[np.ndarray, "h w"]
    mask: UInt16[np.ndarray, "h w"]
    beams: list[Beam] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def empty(cls, grid: Grid) -> "Specimen":
        """Vacuum."""
        ice, carbon, protein, phase, absorption = (np.zeros(grid.shape, dtype=np.float32) for _ in range(5))
        mask = np.zeros(grid.shape, dtype=np.uint16)
        return cls(grid, ice, carbon, protein, phase, absorption, mask=mask)

    def exit_wave(self) -> Complex64[np.ndarray, "h w"]:
        """Wave behind phase and absorption for an incident wave of amplitude 1."""
        amplitude = np.exp(np.float32(-0.5) * self.absorption)
        wave = np.empty(self.grid.shape, dtype=np.complex64)
        np.multiply(amplitude, np.cos(self.phase), out=wave.real)
        np.multiply(amplitude, np.sin(self.phase), out=wave.imag)
        return wave

    def class_at(self, positions: Float[np.ndarray, "n 2"]) -> Int64[np.ndarray, " n"]:
        """Class under each position in Å."""
        index = np.rint(positions / self.grid.pixel).astype(int) + self.grid.margin
        rows, columns = (np.clip(index[:, k], 0, self.grid.shape[k] - 1) for k in (0, 1))
        return self.mask[rows, columns].astype(np.int64)

    def holds(self, window: Window = WHOLE) -> Bool[np.ndarray, "rows columns"]:
        """Tell where film and foil were not torn away, so that something can lie there."""
        return (self.ice[window] > NO_FILM) | (self.carbon[window] > 0) | (self.mask[window] != OTHER)

    def certain(self) -> "Specimen":
        """Return the same specimen with `IGNORE` in the mask beside every pixel of another class."""
        alike = maximum_filter(self.mask, 3) == minimum_filter(self.mask, 3)
        return replace(self, mask=np.where(alike, self.mask, np.uint16(IGNORE)))
