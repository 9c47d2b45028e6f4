"""Training crops of whole views: another place, turn and scale, and what other cameras make of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from cryoice.constants import IGNORE
from cryoice.signal.augment import apply_d4, change_contrast

_BLUR_REACH = 4
"""Half side in px of the blurring kernels."""

Views = Float[Tensor, "batch side side"]


@dataclass(frozen=True)
class Degrade:
    """What may be wrong with a view; each share is that of the crops it happens to.

    Attributes
    ----------
    rescale, rescale_share
        The pixel size is off by a factor log-uniform in [1 / (1 + rescale), 1 + rescale].
    slope
        Largest plane of brightness left over, noise σ from the middle to a corner.
    blur, blur_share
        Largest σ of a Gaussian, px.
    noise, noise_share
        Largest σ of white noise added, noise σ.
    levels, levels_share
        Fewest grey levels between the darkest and the brightest pixel; at most 256.
    """

    rescale: float
    rescale_share: float
    slope: float
    blur: float
    blur_share: float
    noise: float
    noise_share: float
    levels: int
    levels_share: float


def cut_crops(
    views: Float[Tensor, "batch h w"], masks: Int[Tensor, "batch h w"], *, side: int, settings: Degrade
) -> tuple[Views, Int[Tensor, "batch side side"]]:
    """Cut a square of ``side`` px out of each view and its mask, somewhere and at some scale.

    Half a field beyond the view there is none: squares larger than it are extended by its last row,
    without labels. Crops at the view's own scale keep its grey values exactly.
    """
    count, device = len(views), views.device
    shape = torch.tensor(views.shape[-2:], device=device)
    spread = torch.log1p(torch.tensor(settings.rescale))
    factor = torch.exp(spread * (2 * torch.rand(count, device=device) - 1))
    factor = factor.where(torch.rand(count, device=device) < settings.rescale_share, 1.0)
    room = shape - side * factor[:, None]
    start = torch.floor(torch.rand(count, 2, device=device) * room.clamp(min=0))
    steps = torch.arange(side, device=device)
    positions = start[:, :, None] + factor[:, None, None] * steps  # (batch, axis, side), px of the view
    scaled = (2 * positions + 1) / shape[:, None] - 1  # as grid_sample counts
    rows, columns = (scaled[:, axis] for axis in (0, 1))
    grid = torch.stack(
        [columns[:, None, :].expand(-1, side, -1), rows[:, :, None].expand(-1, -1, side)], dim=-1
    )
    options: dict[str, Any] = {"align_corners": False, "padding_mode": "border"}
    crops = functional.grid_sample(views[:, None], grid, mode="bilinear", **options)[:, 0]
    labels = functional.grid_sample(masks[:, None].to(views), grid, mode="nearest", **options)[:, 0]
    outside = (grid.abs() > 1).any(dim=-1)
    return crops, labels.round().long().masked_fill(outside, IGNORE)


def turned(
    crops: Views, labels: Int[Tensor, "batch side side"]
) -> tuple[Views, Int[Tensor, "batch side side"]]:
    """Turn and mirror each crop and its labels alike by one of the square's eight symmetries."""
    element = torch.randint(8, (len(crops),), device=crops.device)
    return apply_d4(crops, element), apply_d4(labels.float(), element).long()


def degraded(crops: Views, *, settings: Degrade, augment: Mapping[str, Any]) -> Views:
    """Return crops with other slope, sharpness, noise, contrast and grey levels."""
    count, device = len(crops), crops.device
    out = _sloped(crops, settings.slope)
    chosen = torch.rand(count, device=device) < settings.blur_share
    if chosen.any():
        out[chosen] = _blurred(out[chosen], settings.blur * torch.rand(int(chosen.sum()), device=device))
    share = torch.rand(count, device=device) < settings.noise_share
    sigma = settings.noise * torch.rand(count, device=device) * share
    out = out + sigma[:, None, None] * torch.randn(out.shape, device=device)
    gain = 1 + augment["gain"] * (2 * torch.rand(count, device=device) - 1)
    offset = augment["offset"] * (2 * torch.rand(count, device=device) - 1)
    out = change_contrast(out, gain=gain, offset=offset)
    chosen = torch.rand(count, device=device) < settings.levels_share
    if chosen.any():
        out[chosen] = _quantised(out[chosen], fewest=settings.levels)
    return out


def _sloped(crops: Views, most: float) -> Views:
    axis = torch.linspace(-0.5, 0.5, crops.shape[-1], device=crops.device)
    rows, columns = (most * (2 * torch.rand(len(crops), 1, 1, device=crops.device) - 1) for _ in range(2))
    return crops + rows * axis[:, None] + columns * axis[None, :]


def _blurred(crops: Views, sigma: Float[Tensor, " batch"]) -> Views:
    axis = torch.arange(-_BLUR_REACH, _BLUR_REACH + 1, device=crops.device)
    kernel = torch.exp(-0.5 * (axis / sigma.clamp(min=1e-3)[:, None]).square())
    kernel = kernel / kernel.sum(dim=1, keepdim=True)
    padded = functional.pad(crops[None], [_BLUR_REACH] * 4, mode="replicate")
    count = len(crops)
    along_rows = functional.conv2d(padded, kernel[:, None, :, None], groups=count)
    blurred = functional.conv2d(along_rows, kernel[:, None, None, :], groups=count)
    return blurred[0]


def _quantised(crops: Views, *, fewest: int) -> Views:
    levels = torch.exp(
        torch.empty(len(crops), 1, 1, device=crops.device).uniform_(
            float(torch.log(torch.tensor(float(fewest)))), float(torch.log(torch.tensor(256.0)))
        )
    )
    low, high = crops.amin(dim=(1, 2), keepdim=True), crops.amax(dim=(1, 2), keepdim=True)
    step = ((high - low) / levels).clamp(min=1e-6)
    return torch.round((crops - low) / step) * step + low
