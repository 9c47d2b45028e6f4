"""Cells of clean real micrographs, and fringes of ice injected into them."""

import math

import numpy as np
from jaxtyping import Float32, Float64
from scipy.signal.windows import tukey

from benchmarks.labelled.data import LabelledMicrograph, on_map
from cryoice.constants import ICE_IH_SPACINGS

CELL, FADE = 256.0, 32.0
"""Å, a cell's side and how far it fades."""
DOSE, CONTRAST, PAIRS = 45.0, 0.02, 3
SPACINGS = ICE_IH_SPACINGS[:3]


def clean_cells(micrograph: LabelledMicrograph) -> Float64[np.ndarray, "cells 2"]:
    """Return first row and column, px, of the cells of a grid that hold nothing but film labelled clean."""
    shape, side = micrograph.array.shape, CELL / micrograph.pixel_size
    label = on_map(micrograph.label, (shape[0], shape[1]), micrograph=(shape[0], shape[1]))
    corners = [
        (row * side, column * side)
        for row in range(int(shape[0] / side))
        for column in range(int(shape[1] / side))
    ]
    kept = [corner for corner in corners if not label[_square(corner, side)].any()]
    return np.array(kept).reshape(-1, 2)


def with_fringes(
    micrograph: LabelledMicrograph,
    corners: Float64[np.ndarray, "cells 2"],
    rng: np.random.Generator,
    *,
    strength: float = 1.0,
) -> Float32[np.ndarray, "h w"]:
    """Return the micrograph with fringes, ``strength`` times the usual, in cells at these corners (px)."""
    array, pixel_size = micrograph.array.copy(), micrograph.pixel_size
    amplitude = strength * CONTRAST * math.sqrt(DOSE) * pixel_size
    for corner in corners:
        square = _square(tuple(corner), CELL / pixel_size)
        cell = micrograph.array[square]
        row, column = np.indices(cell.shape) * pixel_size
        waves = np.zeros(cell.shape)
        for spacing in rng.choice(SPACINGS, PAIRS):
            angle, phase = rng.uniform(0, 2 * math.pi, 2)
            along = row * math.sin(angle) + column * math.cos(angle)
            waves += np.cos(2 * math.pi * along / spacing + phase)
        fade = np.outer(*(tukey(side, 2 * FADE / CELL) for side in cell.shape))
        array[square] = cell + amplitude * cell.std() * waves * fade
    return array


def _square(corner: tuple[float, ...], side: float) -> tuple[slice, ...]:
    return tuple(slice(round(first), round(first + side)) for first in corner)
