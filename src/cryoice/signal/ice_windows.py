"""Power spectra of overlapping windows over a whole micrograph, around the ice band."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from scipy.fft import next_fast_len
from torch import Tensor

from cryoice.signal.fourier import window_2d

WINDOW = 256.0
"""Å across a window: the longest that keeps crystals of 300 Å apart; 3.90, 3.67, 3.44 Å need 125 Å."""
BAND_EDGES = (0.222, 0.322)
"""1/Å that are kept: the ice band and what lies beside it, from which its background comes."""
_NYQUIST_SHARE = 0.985
"""Beyond this share of Nyquist nothing is kept: aliases and interpolation spoil the last bins."""
MOST_MISSING = 0.02
"""Share of a window's weight without data above which it does not count: what is mirrored there beside
what it mirrors makes peaks of noise twice as high."""
_AXIS = 1.5
"""Bins around both axes without use: a line of the detector or blocks of a JPEG fill them."""


@dataclass(frozen=True)
class IceWindows:
    """Windowed power spectra on a grid; white noise of variance v has an expected power of v.

    Attributes
    ----------
    power
        Of each window at the kept frequencies (half of the plane, since P(-k) = P(k)); 0 without data.
    rows, columns
        Where in a half plane ``(side, side // 2 + 1)`` as of ``rfft2`` these lie.
    frequency
        Their distance from zero in 1/Å.
    mean
        Half plane averaged over all windows with data.
    side
        Of a window, px.
    hop
        Mean step between windows along rows and columns, px.
    pixel_size
        Å/px.
    """

    power: Float32[Tensor, "rows cols kept"]
    rows: Int[Tensor, " kept"]
    columns: Int[Tensor, " kept"]
    frequency: Float32[Tensor, " kept"]
    mean: Float32[Tensor, "side half"]
    side: int
    hop: tuple[float, float]
    pixel_size: float

    @property
    def bins(self) -> Int[Tensor, " kept"]:
        """Radial bin of each kept frequency, one bin of the window wide, from 0."""
        wide = self.frequency * (self.side * self.pixel_size)
        return (wide - wide.min()).long()

    def whole_plane(self) -> Float32[Tensor, "side side"]:
        """Return the mean spectrum with zero frequency at the centre, pixel ``(side // 2, side // 2)``."""
        axis = torch.arange(self.side) - self.side // 2
        row, column = axis[:, None].expand(self.side, -1), axis.expand(self.side, -1)
        sign = torch.where(column < 0, -1, 1)
        return self.mean[(sign * row) % self.side, column.abs()]


def ice_windows(
    level: Float[np.ndarray, "h w"],
    *,
    pixel_size: float,
    missing: Bool[np.ndarray, "h w"] | None = None,
) -> IceWindows | None:
    """Transform Hann windows of about 256 Å, at least half overlapping, that cover the micrograph.

    Work and memory grow with the area in px; transforms are made one row of windows at a time.
    None where the micrograph is smaller than one window or each has too many ``missing`` pixels.
    """
    side = window_side(pixel_size)
    if min(level.shape) < side:
        return None
    tops, lefts = (window_starts(length, side) for length in level.shape)
    rows, columns, frequency = _kept(side, pixel_size)
    taper = window_2d("hann", side)
    scale = taper.square().sum()
    mean = torch.zeros(side, side // 2 + 1)
    power = torch.empty(len(tops), len(lefts), len(rows))
    empty = torch.zeros(len(tops), len(lefts), dtype=torch.bool)
    if missing is not None:
        empty = _without_data(missing, tops, lefts, taper)
    number = int((~empty).sum())
    if not number:
        return None
    for index, top in enumerate(tops):
        strip = torch.from_numpy(level[top : top + side].astype(np.float32))
        tiles = torch.stack([strip[:, left : left + side] for left in lefts])
        transform = torch.fft.rfft2((tiles - tiles.mean(dim=(1, 2), keepdim=True)) * taper)
        spectrum = (transform.real.square() + transform.imag.square()) / scale
        spectrum[empty[index]] = 0
        mean += spectrum.sum(dim=0) / number
        power[index] = spectrum[:, rows, columns]
    hop = (_step(tops, side), _step(lefts, side))
    return IceWindows(power, rows, columns, frequency, mean, side, hop, pixel_size)


def _without_data(
    missing: Bool[np.ndarray, "h w"], tops: list[int], lefts: list[int], taper: Float[Tensor, "side side"]
) -> Bool[Tensor, "rows cols"]:
    """Tell which windows have more than `MOST_MISSING` of their weight, the taper's square, without data."""
    side = len(taper)
    line = taper[side // 2].square()  # the taper is separable: this one's outer product but for a factor
    line /= line.sum()
    empty = torch.zeros(len(tops), len(lefts), dtype=torch.bool)
    for index, top in enumerate(tops):
        across = line @ torch.from_numpy(missing[top : top + side].astype(np.float32))
        empty[index] = torch.stack([across[left : left + side] @ line for left in lefts]) > MOST_MISSING
    return empty


def window_side(pixel_size: float) -> int:
    """Return the even side in px, quick to transform, of the window nearest above 256 Å."""
    side = math.ceil(WINDOW / pixel_size)
    while side % 2 or next_fast_len(side) != side:
        side += 1
    return side


def window_starts(length: int, side: int) -> list[int]:
    """Return first pixels of windows that cover ``length`` px evenly, at most half a side apart."""
    count = math.ceil((length - side) / (side // 2)) + 1
    return [round(start) for start in np.linspace(0, length - side, count).tolist()]


def _step(starts: list[int], side: int) -> float:
    return (starts[-1] - starts[0]) / (len(starts) - 1) if len(starts) > 1 else side / 2


def _kept(side: int, pixel_size: float) -> tuple[Tensor, Tensor, Tensor]:
    rows = torch.fft.fftfreq(side, pixel_size)[:, None]
    columns = torch.fft.rfftfreq(side, pixel_size)
    radius, guard = torch.hypot(rows, columns), _AXIS / (side * pixel_size)
    highest = min(BAND_EDGES[1], _NYQUIST_SHARE * 0.5 / pixel_size)
    inside = (radius >= BAND_EDGES[0]) & (radius <= highest) & (columns < highest)
    row, column = torch.nonzero(inside & (rows.abs() > guard) & (columns > guard), as_tuple=True)
    return row, column, radius[row, column]
