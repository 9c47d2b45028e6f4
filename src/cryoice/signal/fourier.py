"""Power spectra, radial averages and Fourier rescaling."""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

STRIP = 256
"""Rows that are transformed at a time."""


def power_spectrum(
    patches: Float[Tensor, "*batch h w"], window: Float[Tensor, "h w"]
) -> Float[Tensor, "*batch h w"]:
    """Return the windowed power spectrum with zero frequency at the centre, pixel ``(h // 2, w // 2)``.

    ``|FFT(window · (patch - mean))|² / Σ window²``, so white noise of variance v has an expected
    power of v at every frequency whatever the window (Welch 1967, doi:10.1109/TAU.1967.1161901).
    """
    centred = patches - patches.mean(dim=(-2, -1), keepdim=True)
    return whole_plane(_half_power(centred, window), patches.shape[-1])


def averaged_spectrum(
    region: Float[Tensor, "batch h w"], window: Float[Tensor, "side side"]
) -> Float[Tensor, "batch side side"]:
    """Average `power_spectrum` over half-overlapping windows that tile the region (Welch's periodogram).

    The mean of the whole region is removed, not each window's: they differ in the lowest bins only.
    """
    side = window.shape[-1]
    centred = region - region.mean(dim=(-2, -1), keepdim=True)
    tiles = centred.unfold(1, side, side // 2).unfold(2, side, side // 2).flatten(1, 2)
    return whole_plane(_half_power(tiles, window).mean(dim=1), side)


def _half_power(patches: Float[Tensor, "*batch h w"], window: Float[Tensor, "h w"]) -> Tensor:
    transform = torch.fft.rfft2(patches * window)
    return (transform.real.square() + transform.imag.square()) / window.square().sum()


def whole_plane(half: Float[Tensor, "*batch h half"], width: int) -> Float[Tensor, "*batch h _"]:
    """Complete a power spectrum from its columns 0 to width // 2: P(-k) = P(k) for real input.

    ``half`` has its zero frequency at pixel (0, 0), the whole plane at the centre.
    """
    mirrored = half[..., 1 : (width + 1) // 2].flip(-1).flip(-2).roll(1, -2)
    return torch.fft.fftshift(torch.cat([half, mirrored], dim=-1), dim=(-2, -1))


def window_2d(kind: str, side: int) -> Float[Tensor, "side side"]:
    """Return a separable window: ``hann``, ``tukey`` (half of it flat) or ``none``, side in pixels."""
    if kind == "none":
        return torch.ones(side, side)
    position = (torch.arange(side) + 0.5) / side
    taper = {"hann": 0.5, "tukey": 0.25}[kind]
    distance = torch.minimum(position, 1 - position).clamp(max=taper)
    profile = 0.5 - 0.5 * torch.cos(math.pi * distance / taper)
    return profile[:, None] * profile[None, :]


@lru_cache(maxsize=32)
def radius_bins(side: int) -> Int[Tensor, "side side"]:
    """Return each pixel's distance to the zero frequency at ``side // 2``, rounded to whole bins."""
    axis = torch.arange(side) - side // 2
    return torch.hypot(axis[:, None].float(), axis[None, :].float()).round().long()


def radial_average(spectrum: Float[Tensor, "*batch side side"]) -> Float[Tensor, "*batch bins"]:
    """Average a centred spectrum over rings one pixel wide, corners included.

    Bin k is the frequency ``k / (side · pixel_size)``; bins above ``side // 2`` hold corners only.
    """
    bins = radius_bins(spectrum.shape[-1]).to(spectrum.device).flatten()
    count = torch.bincount(bins).to(spectrum.dtype)
    total = torch.zeros(*spectrum.shape[:-2], len(count), dtype=spectrum.dtype, device=spectrum.device)
    total.index_add_(-1, bins, spectrum.flatten(-2))
    return total / count


def rescaled_shape(shape: tuple[int, int], *, pixel_size: float, target: float) -> tuple[int, int]:
    """Return the shape in pixels that covers the same field at the ``target`` pixel size (Å/px)."""
    height, width = (max(1, round(side * pixel_size / target)) for side in shape)
    return height, width


def fourier_rescale(micrograph: Float[Tensor, "h w"], shape: tuple[int, int]) -> Float[Tensor, "_ _"]:
    """Resample a micrograph to ``shape`` by cropping or padding its Fourier transform.

    Pixel (0, 0) stays where it is, hence ``position_out = position_in · shape_out / shape_in`` along
    each axis. Values keep their scale. The output's own Nyquist frequency is set to zero where its
    side is even, since only half of that pair survives a crop.
    """
    height, width = micrograph.shape
    return _resized(torch.fft.rfft2(micrograph, norm="forward"), (height, width), shape)


def fourier_rescale_all(
    micrograph: Float[Tensor, "h w"], shapes: Sequence[tuple[int, int]]
) -> list[Float[Tensor, "_ _"]]:
    """Do what `fourier_rescale` does for several shapes with one transform of the micrograph.

    Columns of the transform that no shape keeps are never computed, rows are transformed in strips:
    beside the results it takes the memory of the widest shape's share of the transform.
    """
    height, width = micrograph.shape
    # one column more than kept, so that a crop is told from a transform of this very width
    kept = min(width // 2 + 1, max(shape[1] for shape in shapes) // 2 + 2)
    columns = torch.empty(kept, height, dtype=torch.complex64, device=micrograph.device)
    for top in range(0, height, STRIP):
        strip = torch.fft.rfft(micrograph[top : top + STRIP], dim=1, norm="forward")
        columns[:, top : top + STRIP] = strip[:, :kept].T
    transform = torch.fft.fft(columns, dim=1, norm="forward").T
    return [_resized(transform, (height, width), shape) for shape in shapes]


def _resized(
    transform: Complex[Tensor, "h kept"], before: tuple[int, int], after: tuple[int, int]
) -> Float[Tensor, "_ _"]:
    rows = _resize_rows(transform, min(before[0], after[0]), after[0])
    resized = _resize_columns(rows, min(before[1], after[1]), after[1])
    return torch.fft.irfft2(resized, s=after, norm="forward")


def _resize_rows(transform: Complex[Tensor, "h w"], kept: int, rows: int) -> Complex[Tensor, "rows w"]:
    if transform.shape[0] == rows:
        return transform
    positive, negative = (kept + 1) // 2, (kept - 1) // 2
    out = transform.new_zeros(rows, transform.shape[1])
    out[:positive] = transform[:positive]
    if negative:
        out[-negative:] = transform[-negative:]
    return out


def _resize_columns(transform: Complex[Tensor, "h w"], kept: int, columns: int) -> Complex[Tensor, "h half"]:
    half, kept_half = columns // 2 + 1, (kept + 1) // 2
    out = transform.new_zeros(transform.shape[0], half)
    if transform.shape[1] == half and kept == columns:
        return transform
    out[:, :kept_half] = transform[:, :kept_half]
    return out
