"""Power spectra of overlapping windows over a whole micrograph, around the ice band."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from scipy.fft import next_fast_len
from torch import Tensor

from cryoice.signal.fourier import window_2d

WINDOW = 256.0
"""Å across a window: the longest that keeps crystals of 300 Å apart; 3.90, 3.67, 3.44 Å need 125 Å."""
BAND_EDGES = (0.222, 0.322)
"""1/Å that are kept: the ice band and what lies beside it, from which its background comes."""
_NYQUIST_SHARE = 0.985
"""Beyond this share of Nyquist nothing is kept: aliases and interpolation spoil the last bins."""
_AXIS = 1.5
"""Bins around both axes without use: a line of the detector or blocks of a JPEG fill them."""


@dataclass(frozen=True)
class IceWindows:
    """Windowed power spectra on a grid; white noise of variance v has an expected power of v.

    Attributes
    ----------
    power
        Of each window at the kept frequencies (half of the plane, since P(-k) = P(k)).
    rows, columns
        Where in a half plane ``(side, side // 2 + 1)`` as of ``rfft2`` these lie.
    frequency
        Their distance from zero in 1/Å.
    mean
        Half plane averaged over all windows.
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


def ice_windows(level: Float[np.ndarray, "h w"], *, pixel_size: float) -> IceWindows | None:
    """Transform Hann windows of about 256 Å, at least half overlapping, that cover the micrograph.

    Work and memory grow with the area in px; transforms are made one row of windows at a time.
    None where the micrograph is smaller than one window.
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
    for index, top in enumerate(tops):
        strip = torch.from_numpy(level[top : top + side].astype(np.float32))
        tiles = torch.stack([strip[:, left : left + side] for left in lefts])
        transform = torch.fft.rfft2((tiles - tiles.mean(dim=(1, 2), keepdim=True)) * taper)
        spectrum = (transform.real.square() + transform.imag.square()) / scale
        mean += spectrum.sum(dim=0) / (len(tops) * len(lefts))
        power[index] = spectrum[:, rows, columns]
    hop = (_step(tops, side), _step(lefts, side))
    return IceWindows(power, rows, columns, frequency, mean, side, hop, pixel_size)


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
