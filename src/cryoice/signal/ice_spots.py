"""Which of overlapping windows a Bragg spot belongs to."""

import torch
from jaxtyping import Bool, Float32
from torch import Tensor
from torch.nn import functional

from cryoice.signal.ice_windows import IceWindows

STRONGER = 4.0
"""A window centred on a crystal's edge has half of the spots' amplitude, a quarter of their power."""
_REACH = 2
"""Bins over which a spot spreads: 1.5 in a Hann window, more where part of it holds the crystal."""
_WEAK = 16.0
"""Power that noise reaches in one window of 4000: nothing below it takes a spot from a neighbour."""


def own_power(
    flat: Float32[Tensor, "rows cols band"], windows: IceWindows, band: Bool[Tensor, " kept"]
) -> Float32[Tensor, "rows cols band"]:
    """Return the power of each window, 0 where a neighbour has over 4 times as much within two bins.

    Windows half a side apart share spots of what lies between them; those count whose centres the crystal
    reaches. Spots that a neighbour has elsewhere in its spectrum take nothing away.

    Parameters
    ----------
    flat
        Power over background at the frequencies that ``band`` marks.
    """
    strong = torch.nonzero(flat.amax(dim=-1) > _WEAK).tolist()
    if not strong:
        return flat
    rows, columns = (windows.rows[band] + windows.side // 2) % windows.side, windows.columns[band]
    rows, columns = rows - rows.min(), columns - columns.min()
    near = torch.zeros_like(flat)
    for index, cell in strong:
        plane = flat.new_zeros(int(rows.max()) + 1, int(columns.max()) + 1)
        plane[rows, columns] = flat[index, cell]
        for side in ((2 * _REACH + 1, 1), (1, 2 * _REACH + 1)):
            around = (side[0] // 2, side[1] // 2)
            plane = functional.max_pool2d(plane[None], side, stride=1, padding=around)[0]
        near[index, cell] = plane[rows, columns]
    strongest = functional.max_pool2d(near.permute(2, 0, 1), 3, stride=1, padding=1).permute(1, 2, 0)
    return flat * (STRONGER * flat >= strongest)
