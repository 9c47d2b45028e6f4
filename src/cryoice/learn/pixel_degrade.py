"""What other microscopes, cameras and programs make of a view, put on the scale that a network is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from cryoice.constants import CLASSES
from cryoice.signal.augment import change_contrast

Views = Float[Tensor, "batch side side"]
Numbers = Float[Tensor, " batch"]

_SUPPORT = CLASSES.index("support")
_EDGE, _TEXTURE = 5, 9
"""Sides in px of the squares over which a label's edge fades, and beyond which grey values are no texture."""
_BUMPS = 4
"""Knots of a cloud along a side."""
_RIM = 8.0
"""Widest decay of a rim, px."""
_FEWEST = 1e-3
"""Least strength of what is drawn evenly: none at all would divide by it."""


@dataclass(frozen=True)
class Degrade:
    """What may be wrong with a view; each share is that of the crops it happens to.

    Attributes
    ----------
    rescale, rescale_share
        The pixel size is off by a factor log-uniform in [1 / (1 + rescale), 1 + rescale].
    roughen, roughen_share
        Largest gain of the texture of support film, from 1, log-uniform: carbon scatters 1.5 to 7 times as
        much as the film beside it, by how it was made and how the picture was filtered.
    slope
        Largest plane of brightness left over, noise σ from the middle to a corner.
    clouds, clouds_share
        Largest σ of a smooth field added, noise σ; its bumps are a third of the crop wide: film is uneven.
    flatten, flatten_share
        Smallest σ of the Gaussian background subtracted, px; log-uniform to a quarter of the crop. Pictures
        are often flattened, and then neither a blob nor support film is darker than what surrounds it.
    rim, rim_share
        Largest darkness of the outermost pixels, noise σ: traces of resampling.
    blur, blur_share
        Largest σ of a Gaussian, px; denoised pictures.
    noise, noise_share
        Largest σ of white noise added, noise σ.
    squash, squash_share
        Largest k of the tone curve asinh(k v) / k: pictures made for the eye saturate.
    levels, levels_share
        Fewest grey levels between the darkest and the brightest pixel; at most 256.
    """

    rescale: float
    rescale_share: float
    roughen: float
    roughen_share: float
    slope: float
    clouds: float
    clouds_share: float
    flatten: float
    flatten_share: float
    rim: float
    rim_share: float
    blur: float
    blur_share: float
    noise: float
    noise_share: float
    squash: float
    squash_share: float
    levels: int
    levels_share: float


def roughened(crops: Views, labels: Int[Tensor, "batch side side"], *, settings: Degrade) -> Views:
    """Return crops in which the texture of support film is stronger, fading over its edge."""
    chosen = torch.rand(len(crops), device=crops.device) < settings.roughen_share
    gain = _log_uniform(crops, 1.0, settings.roughen).where(chosen, 1.0)[:, None, None]
    support = _boxed((labels == _SUPPORT).to(crops), _EDGE)
    return crops + (gain - 1) * support * (crops - _boxed(crops, _TEXTURE))


def degraded(crops: Views, *, settings: Degrade, augment: Mapping[str, Any]) -> Views:
    """Return crops with other background, sharpness, noise, contrast and grey levels.

    The spread of each crop, 1.4826 times the median absolute deviation, stays what it was before
    background, sharpness, noise and tones changed: whole micrographs are put on the scale of their own
    spread whatever happened to them (`signal.views.resampled_view`).
    """
    before = _spread(crops)
    out = _sloped(crops, settings.slope)
    for share, change in (
        (settings.clouds_share, partial(_clouded, most=settings.clouds)),
        (settings.flatten_share, partial(_flattened, smallest=settings.flatten)),
        (settings.rim_share, partial(_rimmed, most=settings.rim)),
        (settings.blur_share, partial(_blurred, most=settings.blur)),
        (settings.noise_share, partial(_noisy, most=settings.noise)),
        (settings.squash_share, partial(_squashed, most=settings.squash)),
    ):
        out = _to_a_share(out, share, change)
    out = out * (before / _spread(out).clamp(min=1e-6)).where(before > 0, 1.0)[:, None, None]
    count, device = len(crops), crops.device
    gain = 1 + augment["gain"] * (2 * torch.rand(count, device=device) - 1)
    offset = augment["offset"] * (2 * torch.rand(count, device=device) - 1)
    out = change_contrast(out, gain=gain, offset=offset)
    return _to_a_share(out, settings.levels_share, partial(_quantised, fewest=settings.levels))


