"""Faults of the beam and the camera that a picture keeps: each is drawn from its strength."""

from math import ceil

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.camera import CAMERA_PIXEL

_HOT = 30.0
"""Mean excess of a hot pixel of the camera, in units of the picture's mean; exponentially distributed."""
_TILES = (8, 64)
"""Fewest and most tiles along the longer side of a camera whose tiles differ: readout channels."""
_LINE_GLOW = 4.0
"""Å over which the line between two halves of a camera fades, at least one pixel."""
_EDGE_BLUR = 0.02
"""Width of the beam's edge as a share of the diagonal: its Fresnel fringes run into one another."""


def vignette(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Let the illumination fall off quadratically by ``strength`` at the corner farthest from its centre."""
    rows, columns = _positions(array, centre=rng.uniform(-0.35, 0.35, 2))
    falloff = np.float32(strength / (np.max(rows**2) + np.max(columns**2)))
    return _scaled(array, 1 - falloff * np.square(rows), -falloff * np.square(columns))


def beam_edge(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Darken what lies outside a round beam that cuts ``strength`` of the diagonal off at one corner."""
    diagonal, radius, turn = np.hypot(*array.shape), rng.uniform(0.6, 1.5), rng.uniform(-0.3, 0.3)
    angle = np.arctan2(*(array.shape * rng.choice([-1, 1], 2))) + turn
    # lengths in diagonals: the beam's centre lies so far from the micrograph's that the edge cuts the corner
    middle = (0.5 - strength - radius) * np.array([np.sin(angle), np.cos(angle)])
    rows, columns = _positions(array, centre=middle * diagonal / array.shape)
    rows, columns = (
        np.square(x * np.float32(n / diagonal)) for x, n in zip((rows, columns), array.shape, strict=True)
    )
    outside = np.sqrt(rows + columns[:, 0])
    outside -= np.float32(radius)
    outside *= np.float32(1 / _EDGE_BLUR)
    np.clip(outside, -20, 20, out=outside)
    np.exp(outside, out=outside)
    outside += 1
    return np.divide(array, outside, out=array)


def gain_stripes(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Multiply columns, rows, both, tiles or alternate tiles by gains that differ by ``strength`` rms.

    Binning averages the gains of the camera's columns and rows.
    """
    kind, number = rng.integers(5), int(rng.integers(*_TILES))
    side = ceil(max(array.shape) / number)
    line = np.float32(strength / np.sqrt(max(1.0, pixel_size / CAMERA_PIXEL)))
    rows, columns = (line * rng.standard_normal((n, 1), np.float32) for n in array.shape)
    if kind < 3:  # columns, rows, both
        return _scaled(array, 1 + rows * np.float32(kind > 0), columns * np.float32(kind != 1))
    shape = [ceil(n / side) for n in array.shape]
    tiles = rng.standard_normal(shape, np.float32) if kind == 3 else 1 - 2 * (np.indices(shape).sum(0) % 2)
    for (i, j), tile in np.ndenumerate(tiles):
        array[i * side : (i + 1) * side, j * side : (j + 1) * side] *= np.float32(1 + strength * tile)
    return array


def middle_line(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Brighten or darken the line in which two halves of the camera meet by ``strength`` of the mean."""
    across, sign = bool(rng.random() < 0.8), float(rng.choice([1.0, 1.0, -1.0]))
    side = array.shape[0 if across else 1]
    distance = np.abs(np.arange(side) - side // 2)
    glow = np.exp(-distance / max(1.0, _LINE_GLOW / pixel_size)).astype(np.float32)
    line = np.float32(sign * strength * array.mean()) * glow
    near = distance < 40
    if across:
        array[near] += line[near, None]
    else:
        array[:, near] += line[near]
    return array


def hot_pixels(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Raise a share ``strength`` of the pixels, at least one, by many times the mean."""
    number = max(1, round(strength * array.size))
    binned = max(1.0, pixel_size / CAMERA_PIXEL) ** 2
    excess = rng.exponential(_HOT, number) * float(array.mean()) / binned
    array.reshape(-1)[rng.integers(array.size, size=number)] += excess.astype(np.float32)
    return array


def dead_lines(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Take a part, often all, of the signal from ``strength`` whole columns or rows."""
    left = 1 - 1 / max(1.0, pixel_size / CAMERA_PIXEL)
    for _ in range(round(strength)):
        vertical, place, part = rng.random() < 0.5, rng.random(), max(0.0, rng.uniform(-1, 0.9))
        lines = array.T if vertical else array
        lines[int(place * len(lines))] *= np.float32(left + (1 - left) * part)
    return array


def _positions(
    array: Float32[np.ndarray, "h w"], *, centre: np.ndarray
) -> tuple[Float32[np.ndarray, "h 1"], Float32[np.ndarray, "w 1"]]:
    """Distance of rows and columns from a centre in units of the sides, 0 = the micrograph's."""
    rows, columns = (
        ((np.arange(n) + 0.5) / n - 0.5 - c).astype(np.float32)[:, None]
        for n, c in zip(array.shape, centre, strict=True)
    )
    return rows, columns


def _scaled(
    array: Float32[np.ndarray, "h w"], rows: Float32[np.ndarray, "h 1"], columns: Float32[np.ndarray, "w 1"]
) -> Float32[np.ndarray, "h w"]:
    """Multiply by ``rows + columns``, a few rows at a time."""
    for start in range(0, len(array), 64):
        array[start : start + 64] *= rows[start : start + 64] + columns[:, 0]
    return array
