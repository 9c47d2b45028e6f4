"""From the raw views of a batch to the channels that a network sees."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from cryoice.errors import InputError
from cryoice.signal.channels import plain_channel, region_side, spectral_channel
from cryoice.signal.fourier import averaged_spectrum, window_2d


def spectrum_region(spectrum: Mapping[str, Any], *, patch: int) -> int:
    """Return the side in px of the region that the spectral channel needs; 0 for the plain one."""
    if spectrum["kind"] == "plain":
        return 0
    return region_side(patch=patch, field=spectrum["field"], pixel_size=spectrum["pixel_size"])


def make_channels(
    batch: Mapping[str, Tensor], *, use: Sequence[str], spectrum: Mapping[str, Any], patch: int
) -> Float[Tensor, "batch c patch patch"]:
    """Stack the channels named in ``use``: ``real`` and / or ``spectrum``.

    An unmeasured spectrum becomes 0, the value of pure background, and ``batch["measured"]`` tells
    the network so.
    """
    channels = []
    for name in use:
        if name == "real":
            channels.append(batch["real"].float())
        elif name == "spectrum":
            channels.append(_spectrum(batch, spectrum, patch=patch))
        else:
            raise InputError(f"channels.use: unknown channel '{name}'; choose from real, spectrum")
    return torch.stack(channels, dim=1)


def _spectrum(batch: Mapping[str, Tensor], spectrum: Mapping[str, Any], *, patch: int) -> Tensor:
    if spectrum["kind"] == "plain":
        return plain_channel(batch["real"].float())
    region = batch["region"].float()
    power = averaged_spectrum(region, window_2d(spectrum["window"], patch).to(region.device))
    return spectral_channel(power) * batch["measured"][:, None, None]
