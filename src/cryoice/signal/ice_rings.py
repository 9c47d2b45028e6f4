"""Measures of ice in a radial profile or spectrum."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from cryoice.constants import ICE_BAND
from cryoice.signal.fourier import radial_average, radius_bins

ICINESS_ICE = (3.5, 3.9)
ICINESS_REFERENCE = (6.0, 30.0)
RING_DENSITY_BAND = (0.25, 0.28)
"""1/Å between which RELION sums a profile for ``rlnCtfIceRingDensity``."""
_CTFFIND_BIN = 1 / (512 * 1.4)
"""1/Å, a bin of CTFFIND's profile as RELION runs it: boxes of 512 px at 1.4 Å/px."""


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


def ring_density(spectrum: Float[Tensor, "side side"], *, pixel_size: float) -> Float[Tensor, ""]:
    """Return a measure like RELION's ``rlnCtfIceRingDensity``: Σ |radial average| over 0.25-0.28 1/Å.

    ``spectrum`` is a centred power spectrum, averaged over windows of at least 150 Å. As in RELION
    (ctffind_runner) the profile summed is CTFFIND's of the amplitude spectrum, without astigmatism, less a
    box average √2 / 30 1/Å wide and over the standard deviation of the spectrum's pixels, one value for
    each of CTFFIND's bins (512 px at 1.4 Å: 0.001395 1/Å, 22 of them), bins at both ends counted.
    Not as there: amplitudes are the root of the mean power (another scale, which cancels); the deviation is
    taken at 10-5 Å, CTFFIND's choice where its fourth zero lies outside 30-5 Å; and it depends on how
    many pixels were averaged, so that thresholds must be found anew. NaN where Nyquist lies below 0.28 1/Å.
    """
    side = spectrum.shape[-1]
    bin_width = 1 / (side * pixel_size)
    if 2 * pixel_size * RING_DENSITY_BAND[1] > 1:
        return torch.tensor(math.nan)
    amplitude = spectrum.clamp(min=0).sqrt()
    flat = amplitude - _box_average(amplitude, round(math.sqrt(2) / 30 / bin_width))
    radius = radius_bins(side).to(spectrum.device) * bin_width
    centre = side // 2
    off_axes = torch.ones_like(radius, dtype=torch.bool)
    off_axes[centre], off_axes[:, centre] = False, False
    deviation = flat[(radius >= 0.1) & (radius <= 0.2) & off_axes].std()
    profile = radial_average(flat)
    frequency = torch.arange(len(profile)) * bin_width
    inside = (frequency >= RING_DENSITY_BAND[0]) & (frequency <= RING_DENSITY_BAND[1])
    return (profile[inside].abs() / deviation).sum() * bin_width / _CTFFIND_BIN


def _box_average(spectrum: Float[Tensor, "side side"], width: int) -> Float[Tensor, "side side"]:
    """Average over the square of about ``width`` bins around each; the spectrum goes around."""
    half = max(1, width // 2)
    padded = functional.pad(spectrum[None, None], (half, half, half, half), mode="circular")
    return functional.avg_pool2d(padded, 2 * half + 1, stride=1)[0, 0]


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