def _to_a_share(crops: Views, share: float, change: Callable[[Views], Views]) -> Views:
    chosen = torch.rand(len(crops), device=crops.device) < share
    if not chosen.any():
        return crops
    out = crops.clone()
    out[chosen] = change(crops[chosen])
    return out


def _spread(crops: Views) -> Numbers:
    sample = crops[:, ::3, ::3].flatten(1)
    middle = sample.median(dim=1, keepdim=True).values
    return 1.4826 * (sample - middle).abs().median(dim=1).values


def _boxed(crops: Views, side: int) -> Views:
    """Return the mean of the square of ``side`` px around each pixel, of what lies inside the crop."""
    return functional.avg_pool2d(crops, side, stride=1, padding=side // 2, count_include_pad=False)


def _uniform(crops: Views, low: float, high: float) -> Numbers:
    return torch.empty(len(crops), device=crops.device).uniform_(low, high)


def _log_uniform(crops: Views, low: float, high: float) -> Numbers:
    ends = torch.tensor([float(low), float(high)]).log().tolist()
    return _uniform(crops, ends[0], ends[1]).exp()


def _smoothed(crops: Views, sigma: Numbers) -> Views:
    """Convolve each crop with a Gaussian of its own σ in px, normalised to what lies inside the crop."""
    place = torch.arange(crops.shape[-1], device=crops.device, dtype=crops.dtype)
    distance = (place[:, None] - place) / sigma[:, None, None]
    kernel = torch.exp(-0.5 * distance.square())
    kernel = kernel / kernel.sum(dim=2, keepdim=True)
    return kernel @ crops @ kernel.transpose(1, 2)


def _sloped(crops: Views, most: float) -> Views:
    axis = torch.linspace(-0.5, 0.5, crops.shape[-1], device=crops.device)
    rows, columns = (most * (2 * torch.rand(len(crops), 1, 1, device=crops.device) - 1) for _ in range(2))
    return crops + rows * axis[:, None] + columns * axis[None, :]


def _clouded(crops: Views, *, most: float) -> Views:
    coarse = torch.randn(len(crops), 1, _BUMPS, _BUMPS, device=crops.device, dtype=crops.dtype)
    field = functional.interpolate(coarse, crops.shape[-2:], mode="bicubic", align_corners=False)[:, 0]
    return crops + _uniform(crops, 0.0, most)[:, None, None] * field


def _flattened(crops: Views, *, smallest: float) -> Views:
    largest = max(smallest, crops.shape[-1] / 4)
    return crops - _smoothed(crops, _log_uniform(crops, smallest, largest))


def _rimmed(crops: Views, *, most: float) -> Views:
    side = crops.shape[-1]
    place = torch.arange(side, device=crops.device, dtype=crops.dtype)
    inwards = torch.minimum(place, side - 1 - place)
    nearest = torch.minimum(inwards[:, None], inwards)
    decay, strength = _uniform(crops, 1.0, _RIM), _uniform(crops, -most, most)
    return crops - strength[:, None, None] * torch.exp(-nearest / decay[:, None, None])


def _blurred(crops: Views, *, most: float) -> Views:
    return _smoothed(crops, _uniform(crops, _FEWEST, max(most, _FEWEST)))


def _noisy(crops: Views, *, most: float) -> Views:
    return crops + _uniform(crops, 0.0, most)[:, None, None] * torch.randn_like(crops)


def _squashed(crops: Views, *, most: float) -> Views:
    strength = _uniform(crops, _FEWEST, max(most, _FEWEST))[:, None, None]
    return torch.asinh(strength * crops) / strength


def _quantised(crops: Views, *, fewest: int) -> Views:
    levels = _log_uniform(crops, fewest, 256.0)[:, None, None]
    low, high = crops.amin(dim=(1, 2), keepdim=True), crops.amax(dim=(1, 2), keepdim=True)
    step = ((high - low) / levels).clamp(min=1e-6)
    return torch.round((crops - low) / step) * step + low
