"""The two channels of a patch: what it looks like and what its spectrum holds."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from cryoice.signal.fourier import power_spectrum, radial_average, radius_bins, window_2d

FLOOR = 1e-6


def region_side(*, patch: int, field: float, pixel_size: float) -> int:
    """Return the side in px of the region whose half-overlapping windows of ``patch`` px span ``field`` Å.

    At least one window; otherwise the largest number of windows whose span stays within ``field``.
    """
    hop = patch // 2
    return patch + hop * max(0, int((field / pixel_size - patch) // hop))


def spectral_channel(spectrum: Float[Tensor, "batch patch patch"]) -> Float[Tensor, "batch patch patch"]:
    """Return the log of a power spectrum over its smooth radial background, DC and axes set to 0.

    The background is the radial average, its logarithm smoothed over an eighth of the bins, so that a
    sharp ring stays and the fall-off goes. Values near 0 are background; a spot of ten times the
    background is 2.3.
    """
    profile = radial_average(spectrum).clamp(min=FLOOR).log()
    width = 2 * max(1, spectrum.shape[-1] // 16) + 1
    smooth = functional.avg_pool1d(
        functional.pad(profile[:, None], (width // 2, width // 2), mode="replicate"), width, stride=1
    )[:, 0]
    bins = radius_bins(spectrum.shape[-1]).to(spectrum.device)
    ratio = spectrum.clamp(min=FLOOR).log() - smooth[:, bins]
    centre = spectrum.shape[-1] // 2
    ratio[:, centre, :] = 0
    ratio[:, :, centre] = 0
    return ratio


def plain_channel(real: Float[Tensor, "batch patch patch"]) -> Float[Tensor, "batch patch patch"]:
    """Return the plain log power spectrum of the patch itself: no window, no background, no mask."""
    return power_spectrum(real, window_2d("none", real.shape[-1]).to(real.device)).clamp(min=FLOOR).log()
