"""Outlines of blobs: distance from the centre as a share of the outline's radius there."""

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.grid import Grid, Window


def _polar(
    grid: Grid, window: Window, centre: Float[np.ndarray, "2"]
) -> tuple[Float32[np.ndarray, "rows columns"], Float32[np.ndarray, "rows columns"]]:
    y = (grid.axis(0, window[0]) - np.float32(centre[0]))[:, None]
    x = (grid.axis(1, window[1]) - np.float32(centre[1]))[None]
    return np.hypot(y, x), np.arctan2(y, x)


def wavy_radius(
    grid: Grid,
    window: Window,
    centre: Float[np.ndarray, "2"],
    *,
    radius: float,
    waviness: float,
    rng: np.random.Generator,
) -> Float32[np.ndarray, "rows columns"]:
    """Round outline of ``radius`` Å with random waves of up to about ``waviness`` of it."""
    distance, angle = _polar(grid, window, centre)
    outline = np.ones_like(distance)
    for order in range(2, 7):
        amplitude, phase = waviness * rng.standard_normal() / order, rng.uniform(0, 2 * np.pi)
        outline += np.float32(amplitude) * np.cos(order * angle + np.float32(phase))
    return distance / (np.float32(radius) * np.clip(outline, 0.4, 1.45))
