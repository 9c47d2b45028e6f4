"""Lattice fringes of hexagonal and cubic ice along zone axes."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import scipy.sparse
from jaxtyping import Float, Float32, Int64

from cryoice.simulate.grid import Grid, Window
from cryoice.simulate.materials import ICE
from cryoice.simulate.optics import Optics
from cryoice.simulate.specimen import Specimen

_FINEST = 1.7
"""Å, smallest spacing drawn: finer fringes hardly pass the envelope of any microscope."""
_LARGEST_INDEX = 5
"""Of the reflections tried: 7.34 Å / 5 lies below the smallest spacing."""
_EXTINCT = 1e-3
"""Share of the strongest structure factor below which a reflection counts as forbidden."""
_WEAKEST_ENVELOPE = 0.05
"""Fringes are not amplified by more than 1/this to reach their contrast through the envelope."""
_DYNAMICAL = 0.3
"""Least share of its kinematic strength that multiple scattering and a small tilt leave a reflection."""


@dataclass(frozen=True)
class Crystal:
    """Cell vectors in Å as rows, and the fractional coordinates of its oxygens."""

    name: str
    cell: Float[np.ndarray, "3 3"]
    oxygens: Float[np.ndarray, "n 3"]

    def vectors(self, hkl: Int64[np.ndarray, "m 3"]) -> Float[np.ndarray, "m 3"]:
        """Reciprocal-lattice vectors in 1/Å."""
        return hkl @ np.linalg.inv(self.cell).T

    def structure_factor(self, hkl: Int64[np.ndarray, "m 3"]) -> Float[np.ndarray, " m"]:
        """|Σ exp(2πi h·x)| per oxygen times exp(-B s²/4), the fall of a water molecule's scattering."""
        geometric = np.abs(np.exp(2j * np.pi * (hkl @ self.oxygens.T)).mean(axis=1))
        return geometric * np.exp(-0.25 * ICE.scattering[1] * np.square(self.vectors(hkl)).sum(axis=1))

    def reflections(self) -> Int64[np.ndarray, "m 3"]:
        """List all allowed reflections up to the finest spacing, one of each ± pair."""
        reach = range(-_LARGEST_INDEX, _LARGEST_INDEX + 1)
        hkl = np.array([index for index in product(reach, repeat=3) if index > (0, 0, 0)])
        hkl = hkl[np.linalg.norm(self.vectors(hkl), axis=1) < 1 / _FINEST]
        strengths = self.structure_factor(hkl)
        return hkl[strengths > _EXTINCT * strengths.max()]


def _hexagonal(a: float, c: float, z: float) -> Crystal:
    cell = np.array([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]])
    sites = [(1 / 3, 2 / 3, z), (2 / 3, 1 / 3, z + 0.5), (2 / 3, 1 / 3, -z), (1 / 3, 2 / 3, 0.5 - z)]
    return Crystal("hexagonal", cell, np.array(sites))


def _diamond(a: float) -> Crystal:
    corners = np.array([(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)])
    return Crystal("cubic", a * np.eye(3), np.concatenate([corners, corners + 0.25]))


HEXAGONAL = _hexagonal(4.498, 7.338, 1 / 16)
"""Ice Ih, P6₃/mmc, oxygens on 4f with z = 1/16 of ideal tetrahedra; the cell of `ICE_IH_SPACINGS`."""
CUBIC = _diamond(6.36)
"""Ice Ic, oxygens as in diamond; König 1943, Z. Kristallogr. 105, 279."""
CRYSTALS = {crystal.name: crystal for crystal in (HEXAGONAL, CUBIC)}


@dataclass(frozen=True)
class Zone:
    """Reflections seen along an axis: 1/Å (row, column), one of each ± pair; their relative strengths."""

    lattice: str
    reflections: Float[np.ndarray, "n 2"]
    strengths: Float[np.ndarray, " n"]


