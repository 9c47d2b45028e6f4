"""How the grey values of a micrograph are spread, and how far two sets of values lie apart."""

import numpy as np
from jaxtyping import Float
from scipy import fft, stats

_FALL = float(np.exp(-1))


def block_mean(micrograph: Float[np.ndarray, "h w"], factor: int) -> Float[np.ndarray, "rows columns"]:
    """Average blocks of ``factor`` x ``factor`` px; rows and columns that fill no block are left out."""
    rows, columns = (side // factor for side in micrograph.shape)
    whole = micrograph[: rows * factor, : columns * factor]
    means: Float[np.ndarray, "rows columns"] = whole.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    return means


def skewness_and_kurtosis(values: Float[np.ndarray, "..."]) -> tuple[float, float]:
    """Third and fourth standardised moments, the latter less 3; both 0 for a normal distribution.

    A Poisson distribution of mean n has 1 / √n and 1 / n. Constant values give 0 and 0.
    """
    centred = values.astype(np.float64).ravel() - values.mean(dtype=np.float64)
    square = np.square(centred)
    variance = square.mean()
    if not variance > 0:
        return 0.0, 0.0
    skewness = (square * centred).mean() / variance**1.5
    return float(skewness), float(np.square(square).mean() / variance**2 - 3)


def local_std(micrograph: Float[np.ndarray, "h w"], side: int) -> Float[np.ndarray, "rows columns"]:
    """Measure the standard deviation in each of the squares of ``side`` px that tile the micrograph."""
    values = micrograph.astype(np.float64)
    variance = block_mean(np.square(values), side) - np.square(block_mean(values, side))
    return np.sqrt(np.maximum(variance, 0)).astype(micrograph.dtype)


def autocorrelation_length(patch: Float[np.ndarray, "side side"]) -> float:
    """Lag in px, along rows and columns, at which the autocorrelation falls to 1/e of its value at 0.

    The autocorrelation is that of the patch continued periodically, less its mean (Wiener-Khinchin);
    lags between pixels are interpolated. White noise has 1 - 1/e, the least there is; where the
    autocorrelation never falls so far, half the side.
    """
    power = np.square(np.abs(fft.fft2(patch.astype(np.float64) - patch.mean(dtype=np.float64))))
    correlation = fft.ifft2(power).real
    half = len(patch) // 2
    profile = (correlation[0, : half + 1] + correlation[: half + 1, 0]) / 2
    if not profile[0] > 0:
        return float(half)
    profile = profile / profile[0]
    below = np.flatnonzero(profile <= _FALL)
    if not len(below):
        return float(half)
    lag = int(below[0])
    return float(lag - (_FALL - profile[lag]) / (profile[lag - 1] - profile[lag]))


def standardised_difference(first: Float[np.ndarray, " n"], second: Float[np.ndarray, " m"]) -> float:
    """Mean of the second less that of the first, over the root of their mean variance (Cohen's d).

    Infinite, or NaN for equal means, where neither varies.
    """
    spread = np.sqrt((first.var(dtype=np.float64) + second.var(dtype=np.float64)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(second.mean(dtype=np.float64) - first.mean(dtype=np.float64), spread))


def ks_distance(first: Float[np.ndarray, " n"], second: Float[np.ndarray, " m"]) -> float:
    """Greatest difference of the two cumulative distributions (Kolmogorov-Smirnov): 0 alike, 1 apart."""
    return float(stats.ks_2samp(first, second, method="asymp").statistic)
