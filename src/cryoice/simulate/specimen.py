"""The specimen on its grid: what each artifact and particle adds to the electron wave."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Complex64, Float, Float32, Int64, UInt16

from cryoice.constants import CLASSES
from cryoice.simulate.grid import Grid, Window

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
    phase
        rad.
    absorption
        Optical depth: the intensity falls by exp(-absorption).
    beams
        What crystals send aside.
    mask
        Class of every pixel.
    parameters
        What was drawn, for the record.
    """

    grid: Grid
    phase: Float32[np.ndarray, "h w"]
    absorption: Float32[np.ndarray, "h w"]
    mask: UInt16[np.ndarray, "h w"]
    beams: list[Beam] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def empty(cls, grid: Grid) -> "Specimen":
        """Vacuum."""
        phase, absorption = (np.zeros(grid.shape, dtype=np.float32) for _ in range(2))
        return cls(grid, phase, absorption, mask=np.zeros(grid.shape, dtype=np.uint16))

    def add_protein(self, phase: Float32[np.ndarray, "h w"], *, amplitude_contrast: float) -> None:
        """Add protein of a phase shift; asin(Q) of it is absorbed, so that `Optics.ctf` is its transfer."""
        self.phase += phase * np.float32(np.sqrt(1 - amplitude_contrast**2))
        self.absorption += phase * np.float32(2 * amplitude_contrast)

    def exit_wave(self) -> Complex64[np.ndarray, "h w"]:
        """Wave behind the specimen for an incident wave of amplitude 1."""
        wave = np.exp(-0.5 * self.absorption).astype(np.complex64)
        wave *= np.exp(1j * self.phase)
        return wave

    def class_at(self, positions: Float[np.ndarray, "n 2"]) -> Int64[np.ndarray, " n"]:
        """Class under each position in Å."""
        index = np.rint(positions / self.grid.pixel).astype(int) + self.grid.margin
        rows, columns = (np.clip(index[:, k], 0, self.grid.shape[k] - 1) for k in (0, 1))
        return self.mask[rows, columns].astype(np.int64)
