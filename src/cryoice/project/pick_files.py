"""Coordinate files with their particles by micrograph, and which mask each micrograph has."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int

from cryoice.errors import InputError
from cryoice.files.frames import to_positions
from cryoice.files.names import match_micrographs
from cryoice.files.particles import CoordinateFile, Particles
from cryoice.project.mask_folder import Masked, MaskFolder

FLIPPED = {"top": "cryoppp", "cryoppp": "top"}
"""The frame that counts rows from the other end."""

_SAME = 1.15
"""Ratio up to which two pixel sizes are two calibrations of the same pixels."""

_NEARLY_WHOLE = 0.05
"""Relative distance from a whole number up to which a ratio of pixel sizes is a binning."""

_ROUNDING = 1.001
"""Ratio up to which the pixel sizes of one micrograph's particles are one."""

_ASPECT = 0.01


@dataclass(frozen=True)
class PickFile:
    """A coordinate file and the rows of its particles by the name of their micrograph, in its order."""

    file: CoordinateFile
    rows: dict[str, Int[np.ndarray, " m"]]

    @classmethod
    def of(cls, file: CoordinateFile) -> "PickFile":
        """Group the particles of a file."""
        codes, names = pd.factorize(file.particles.micrograph)
        order = np.argsort(codes, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if len(codes) else []
        return cls(file, {str(name): rows for name, rows in zip(names, parts, strict=True)})


def masks_of(files: Iterable[PickFile], folder: MaskFolder, *, exact: bool = False) -> dict[str, Masked]:
    """Return the masked micrograph of each name in the files; a name without one is left out.

    A name that means a micrograph which was to be masked and is not has no mask, whatever is like it.

    Parameters
    ----------
    files
        Whose micrographs are looked for.
    folder
        Masks.
    exact
        Names are those of the list that was masked, to the letter; else as `match_micrographs` has it.

    Raises
    ------
    InputError
        A name may mean several micrographs; lists them.
    """
    names = list(dict.fromkeys(name for file in files for name in file.rows))
    known = [*folder.by_name, *sorted(folder.unmasked)]
    pairs = {name: name for name in names} if exact else match_micrographs(names, known).pairs
    return {name: folder.by_name[own] for name, own in pairs.items() if own in folder.by_name}


@dataclass(frozen=True)
class Placed:
    """Particles of one micrograph, on it.

    Attributes
    ----------
    positions
        Row and column, px of a micrograph of ``shape``.
    shape
        Height and width in px as the coordinates count them.
    pixel_size
        Å/px of those pixels, by the calibration that the mask was made with.
    doubt
        What is odd about the pixel size, in words; None: nothing.
    """

    positions: Float64[np.ndarray, "m 2"]
    shape: tuple[int, int]
    pixel_size: float
    doubt: str | None


def place(
    particles: Particles,
    rows: Int[np.ndarray, " m"],
    masked: Masked,
    *,
    pixel_size: float | None,
    flip_y: bool | None,
) -> Placed:
    """Put some particles of one micrograph onto it, in the pixels that their file counts.

    ``pixel_size`` is the user's, in Å/px; None takes the file's, else the mask's. A ratio to the mask's
    that is near 1 is another calibration of the same pixels; near a whole number, or one over it, the
    coordinates count binned pixels, or the mask was made of a binned micrograph.

    Raises
    ------
    InputError
        The pixel sizes, or the shape that the file tells, fit neither.
    """
    doubt = None
    if particles.shapes is not None:
        binning = _binning_of_shape(particles.shapes[rows[0]], masked)
    else:
        binning, doubt = _binning(_told(particles, rows), masked.pixel_size, given=pixel_size)
    height, width = (max(1, round(side / binning)) for side in masked.shape)
    frame = FLIPPED.get(particles.frame, particles.frame) if flip_y else particles.frame
    positions = to_positions(particles.x[rows], particles.y[rows], shape=(height, width), frame=frame)
    return Placed(positions, (height, width), masked.pixel_size * binning, doubt)


def _told(particles: Particles, rows: Int[np.ndarray, " m"]) -> float | None:
    if particles.pixel_size is None:
        return None
    sizes = particles.pixel_size[rows]
    sizes = sizes[np.isfinite(sizes)]
    if not len(sizes):
        return None
    least, most = float(sizes.min()), float(sizes.max())
    if most > _ROUNDING * least:
        raise InputError(f"its particles have pixel sizes from {least:g} to {most:g} Å/px; mend the file")
    return most


def _binning(told: float | None, own: float, *, given: float | None) -> tuple[float, str | None]:
    """Return how many pixels of the micrograph a pixel of the coordinates is, and what is odd."""
    size = given or told or own
    ratio = size / own
    if 1 / _SAME <= ratio <= _SAME:
        binning = 1.0
    else:
        whole = round(max(ratio, 1 / ratio))
        binning = float(whole) if ratio > 1 else 1 / whole
        if abs(ratio / binning - 1) > _NEARLY_WHOLE:
            raise InputError(
                f"its coordinates count pixels of {size:g} Å and its mask was made at {own:g} Å/px: "
                "neither the same pixels nor binned ones; give --angpix"
            )
    if given and told and abs(given / told - 1) > 0.01:
        return binning, f"--angpix {given:g} is taken, though the file says {told:g} Å/px"
    if abs(ratio / binning - 1) > 0.01:
        return binning, (
            f"the coordinates' pixel size {size:g} Å differs from the mask's {own:g} Å: taken for "
            f"{'the same pixels' if binning == 1 else f'a binning of {max(binning, 1 / binning):g}'}"
        )
    return binning, None


def _binning_of_shape(shape: Int[np.ndarray, " 2"], masked: Masked) -> float:
    height, width = int(shape[0]), int(shape[1])
    if min(height, width) < 1 or abs(height * masked.shape[1] / (width * masked.shape[0]) - 1) > _ASPECT:
        raise InputError(
            f"its file says {width} x {height} px and its mask was made of {masked.shape[1]} x "
            f"{masked.shape[0]} px; mask the micrograph that was picked"
        )
    return masked.shape[0] / height
