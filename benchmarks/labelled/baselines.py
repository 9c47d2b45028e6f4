"""Scorers that need no training: what a network must beat on the same pixels."""

import numpy as np
from jaxtyping import Float, Float32
from scipy import ndimage
from skimage.filters import threshold_local
from sklearn.cluster import KMeans

from benchmarks.ice_map import local_iciness
from benchmarks.labelled.data import LabelledMicrograph
from cryoice.mask.interpolation import interpolated
from cryoice.mask.score_map import SAMPLING
from cryoice.signal.ice_rings import ICINESS_ICE
from cryoice.signal.ice_windows import window_side, window_starts
from cryoice.signal.views import levelled, resampled_view

DARK, ROUGH, GROUPS, ICINESS = "dark blob", "local std", "local k-means", "iciness"
BASELINES = (DARK, ROUGH, GROUPS, ICINESS)

BLOB, BLOCK = 30.0, 4000.0
"""Å: blur (standard deviation), and side of the square whose mean is the local threshold: of 20-45 and
1000-6000 Å those of the best mean AP of contamination over the sources labelled by hand."""
HAZE, TEXTURE = 400.0, 50.0
"""Å, standard deviations: what is no texture, and the reach of the local std."""
GRID, KINDS = 40, 16


def baselines(micrograph: LabelledMicrograph) -> dict[str, Float32[np.ndarray, "h w"]]:
    """Score every pixel of the map by each of `BASELINES`; higher is worse.

    All but iciness see the map's view (8 Å/px, brightness levelled, robust standard deviations). Iciness
    is missing where the micrograph cannot hold it: 3.9 Å beyond Nyquist, 8-bit pictures, less than a window.
    """
    level = levelled(micrograph.array)
    view = resampled_view(level, pixel_size=micrograph.pixel_size, target=SAMPLING)
    found = {DARK: dark_blobs(view), ROUGH: local_std(view), GROUPS: ice_groups(view)}
    in_reach = min(level.shape) >= window_side(micrograph.pixel_size)
    if micrograph.spectrum and in_reach and 2 * micrograph.pixel_size <= ICINESS_ICE[1]:
        found[ICINESS] = iciness_map(level, view.shape, pixel_size=micrograph.pixel_size)
    return found


def dark_blobs(view: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Return by how much a pixel, blurred, lies below the local threshold: the mean around it."""
    blurred = _blurred(view, BLOB)
    local = threshold_local(blurred, 2 * round(BLOCK / SAMPLING / 2) + 1, method="mean")
    return (local - blurred).astype(np.float32)


def local_std(view: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Return the standard deviation around each pixel, of the view less its haze."""
    flat = view - _blurred(view, HAZE)
    variance = _blurred(flat**2, TEXTURE) - _blurred(flat, TEXTURE) ** 2
    return np.sqrt(np.maximum(variance, 0))


def ice_groups(view: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Return how dark the group is that a pixel's block falls in.

    As IceBreaker (Olek et al. 2022, Structure 30) groups ice by thickness: k-means, into 16, of the mean
    grey values of 40 x 40 blocks of the low-passed micrograph. Not as there, grey values are not
    equalised first, which would always call a like share of each micrograph dark.
    """
    low = _blurred(view, BLOB)
    rows, columns = (np.arange(side) * min(GRID, side) // side for side in low.shape)
    _, block = np.unique(rows[:, None] * GRID + columns, return_inverse=True)
    block = block.reshape(low.shape)
    grey = np.asarray(ndimage.mean(low, block, index=np.arange(block.max() + 1)))
    group = KMeans(KINDS, n_init=4, random_state=0).fit_predict(grey[:, None])[block]
    return -np.asarray(ndimage.mean(low, group, index=np.arange(KINDS)), dtype=np.float32)[group]


def iciness_map(
    level: Float[np.ndarray, "height width"], shape: tuple[int, ...], *, pixel_size: float
) -> Float32[np.ndarray, "h w"]:
    """Return CTFFIND5's iciness of half-overlapping windows of 256 Å, interpolated to a map of ``shape``."""
    side = window_side(pixel_size)
    cells = local_iciness(level.astype(np.float32, copy=False), pixel_size=pixel_size)
    rows, columns = (
        np.interp(
            np.arange(small) * length / small,
            np.array(window_starts(length, side)) + (side - 1) / 2,
            np.arange(number),
        )
        for small, length, number in zip(shape, level.shape, cells.shape, strict=True)
    )
    return interpolated(cells[None], rows=rows, columns=columns)[0]


def _blurred(view: Float32[np.ndarray, "h w"], deviation: float) -> Float32[np.ndarray, "h w"]:
    return ndimage.gaussian_filter(view, deviation / SAMPLING, mode="reflect")