def _along(crystal: Crystal, axis: tuple[int, int, int]) -> Zone:
    """Zone of a direction of the direct lattice; its innermost reflection points along the columns."""
    hkl = crystal.reflections()
    hkl = hkl[hkl @ np.array(axis) == 0]
    vectors = crystal.vectors(hkl)
    inner = vectors[np.argmin(np.linalg.norm(vectors, axis=1))]
    view, along = (part / np.linalg.norm(part) for part in (np.array(axis) @ crystal.cell, inner))
    plane = np.stack([np.cross(view, along), along], axis=1)
    return Zone(crystal.name, vectors @ plane, crystal.structure_factor(hkl))


def _row(crystal: Crystal, hkl: tuple[int, int, int]) -> Zone:
    length = float(np.linalg.norm(crystal.vectors(np.array([hkl]))))
    return Zone(crystal.name, np.array([[0.0, length]]), np.ones(1))


ZONES: dict[str, Zone] = {
    "[0001]": _along(HEXAGONAL, (0, 0, 1)),
    "[11-20]": _along(HEXAGONAL, (1, 1, 0)),
    "[10-10]": _along(HEXAGONAL, (2, 1, 0)),
    "[10-11]": _along(HEXAGONAL, (2, 1, 1)),
    "row {100}": _row(HEXAGONAL, (1, 0, 0)),
    "row {002}": _row(HEXAGONAL, (0, 0, 2)),
    "row {101}": _row(HEXAGONAL, (1, 0, 1)),
    "[001]": _along(CUBIC, (0, 0, 1)),
    "[011]": _along(CUBIC, (0, 1, 1)),
    "[111]": _along(CUBIC, (1, 1, 1)),
    "[112]": _along(CUBIC, (1, 1, 2)),
    "row {111}": _row(CUBIC, (1, 1, 1)),
}
"""Views of a crystal by axis; rows stand for crystals tilted off an axis.

Four-index axes [uvtw] of ice Ih are [u-t, v-t, w] of the direct lattice.
"""


def turned(reflections: Float[np.ndarray, "n 2"], angle: float) -> Float[np.ndarray, "n 2"]:
    """Reflections (row, column) of a crystal turned by an angle in rad, from columns towards -rows."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return reflections @ turn


def fringes(
    grid: Grid,
    window: Window,
    reflections: Float[np.ndarray, "n 2"],
    *,
    amplitudes: Float[np.ndarray, " n"],
    offsets: Float[np.ndarray, " n"],
) -> Float32[np.ndarray, "rows columns"]:
    """Grating Σ a·cos(2π (g·x + offset)) in a window, without what lies beyond Nyquist."""
    seen = np.linalg.norm(reflections, axis=1) < 0.5 / grid.pixel
    rows, columns = (
        2 * np.pi * np.outer(grid.axis(k, window[k]).astype(np.float64), reflections[seen, k]) for k in (0, 1)
    )
    rows += 2 * np.pi * offsets[seen]
    left = np.concatenate([np.cos(rows), -np.sin(rows)], axis=1) * np.tile(amplitudes[seen], 2)
    right = np.concatenate([np.cos(columns), np.sin(columns)], axis=1).T
    # sparse: a threaded dense product may round differently on another number of cores
    return scipy.sparse.csr_array(left.astype(np.float32)) @ np.ascontiguousarray(right, dtype=np.float32)


def amplification(optics: Optics, reflections: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " n"]:
    """Amplitude of a phase grating per relative amplitude in the image where the transfer is ±1.

    A phase grating of amplitude a gives 2·a·exp(-B g²/4).
    """
    envelope = optics.envelope(np.square(reflections).sum(axis=1))
    return 0.5 / np.maximum(envelope, _WEAKEST_ENVELOPE)


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
) -> None:
    """Add the fringes of one crystal to the phase.

    ``contrast`` is the relative amplitude that the strongest fringe has in the image where the
    contrast transfer is ±1.
    """
    reflections = turned(ZONES[zone].reflections, angle)
    strengths = ZONES[zone].strengths * rng.uniform(_DYNAMICAL, 1.0, size=len(reflections))
    amplitudes = contrast * strengths / strengths.max() * amplification(optics, reflections)
    offsets = rng.random(len(reflections))
    if np.linalg.norm(reflections, axis=1).min() < 0.5 / specimen.grid.pixel:
        grating = fringes(specimen.grid, window, reflections, amplitudes=amplitudes, offsets=offsets)
        grating *= weight
        specimen.phase[window] += grating
