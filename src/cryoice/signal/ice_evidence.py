"""How unlikely noise alone makes the peaks and rings in the spectra of windows."""

import math

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64
from scipy import stats
from torch import Tensor
from torch.nn import functional

from cryoice.constants import ICE_BAND, ICE_IH_SPACINGS
from cryoice.signal.fourier import window_2d
from cryoice.signal.ice_windows import IceWindows

CEILING = 30.0
"""Largest evidence: probabilities below 1e-30 are not told apart."""
CLIP = 6.0
"""Times the background beyond which a frequency adds no more to means, so that no spot outweighs a ring
and no window its neighbours."""
_EULER = 0.57722
"""-E[ln x] of an exponential distribution of mean 1."""
_SMOOTH = 9
"""Bins across of the median that makes the common background; a Bragg spot is 3 across, an arc 5."""
_RING, _FLANKS = 0.004, (0.006, 0.012)
"""1/Å: half a ring's width; from where to where its flanks reach. Ice's rings lie 0.016 1/Å apart."""
_FARTHEST = 0.02
_BESIDE = (0.234, 0.237, 0.240, 0.306, 0.308, 0.310)
"""1/Å where ice has no ring: what stands out there in all windows together is Thon rings or the like."""


def flat_power(windows: IceWindows) -> tuple[Float32[Tensor, "rows cols kept"], ...]:
    """Return each window's power over the power expected without crystals, and clipped over a parabola.

    Expected is the micrograph's own shape (all windows' mean logarithm, median of 9 x 9 bins: camera,
    Thon rings, streaks of drift) times a parabola in frequency for each window, fitted to the
    logarithm. The second value is clipped at 6 times that, and divided by parabolas alone. The first
    takes the place of ``windows.power``.
    """
    logs = windows.power.log().add_(_EULER)
    plane = torch.full(windows.mean.shape, math.nan)
    plane[windows.rows, windows.columns] = logs.flatten(0, 1).mean(dim=0)
    shape = _local_median(plane)[windows.rows, windows.columns]
    own = _parabolas(logs.sub_(shape), windows)
    del logs
    common = _parabolas(shape[None, None], windows)[0]
    for power, parabola in zip(windows.power, own, strict=True):  # in place: these are the largest arrays
        expected = (parabola + shape).exp_()
        clipped = power.minimum(CLIP * expected)
        power /= expected
        torch.div(clipped, (parabola + common).exp_(), out=parabola)
    return windows.power, own


def _local_median(plane: Float32[Tensor, "side half"]) -> Float32[Tensor, "side half"]:
    """Median of the 9 x 9 bins around each, NaN left out; rows go around."""
    half = _SMOOTH // 2
    padded = torch.cat([plane[-half:], plane, plane[:half]])
    padded = functional.pad(padded, (half, half), value=math.nan)
    return padded.unfold(0, _SMOOTH, 1).unfold(1, _SMOOTH, 1).flatten(2).nanmedian(dim=-1).values


def _parabolas(
    logs: Float32[Tensor, "rows cols kept"], windows: IceWindows
) -> Float32[Tensor, "rows cols kept"]:
    """Fit a parabola in frequency to each window, by least squares."""
    place = windows.frequency - windows.frequency.mean()
    powers = torch.stack([(place / place.abs().max()) ** degree for degree in range(3)])
    solve: Tensor = torch.linalg.solve(powers @ powers.T, powers)
    return (logs @ solve.T) @ powers


