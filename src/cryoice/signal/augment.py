"""Changes that keep a label: the square's symmetries and the camera's contrast."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def apply_d4(
    patches: Float[Tensor, "batch side side"], element: Int[Tensor, " batch"]
) -> Float[Tensor, "batch side side"]:
    """Turn each patch by ``element % 4`` quarter turns, then transpose it where ``element >= 4``.

    The eight elements are the symmetries of the square. Even sides keep no pixel at the centre, so a
    turn moves pixel ``(side // 2, side // 2)`` by one.
    """
    out = torch.empty_like(patches)
    for index in range(8):
        chosen = element == index
        if chosen.any():
            turned = torch.rot90(patches[chosen], index % 4, dims=(1, 2))
            out[chosen] = turned.transpose(1, 2) if index >= 4 else turned
    return out


def change_contrast(
    patches: Float[Tensor, "batch side side"],
    *,
    gain: Float[Tensor, " batch"],
    offset: Float[Tensor, " batch"],
) -> Float[Tensor, "batch side side"]:
    """Multiply each patch by its gain and add its offset (units of the micrograph's noise σ)."""
    return patches * gain[:, None, None] + offset[:, None, None]
