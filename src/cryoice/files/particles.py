"""Particles as a coordinate file names them, and what every kind of coordinate file can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

__all__ = ["CoordinateFile", "Particles", "told_per_row"]


@dataclass(frozen=True)
class Particles:
    """Particle centres of one file, in the file's order; no row is judged or left out.

    Attributes
    ----------
    micrograph
        Name of each particle's micrograph, a str, as the file writes it; for a file of one micrograph
        that names none, the file's own stem.
    x, y
        Centres in px of the micrograph, in the file's own frame; NaN where the file holds no number.
    frame
        One of `files.frames.FRAMES`: 'top' means row = y, 'cryoppp' row = H - 1 - y.
    box_size
        Side of each particle's box, px of its own micrograph; None unless format or file tells all.
    pixel_size
        Å/px of each particle's micrograph, in which its coordinates count; NaN where the file does not
        tell it, None when it tells none.
    shapes
        Height and width of each particle's micrograph, px; None when the file does not tell.
    frame_sure
        False where programs disagree about the format's frame, so that its micrographs should be asked.
    """

    micrograph: np.ndarray
    x: Float64[np.ndarray, " n"]
    y: Float64[np.ndarray, " n"]
    frame: str
    box_size: Float64[np.ndarray, " n"] | None
    pixel_size: Float64[np.ndarray, " n"] | None
    shapes: Int[np.ndarray, "n 2"] | None
    frame_sure: bool = True


def told_per_row(pixel_sizes: Float[np.ndarray, " n"]) -> Float64[np.ndarray, " n"] | None:
    """Give Å/px of each row, NaN where it is no number above 0; None when no row tells any."""
    usable = np.isfinite(pixel_sizes) & (pixel_sizes > 0)
    return np.where(usable, pixel_sizes, np.nan).astype(np.float64) if usable.any() else None


@runtime_checkable
class CoordinateFile(Protocol):
    """A coordinate file in memory, which can be written again with fewer particles."""

    @property
    def path(self) -> Path:
        """Where it was read from."""
        ...

    @property
    def particles(self) -> Particles:
        """Its particles, in the file's order."""
        ...

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the particles that ``keep`` marks, in the same format, all else as it was.

        Parameters
        ----------
        path
            File to write, whole or not at all.
        keep
            One value per particle of the file, in its order.
        columns
            What was found, by name: a text per particle of the file; added as columns, or in place of
            those of the same name, where the format can hold them, else in a file beside it.

        Raises
        ------
        InputError
            The file cannot be written.
        """
        ...
