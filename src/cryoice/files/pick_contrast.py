"""How much a set of positions differs from its surroundings in one micrograph, and how surely.

The mean contrast at the positions is compared with what the same pattern gives when it is shifted
over the micrograph in every way. That null keeps the clustering of the positions and the texture of
the micrograph, so that z has mean 0 and variance 1 for positions that have nothing to do with it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy import fft, ndimage

_PROBE_DIAMETER = 14.0  # px across a particle in the reduced micrograph: a round disc, and quick
_MAD_TO_STD = 1.4826
_OUTLIER = 4.0  # ice blobs and carbon edges count for no more than this many std
_BACKGROUND = 1.5  # σ of the background's Gaussian, in particle diameters
_ANNULUS = 2**0.5  # outer over inner radius: as many pixels as the disc
_SMALLEST_RADIUS = 1.5  # px of the reduced micrograph; below it the annulus holds no pixel


@dataclass(frozen=True)
class ContrastMap:
    """Disc minus annulus around every pixel of a reduced micrograph, in its robust std; mean 0.

    ``step`` is the side in px of the blocks that were averaged.
    """

    values: Float32[np.ndarray, "rows columns"]
    step: int


def contrast_map(micrograph: Float[np.ndarray, "height width"], diameter: float) -> ContrastMap | None:
    """Contrast of a disc of this diameter (px of the micrograph) against the annulus around it.

    Returns None for a micrograph less than two annuli wide or without texture.
    """
    step = max(1, round(diameter / _PROBE_DIAMETER))
    if min(micrograph.shape) < 2 * _ANNULUS * max(diameter, 2 * _SMALLEST_RADIUS * step):
        return None
    flat = _flattened(_block_mean(micrograph, step), sigma=_BACKGROUND * diameter / step)
    spread = _robust_std(flat)
    if not spread > 0:
        return None
    flat = np.clip(flat / spread, -_OUTLIER, _OUTLIER)
    kernel = _disc_minus_annulus(flat.shape, radius=max(_SMALLEST_RADIUS, diameter / 2 / step))
    contrast = fft.irfft2(fft.rfft2(flat) * fft.rfft2(kernel), s=flat.shape)
    limit = _OUTLIER * _robust_std(contrast)
    contrast = np.clip(contrast, -limit, limit)
    return ContrastMap(values=(contrast - contrast.mean()).astype(np.float32), step=step)


def score_positions(contrast: ContrastMap, positions: Float[np.ndarray, "n 2"]) -> tuple[float, float]:
    """Mean contrast at the positions and its z score against all shifts of their pattern.

    Parameters
    ----------
    contrast
        Of the micrograph that the positions lie in.
    positions
        Row and column in px of the micrograph as stored; those outside are passed over, and
        without any inside both numbers are 0.
    """
    shape = contrast.values.shape
    cells = np.floor((positions + 0.5) / contrast.step).astype(np.int64)
    cells = cells[((cells >= 0) & (cells < np.array(shape))).all(axis=1)]
    if not len(cells):
        return 0.0, 0.0
    pattern = np.zeros(shape, dtype=np.float32)
    np.add.at(pattern, (cells[:, 0], cells[:, 1]), np.float32(1 / len(cells)))
    shifted = fft.irfft2(fft.rfft2(contrast.values) * np.conj(fft.rfft2(pattern)), s=shape)
    spread = float(shifted.std())
    mean = float(shifted[0, 0])
    return mean, mean / spread if spread > 0 else 0.0


def _block_mean(
    micrograph: Float[np.ndarray, "height width"], step: int
) -> Float32[np.ndarray, "rows columns"]:
    rows, columns = (side // step for side in micrograph.shape)
    whole = micrograph[: rows * step, : columns * step]
    sums = whole.reshape(rows, step, columns * step).sum(axis=1).reshape(rows, columns, step).sum(axis=2)
    means = np.asarray(sums, dtype=np.float32) / np.float32(step**2)
    known = np.isfinite(means)
    middle = np.float32(np.median(means[known])) if known.any() else np.float32(0)
    return np.where(known, means, middle)


def _flattened(
    reduced: Float32[np.ndarray, "rows columns"], *, sigma: float
) -> Float32[np.ndarray, "rows columns"]:
    background = ndimage.gaussian_filter(reduced, sigma, mode="reflect")
    return np.asarray(reduced - background, dtype=np.float32)


def _robust_std(values: Float32[np.ndarray, "rows columns"]) -> float:
    return _MAD_TO_STD * float(np.median(np.abs(values - np.median(values))))


def _disc_minus_annulus(shape: tuple[int, int], *, radius: float) -> Float32[np.ndarray, "rows columns"]:
    """Even kernel with its centre at [0, 0], both parts of unit sum."""
    rows, columns = (np.minimum(np.arange(side), side - np.arange(side)) for side in shape)
    distance = np.hypot(rows[:, None], columns[None, :])
    disc = distance <= radius
    annulus = (distance > radius) & (distance <= radius * _ANNULUS)
    kernel = disc / disc.sum() - annulus / annulus.sum()
    return np.asarray(kernel, dtype=np.float32)
