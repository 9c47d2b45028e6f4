"""What programs do to a picture between the camera and the file."""

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter

from cryoice.files.picture import through_jpeg

_SAMPLES = 256
"""Pixels a side by which the grey values' mean and spread are judged."""
_PER_WIDTH = 2
"""Points per σ of a background between which it is interpolated linearly."""
_STRETCH = (2.5, 6.0)
"""Standard deviations from the mean that black and white lie, as contrast stretches have it."""
_LARGEST = 60000.0
"""Largest grey value written: files of simulated micrographs hold 16-bit floats."""


def flatten_background(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Subtract what is smooth over ``strength`` Å (σ) and keep the mean: flat-field or high-pass filters."""
    mean, width = float(array.mean()), max(strength / pixel_size, _PER_WIDTH)
    few = [max(2, round(_PER_WIDTH * n / width)) for n in array.shape]
    coarse = array
    for axis, number in enumerate(few):
        starts = np.linspace(0, array.shape[axis], number, endpoint=False).astype(int)
        sizes = np.diff([*starts, array.shape[axis]])
        coarse = np.add.reduceat(coarse, starts, axis=axis) / np.expand_dims(sizes, 1 - axis)
    coarse = gaussian_filter(coarse, [width * n / side for n, side in zip(few, array.shape, strict=True)])
    background = _enlarged(_enlarged(coarse.T, array.shape[1]).T, array.shape[0])
    background -= np.float32(mean)
    return np.subtract(array, background, out=array)


def low_pass(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Blur with a Gaussian of σ = ``strength`` px, as denoising and binning of files do."""
    return gaussian_filter(array, strength, truncate=3.0)


def clip(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Cut grey values off at ``strength`` standard deviations from the mean."""
    mean, deviation = _spread(array)
    return np.clip(array, mean - strength * deviation, mean + strength * deviation, out=array)


def band_edges(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Lose bands of up to ``strength`` Å at some sides to motion correction.

    They hold zero, the mean or copies of the last line beside them.
    """
    first, kind, widths = int(rng.integers(4)), rng.integers(3), rng.uniform(0, 1, 4)
    fill = 0.0 if kind == 0 else float(array.mean())
    for side in range(4):
        lines = np.rot90(array, side)
        share = 1.0 if side == first else max(0.0, 2 * widths[side] - 1)
        width = min(round(share * strength / pixel_size), len(lines) // 4)
        if side == first:
            width = max(width, 1)
        lines[:width] = lines[width] if kind == 2 else np.float32(fill)
    return array


def quantise(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Stretch to 0-255 and keep ``strength`` grey levels: an 8-bit picture, perhaps a coarse one."""
    levels = round(strength)
    array = _stretched(array, top=levels - 1, rng=rng)
    np.rint(array, out=array)
    array *= np.float32(255 / (levels - 1))
    return np.rint(array, out=array)


def compress(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Stretch to 0-255 and pass through a JPEG of quality ``strength``."""
    array = np.rint(_stretched(array, top=255, rng=rng), out=array)
    return through_jpeg(array.astype(np.uint8), quality=round(strength)).astype(np.float32)


def rescale(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Multiply by ``strength``, or less where 16 bits do not hold it, and round."""
    largest = max(float(array.max()), -float(array.min()), 1e-6)
    array *= np.float32(min(strength, _LARGEST / largest))
    return np.rint(array, out=array)


def _stretched(
    array: Float32[np.ndarray, "h w"], *, top: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    """Map the mean ± some standard deviations to 0 and ``top``."""
    below, above = rng.uniform(*_STRETCH, 2)
    mean, deviation = _spread(array)
    deviation = max(deviation, 1e-6)
    array -= np.float32(mean - below * deviation)
    array *= np.float32(top / ((below + above) * deviation))
    return np.clip(array, 0, top, out=array)


def _spread(array: Float32[np.ndarray, "h w"]) -> tuple[float, float]:
    """Mean and standard deviation of a subset, without its outermost thousandths."""
    rows, columns = (max(1, n // _SAMPLES) for n in array.shape)
    some = array[::rows, ::columns]
    low, high = np.quantile(some, [0.001, 0.999])
    some = some[(some >= low) & (some <= high)]
    return float(some.mean()), float(some.std())


def _enlarged(lines: Float[np.ndarray, "n m"], side: int) -> Float32[np.ndarray, "side m"]:
    """Interpolate linearly to ``side`` rows over the same extent."""
    position = np.clip((np.arange(side) + 0.5) * len(lines) / side - 0.5, 0, len(lines) - 1)
    upper = np.minimum(position.astype(int), len(lines) - 2)
    part = (position - upper).astype(np.float32)[:, None]
    lines = lines.astype(np.float32)
    enlarged: Float32[np.ndarray, "side m"] = np.empty((side, lines.shape[1]), dtype=np.float32)
    for start in range(0, side, 64):
        strip = slice(start, start + 64)
        enlarged[strip] = lines[upper[strip]] * (1 - part[strip]) + lines[upper[strip] + 1] * part[strip]
    return enlarged