class Neighbours:
    """Mean over each window and its up to eight neighbours, and how much less it varies.

    Windows that overlap share noise: powers correlate by the square ρ² of the Hann windows' overlap,
    1/36 for windows half a side apart.
    """

    def __init__(self, windows: IceWindows) -> None:
        self.shape = (windows.power.shape[0], windows.power.shape[1])
        taper = window_2d("hann", windows.side)[windows.side // 2].double()
        axes = zip(self.shape, windows.hop, strict=True)
        self._axes = [_overlaps(taper, count, hop) for count, hop in axes]

    def mean(self, values: Float32[Tensor, "rows cols kept"]) -> Float32[Tensor, "rows cols kept"]:
        """Average over neighbours; windows at the border have fewer."""
        planes = values.permute(2, 0, 1)[:, None]
        pooled = functional.avg_pool2d(planes, 3, stride=1, padding=1, count_include_pad=False)
        return pooled[:, 0].permute(1, 2, 0)

    def cumulant(self, order: int) -> Float64[np.ndarray, "rows cols"]:
        """Return Σ λ^order of the mean of exponential powers; the cumulant is that times (order - 1)!.

        λ are the eigenvalues of the windows' overlaps ρ over their number; 1 for order 1.
        """
        rows, columns = ((axis**order).sum(axis=1) for axis in self._axes)
        return np.outer(rows, columns)


def _overlaps(taper: Float64[Tensor, " side"], count: int, hop: float) -> Float64[np.ndarray, "count 3"]:
    lag = min(max(round(hop), 1), len(taper))
    near, far = (
        float(taper[: max(len(taper) - by, 0)] @ taper[by:] / taper.square().sum()) for by in (lag, 2 * lag)
    )
    full = np.array([[1, near, far], [near, 1, near], [far, near, 1]])
    values = np.zeros((count, 3))
    for index in range(count):
        first, last = (0 if index else 1), (3 if index < count - 1 else 2)
        part = np.linalg.eigvalsh(full[first:last, first:last])
        values[index, : len(part)] = part / len(part)
    return values


def ice_band(windows: IceWindows) -> Bool[Tensor, " kept"]:
    """Mark kept frequencies of 3.4-3.95 Å."""
    return (windows.frequency >= 1 / ICE_BAND[1]) & (windows.frequency <= 1 / ICE_BAND[0])


def beside_ice_band(windows: IceWindows) -> Bool[Tensor, " kept"]:
    """Mark kept frequencies from two bins to 0.02 1/Å away from 3.4-3.95 Å, where ice has no spots.

    Farther out backgrounds that fall steeply, as of filtered micrographs, are no parabolas.
    """
    away = torch.maximum(1 / ICE_BAND[1] - windows.frequency, windows.frequency - 1 / ICE_BAND[0])
    return (away > 2 / (windows.side * windows.pixel_size)) & (away < _FARTHEST)


def peak_evidence(peak: Float32[Tensor, "rows cols"], *, number: int) -> Float64[np.ndarray, "rows cols"]:
    """Return -log10 of the chance that the largest of ``number`` exponential powers exceeds ``peak``."""
    return _evidence(-peak.double().numpy() + math.log(number))


def mean_peak_evidence(
    peak: Float32[Tensor, "rows cols"], *, number: int, neighbours: Neighbours
) -> Float64[np.ndarray, "rows cols"]:
    """Return -log10 of the chance that the largest of ``number`` means over neighbours exceeds ``peak``.

    The sum of exponentials is taken for a gamma distribution with its first three cumulants.
    """
    second, third = neighbours.cumulant(2), neighbours.cumulant(3)
    order = second**3 / third**2
    at = order + (peak.double().numpy() - 1) * np.sqrt(order / second)
    return _evidence(stats.gamma.logsf(at, order) + math.log(number))


def ring_excess(
    clipped: Float32[Tensor, "rows cols kept"], windows: IceWindows, neighbours: Neighbours
) -> Float64[np.ndarray, "rows cols"]:
    """Return by how many standard deviations ice's rings stand above what lies right beside them.

    The mean over neighbours of a comb: 3.67 Å alone (cubic ice) or all of 3.90, 3.67, 3.44 Å that
    Nyquist allows (hexagonal), whichever stands out more; flanks 0.006-0.012 1/Å away on both sides are
    subtracted, so that slopes and broad humps cancel. The deviation is that of white noise, and
    what the same comb finds in all windows together where ice has no rings (Thon rings) on top.
    """
    combs = [_comb(windows, 1 / spacing) for spacing in ICE_IH_SPACINGS[:3]]
    whole = torch.stack([comb for comb in combs if comb is not None])
    single = whole[1]
    beside = [comb for comb in (_comb(windows, at) for at in _BESIDE) if comb is not None]
    ripple = float((clipped.mean(dim=(0, 1)) @ torch.stack(beside).T).abs().max())
    best = np.full(neighbours.shape, -np.inf)
    for comb, lines in ((single, 1), (whole.mean(dim=0), len(whole))):
        excess = neighbours.mean((clipped @ comb)[..., None])[..., 0].double().numpy()
        variance = _variance(comb, windows) * neighbours.cumulant(2) + ripple**2 / lines
        best = np.maximum(best, excess / np.sqrt(variance))
    return best


def _comb(windows: IceWindows, centre: float) -> Float32[Tensor, " kept"] | None:
    """Weights of a ring less its flanks; None where these aren't all kept."""
    away = windows.frequency - centre
    parts = [away.abs() <= _RING] + [
        (sign * away >= _FLANKS[0]) & (sign * away <= _FLANKS[1]) for sign in (-1, 1)
    ]
    reach = centre + _FLANKS[1] - 1 / (windows.side * windows.pixel_size)
    if windows.frequency.max() < reach:
        return None
    ring, lower, upper = (part.float() / part.sum() for part in parts)
    return ring - (lower + upper) / 2


def _variance(comb: Float32[Tensor, " kept"], windows: IceWindows) -> float:
    """Variance of a comb over clipped white noise: bins of a Hann window correlate by (4/9)² at most."""
    plane = torch.zeros_like(windows.mean, dtype=torch.float64)
    plane[windows.rows, windows.columns] = comb.double()
    line = torch.tensor([1 / 36, 4 / 9, 1, 4 / 9, 1 / 36], dtype=torch.float64)
    spread = functional.conv2d(plane[None, None], torch.outer(line, line)[None, None], padding=2)[0, 0]
    first, second = 1 - math.exp(-CLIP), 2 * (1 - (1 + CLIP) * math.exp(-CLIP))
    return float((plane * spread).sum()) * (second - first**2)


def ring_evidence(excess: Float[np.ndarray, "rows cols"]) -> Float64[np.ndarray, "rows cols"]:
    """Return -log10 of the chance of the larger of two normal deviates."""
    return _evidence(stats.norm.logsf(excess) + math.log(2))


def _evidence(log_chance: Float[np.ndarray, "rows cols"]) -> Float64[np.ndarray, "rows cols"]:
    return np.clip(-log_chance / math.log(10), 0, CEILING)
