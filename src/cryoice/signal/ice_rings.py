"""Measures of ice in a radial profile or spectrum."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from cryoice.constants import ICE_BAND
from cryoice.signal.fourier import radial_average, radius_bins

ICINESS_ICE = (3.5, 3.9)
ICINESS_REFERENCE = (6.0, 30.0)


def ring_visible(pixel_size: float) -> bool:
    """Tell whether the 3.44 Å ring of ice lies below Nyquist at this pixel size (Å/px)."""
    return 2 * pixel_size <= 3.44


def resolution_band(
    bins: int, *, side: int, pixel_size: float, band: tuple[float, float]
) -> Bool[Tensor, " bins"]:
    """Mark the bins of a radial average whose resolution lies within ``band`` = (finest, coarsest) Å."""
    frequency = torch.arange(bins) / (side * pixel_size)
    return (frequency >= 1 / band[1]) & (frequency <= 1 / band[0])


def iciness(spectrum: Float[Tensor, "*batch side side"], *, pixel_size: float) -> Float[Tensor, "*batch"]:
    """Return CTFFIND5's iciness: (mean amplitude 3.9-3.5 Å)² / (mean amplitude 30-6 Å)².

    ``spectrum`` is a centred power spectrum of a micrograph at ``pixel_size`` Å/px. Below 1.0 is
    usually good, above 1.5 mostly unusable (Elferich et al. 2024, doi:10.7554/eLife.97227).
    NaN where Nyquist forbids the band.
    """
    profile = radial_average(spectrum.sqrt())
    side = spectrum.shape[-1]
    ice = resolution_band(profile.shape[-1], side=side, pixel_size=pixel_size, band=ICINESS_ICE)
    ice[side // 2 + 1 :] = False
    if 2 * pixel_size > ICINESS_ICE[0] or not ice.any():
        return torch.full(profile.shape[:-1], math.nan)
    reference = resolution_band(profile.shape[-1], side=side, pixel_size=pixel_size, band=ICINESS_REFERENCE)
    return (profile[..., ice].mean(-1) / profile[..., reference].mean(-1)).square()


def high_frequency_score(
    spectrum: Float[Tensor, "*batch side side"], *, pixel_size: float
) -> Float[Tensor, "*batch"]:
    """Return the strongest pixel of the ice band over the band's median, as a natural logarithm.

    ``log(max P / median P)`` over 3.4-3.95 Å: for a pure-noise periodogram averaged over k windows of
    n band pixels it is near ``log(log n / log 2)`` (k = 1) and falls towards 0 as k grows; a Bragg
    spot raises it. Where Nyquist forbids the ice band, or the patch is too small to resolve it,
    the outer half of the spectrum is used.
    """
    side = spectrum.shape[-1]
    radius = radius_bins(side).to(spectrum.device)
    frequency = radius / (side * pixel_size)
    band = (frequency >= 1 / ICE_BAND[1]) & (frequency <= 1 / ICE_BAND[0])
    if 2 * pixel_size > ICE_BAND[0] or not band.any():
        band = (radius >= side // 4) & (radius < side // 2)
    values = spectrum[..., band]
    return (values.amax(-1) / values.median(-1).values.clamp(min=1e-12)).log()
