"""Electrons that crystals send aside: missing at their place, found displaced."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import maximum

from cryoice.constants import IGNORE
from cryoice.simulate.grid import Window
from cryoice.simulate.mottle import Mottle, within
from cryoice.simulate.optics import Optics
from cryoice.simulate.specimen import CLEAN, Beam, Specimen

_SEEN = 0.03
"""Share of the electrons from which on a displaced copy of a grain is seen; its place is not labelled."""
_FAINTEST = 0.005
"""Share of the electrons below which a grain's beam is not followed."""


def displacement(reflection: Float[np.ndarray, "2"], optics: Optics) -> Float[np.ndarray, "2"]:
    """Where a defocused image shows the beam exp(2πi g·x): -λ(Δz - C_s λ² g²) g away, in Å.

    The gradient of the aberration γ over -2π: 54 Å per µm of underfocus for 3.67 Å at 300 kV.
    """
    wavelength = optics.wavelength
    defocus, cs = 1e4 * optics.defocus_um, 1e7 * optics.cs  # µm and mm to Å
    return -wavelength * (defocus - cs * wavelength**2 * np.square(reflection).sum()) * reflection


def send_aside(
    specimen: Specimen,
    window: Window,
    aside: Float32[np.ndarray, "rows columns"],
    mottle: Mottle,
    reflection: Callable[[int], Float[np.ndarray, "2"]],
) -> None:
    """Keep the share ``aside`` as beams along each grain's reflection, ± on either side of its tilt."""
    sides = 2 * mottle.cells + mottle.opposite
    strong = maximum(mottle.share, sides, np.arange(2 * mottle.grains)) > _FAINTEST
    for side, part, own in mottle.pieces(sides, strong, window):
        share = aside[part] * own
        if share.max() > _FAINTEST:
            specimen.beams.append(
                Beam(within(window, part), share, reflection(side // 2) * (1 - side % 2 * 2))
            )


def add_diffracted(specimen: Specimen, intensity: Float32[np.ndarray, "h w"], *, optics: Optics) -> None:
    """Add the diffracted electrons to an image at their displaced places, to the nearest pixel."""
    grid = specimen.grid
    for beam in specimen.beams:
        shift = np.rint(displacement(beam.reflection, optics) / grid.pixel).astype(int).tolist()
        inside = tuple(
            slice(max(-part.start - by, 0), max(side - by - part.start, 0))
            for part, by, side in zip(beam.window, shift, grid.shape, strict=True)
        )
        share, absorption = beam.share[inside], specimen.absorption[beam.window][inside]
        # the wave itself carries the transmitted share exp(-absorption); of it, share/(1-share) went
        # aside, but no more than is missing: nothing where the film was torn since
        transmitted = np.exp(-absorption)
        sent = np.minimum(transmitted * share / (1 - share), np.maximum(1 - transmitted, 0))
        target = tuple(
            slice(max(part.start + by, 0), max(part.start + by, 0) + length)
            for part, by, length in zip(beam.window, shift, sent.shape, strict=True)
        )
        intensity[target] += sent
        there = specimen.mask[target]  # a copy of a grain on clean film is neither
        there[(sent > _SEEN) & (there == CLEAN)] = IGNORE
