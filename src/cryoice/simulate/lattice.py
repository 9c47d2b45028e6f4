"""Lattice fringes of hexagonal ice."""

import numpy as np
from jaxtyping import Float, Float32

from cryoice.constants import ICE_IH_SPACINGS
from cryoice.simulate.grid import Grid, Window
from cryoice.simulate.optics import Optics
from cryoice.simulate.specimen import Specimen

_A_STAR = 1 / ICE_IH_SPACINGS[0]
_C_STAR = 0.5 / ICE_IH_SPACINGS[1]

ZONES: dict[str, tuple[tuple[float, float], ...]] = {
    "[0001]": tuple(
        (float(length * np.sin(angle)), float(length * np.cos(angle)))
        for length, first in ((_A_STAR, 0.0), (np.sqrt(3) * _A_STAR, np.pi / 6))
        for angle in first + np.pi / 3 * np.arange(3)
    ),
    "[11-20]": (
        (0.0, _A_STAR),
        (2 * _C_STAR, 0.0),
        (_C_STAR, _A_STAR),
        (-_C_STAR, _A_STAR),
        (2 * _C_STAR, _A_STAR),
        (-2 * _C_STAR, _A_STAR),
    ),
    "row {100}": ((0.0, _A_STAR),),
    "row {002}": ((2 * _C_STAR, 0.0),),
    "row {101}": ((_C_STAR, _A_STAR),),
}
"""Reflections of hexagonal ice along an axis, 1/Å (row, column), one of each ± pair.

Kinematically forbidden {001} is left out. Rows stand for crystals tilted off an axis.
"""

_WEAKEST_ENVELOPE = 0.05
"""Fringes are not amplified by more than 1/this to reach their contrast through the envelope."""


def fringes(
    grid: Grid,
    window: Window,
    reflection: Float[np.ndarray, "2"],
    *,
    amplitude: float,
    offset: float,
) -> Float32[np.ndarray, "rows columns"]:
    """Phase grating amplitude·cos(2π g·x + offset) in a window; zero where g lies beyond Nyquist."""
    if np.linalg.norm(reflection) >= 0.5 / grid.pixel:
        return np.zeros(tuple(part.stop - part.start for part in window), dtype=np.float32)
    rows = np.exp(2j * np.pi * (reflection[0] * grid.axis(0, window[0]).astype(np.float64) + offset))
    columns = np.exp(2j * np.pi * reflection[1] * grid.axis(1, window[1]).astype(np.float64))
    across, along = rows.astype(np.complex64)[:, None], columns.astype(np.complex64)[None]
    return np.float32(amplitude) * (across.real * along.real - across.imag * along.imag)


def add_lattice(
    specimen: Specimen,
    window: Window,
    weight: Float32[np.ndarray, "rows columns"],
    *,
    zone: str,
    angle: float,
    contrast: float,
    optics: Optics,
    rng: np.random.Generator,
) -> Float[np.ndarray, "2"]:
    """Add the fringes of one crystal and return its strongest reflection (1/Å).

    ``contrast`` is the relative amplitude that the strongest fringe has in the image where the
    contrast transfer is ±1; a phase grating of amplitude a gives 2·a·exp(-B g²/4).
    """
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    reflections = np.array(ZONES[zone]) @ turn
    strengths = rng.uniform(0.4, 1.0, size=len(reflections))
    strengths *= np.exp(-2.0 * (np.linalg.norm(reflections, axis=1) / _A_STAR - 1))
    strengths /= strengths.max()
    envelope = optics.envelope(np.sum(np.square(reflections), axis=1))
    amplitudes = 0.5 * contrast * strengths / np.maximum(envelope, _WEAKEST_ENVELOPE)
    offsets = rng.random(len(reflections))
    for reflection, amplitude, offset in zip(reflections, amplitudes, offsets, strict=True):
        specimen.phase[window] += weight * fringes(
            specimen.grid, window, reflection, amplitude=float(amplitude), offset=float(offset)
        )
    strongest: Float[np.ndarray, "2"] = reflections[np.argmax(strengths)]
    return strongest
