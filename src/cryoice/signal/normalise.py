"""One scale for a whole micrograph, never one per patch."""

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped

HOT_PIXEL = 12.0
"""Robust standard deviations beyond which a pixel is a detector fault: no specimen reaches it."""

_BAND = 64  # rows that are worked on at a time


def robust_location(
    values: Float[np.ndarray, "*shape"], missing: Bool[np.ndarray, "*shape"] | None = None
) -> tuple[float, float]:
    """Return the median and 1.4826 times the median absolute deviation (σ of a normal distribution).

    Of a million values, evenly spread; those that are ``missing`` do not count, unless all are.
    """
    step = max(1, values.size // 1_000_000)
    sample = values.ravel()[::step]
    if missing is not None:
        known = sample[~missing.ravel()[::step]]
        sample = known if known.size else values[~missing]
        if not sample.size:
            return 0.0, 0.0
    middle = float(np.median(sample))
    return middle, 1.4826 * float(np.median(np.abs(sample - middle)))


def clean_pixels(
    micrograph: Float[np.ndarray, "h w"], missing: Bool[np.ndarray, "h w"] | None = None
) -> Float[np.ndarray, "h w"]:
    """Return a copy with hot pixels clipped at 12 robust standard deviations of the pixels with data.

    Pixels that are ``missing`` (None: none is; see `no_data.pixels_without_data`) are set to the median.
    """
    middle, spread = robust_location(micrograph, missing)
    if spread == 0:
        cleaned = micrograph.astype(np.result_type(micrograph, np.float32))
    else:
        lowest, highest = np.float32(middle - HOT_PIXEL * spread), np.float32(middle + HOT_PIXEL * spread)
        cleaned = np.clip(micrograph, lowest, highest)
    if missing is not None:
        cleaned[missing] = middle
    return cleaned


def remove_plane(
    micrograph: Float[np.ndarray, "h w"], missing: Bool[np.ndarray, "h w"] | None = None
) -> Float[np.ndarray, "h w"]:
    """Subtract the plane that fits the brightness of a 32x32 grid of blocks, in place.

    Blocks further than 2.5 robust standard deviations from the plane (support, crystals) are dropped
    and the plane is fitted again, three times; those of which more than half is ``missing``
    never count. The mean level is removed as well.
    """
    height, width = micrograph.shape
    step_y, step_x = max(1, height // 32), max(1, width // 32)
    level = _blocks(micrograph, step_y, step_x).mean(axis=(1, 3), dtype=np.float64)
    y, x = (axis.ravel() for axis in np.mgrid[: level.shape[0], : level.shape[1]].astype(float))
    y, x = (y + 0.5) * step_y - 0.5, (x + 0.5) * step_x - 0.5
    kept = np.ones(level.size, dtype=bool)
    if missing is not None:
        level, kept = _known_means(micrograph, missing, step_y, step_x)
    plane = _fitted(level.ravel(), np.column_stack([np.ones_like(y), y, x]), kept)
    across = plane[2] * np.arange(width)[None, :]
    for top in range(0, height, _BAND):  # the plane of a whole micrograph would take twice its memory
        band = np.arange(top, min(top + _BAND, height))
        slope = plane[1] * band[:, None] + across + plane[0]
        micrograph[top : top + _BAND] -= slope.astype(np.float32)
    return micrograph


def _blocks(array: Shaped[np.ndarray, "h w"], step_y: int, step_x: int) -> Shaped[np.ndarray, "_ y _ x"]:
    rows, cols = array.shape[0] // step_y, array.shape[1] // step_x
    return array[: rows * step_y, : cols * step_x].reshape(rows, step_y, cols, step_x)


def _known_means(
    micrograph: Float[np.ndarray, "h w"], missing: Bool[np.ndarray, "h w"], step_y: int, step_x: int
) -> tuple[Float64[np.ndarray, "rows cols"], Bool[np.ndarray, " blocks"]]:
    """Return the mean of each block's pixels with data, and which blocks have at least half of them."""
    known = ~_blocks(missing, step_y, step_x)
    number = known.sum(axis=(1, 3))
    total = _blocks(micrograph, step_y, step_x).sum(axis=(1, 3), dtype=np.float64, where=known)
    kept = number.ravel() >= min(0.5 * step_y * step_x, number.max())
    return total / np.maximum(number, 1), kept


def _fitted(
    level: Float64[np.ndarray, " blocks"],
    design: Float64[np.ndarray, "blocks 3"],
    kept: Bool[np.ndarray, " blocks"],
) -> Float64[np.ndarray, " 3"]:
    """Fit a plane to the blocks that are ``kept``, three times, without those that lie off."""
    known = kept
    for _ in range(3):
        plane, *_ = np.linalg.lstsq(design[kept], level[kept], rcond=None)
        residual = level - design @ plane
        middle, spread = robust_location(residual[kept])
        kept = known & (np.abs(residual - middle) <= 2.5 * spread + 1e-12)
    return np.asarray(plane)


def standardise(micrograph: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Shift the median to 0 and scale the robust standard deviation to 1."""
    middle, spread = robust_location(micrograph)
    return (micrograph - np.float32(middle)) / np.float32(spread or 1.0)
