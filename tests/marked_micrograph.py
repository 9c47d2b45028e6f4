"""A stand-in for the simulation: micrographs with single bright pixels, made in no time."""

from typing import Any

import numpy as np

from cryoice.simulate.micrograph import SimulatedMicrograph
from cryoice.simulate.picks import SimulatedPicks


def marked(*, pixels, size, pixel_size, mask=None, **parameters) -> SimulatedMicrograph:
    """Mark the particles' pixels (row, column) with ones; the first is a GOOD pick, the others BAD ones."""
    array = np.zeros(size, dtype=np.float32)
    for row, column in pixels:
        array[row, column] = 1.0
    positions = pixel_size * np.array(pixels, dtype=np.float64).reshape(-1, 2)
    label = np.minimum(np.arange(len(positions)), 1)
    drawn: dict[str, Any] = {"voltage": 300.0, "cs": 2.7, "amplitude_contrast": 0.1}
    drawn |= {"defocus_um": 1.5, "astigmatism_um": 0.0, "astigmatism_angle": 0.0}
    return SimulatedMicrograph(
        array=array,
        mask=np.zeros(size, dtype=np.uint16) if mask is None else mask,
        particles=positions,
        diameter=60.0,
        picks=SimulatedPicks(positions, label, label),
        parameters=drawn | {"thickness": 400.0} | parameters,
    )


def simulate_marked(settings, protein, key) -> SimulatedMicrograph:
    """Take the place of `simulate_micrograph`: three marked pixels that depend on the key alone."""
    rng = np.random.default_rng(key)
    pixels = [
        tuple(row) for row in rng.integers((20, 20), np.array(settings.size) - 20, size=(3, 2)).tolist()
    ]
    voltage = float(rng.choice([200.0, 300.0]))
    return marked(pixels=pixels, size=settings.size, pixel_size=settings.pixel_size, voltage=voltage)
