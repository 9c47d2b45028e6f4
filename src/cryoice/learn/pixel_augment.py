"""Training crops of whole views: another place, turn and scale."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from cryoice.constants import IGNORE
from cryoice.learn.pixel_degrade import Degrade
from cryoice.signal.augment import apply_d4

Views = Float[Tensor, "batch side side"]


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
