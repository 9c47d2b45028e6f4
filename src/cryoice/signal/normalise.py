"""One scale for a whole micrograph, never one per patch."""

import numpy as np
from jaxtyping import Float

HOT_PIXEL = 12.0
"""Robust standard deviations beyond which a pixel is a detector fault: no specimen reaches it."""

_BAND = 64  # rows that are worked on at a time


def robust_location(values: np.ndarray) -> tuple[float, float]:
    """Return the median and 1.4826 times the median absolute deviation (σ of a normal distribution)."""
    sample = values.ravel()[:: max(1, values.size // 1_000_000)]
    middle = float(np.median(sample))
    return middle, 1.4826 * float(np.median(np.abs(sample - middle)))


def clean_pixels(micrograph: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Set NaN and infinity to the median and clip hot pixels at 12 robust standard deviations."""
    finite = np.isfinite(micrograph)
    if not finite.all():
        micrograph = np.where(finite, micrograph, np.float32(np.median(micrograph[finite])))
    middle, spread = robust_location(micrograph)
    if spread == 0:
        return micrograph
    return np.clip(
        micrograph, np.float32(middle - HOT_PIXEL * spread), np.float32(middle + HOT_PIXEL * spread)
    )


def remove_plane(micrograph: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Subtract the plane that fits the brightness of a 32x32 grid of blocks, outlying blocks left out.

    Blocks further than 2.5 robust standard deviations from the plane (support, crystals) are dropped
    and the plane is fitted again, three times. The mean level is removed as well.
    """
    height, width = micrograph.shape
    step_y, step_x = max(1, height // 32), max(1, width // 32)
    rows, cols = height // step_y, width // step_x
    blocks = micrograph[: rows * step_y, : cols * step_x].reshape(rows, step_y, cols, step_x)
    level = blocks.mean(axis=(1, 3), dtype=np.float64).ravel()
    y, x = (axis.ravel() for axis in np.mgrid[:rows, :cols].astype(float))
    y, x = (y + 0.5) * step_y - 0.5, (x + 0.5) * step_x - 0.5
    design = np.column_stack([np.ones_like(y), y, x])
    kept = np.ones(len(level), dtype=bool)
    for _ in range(3):
        plane, *_ = np.linalg.lstsq(design[kept], level[kept], rcond=None)
        residual = level - design @ plane
        middle, spread = robust_location(residual[kept])
        kept = np.abs(residual - middle) <= 2.5 * spread + 1e-12
    flat = np.empty(micrograph.shape, dtype=np.result_type(micrograph, np.float32))
    across = plane[2] * np.arange(width)[None, :]
    for top in range(0, height, _BAND):  # the plane of a whole micrograph would take twice its memory
        band = np.arange(top, min(top + _BAND, height))
        slope = plane[1] * band[:, None] + across + plane[0]
        np.subtract(micrograph[top : top + _BAND], slope.astype(np.float32), out=flat[top : top + _BAND])
    return flat


def standardise(micrograph: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Shift the median to 0 and scale the robust standard deviation to 1."""
    middle, spread = robust_location(micrograph)
    return (micrograph - np.float32(middle)) / np.float32(spread or 1.0)
