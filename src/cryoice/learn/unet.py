"""The per-pixel network: (batch, channels, height, width) -> logits of every class at every pixel."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

WIDEST = 8
"""A stage has at most this many times ``width`` channels."""


class UNet(nn.Module):
    """Stride-2 encoder, dilated bottleneck, decoder with skip connections; for any height and width.

    The first convolution halves the sampling already and the logits are interpolated back: artifacts
    are tens of pixels wide, and three quarters of the work would go into the finest level. Grey values
    are squashed by ``asinh`` first, so that gold and carbon, tens of noise σ dark, do not drown ice.
    Each convolution is followed by its own batch normalisation, or is the last one: what
    `torch.nn.utils.fusion` can fuse. Ronneberger et al. 2015 (arXiv:1505.04597); dilations as in Yu &
    Koltun 2016 (arXiv:1511.07122).

    Parameters
    ----------
    width
        Channels of the first stage; doubled at each of the next, up to eight times as many.
    depth
        Halvings.
    dilations
        Of the bottleneck's convolutions: each step sees ``2**depth`` px more to every side.
    """

    def __init__(
        self, *, in_channels: int, classes: int, width: int, depth: int, dilations: Sequence[int]
    ) -> None:
        super().__init__()
        channels = [width * min(2**stage, WIDEST) for stage in range(depth)]
        self.stem = _block(in_channels, channels[0], stride=2)
        self.encoder = nn.ModuleList(
            nn.Sequential(_block(few, many, stride=2), _block(many, many)) for few, many in pairwise(channels)
        )
        self.context = nn.ModuleList(_block(channels[-1], channels[-1], dilation=step) for step in dilations)
        self.decoder = nn.ModuleList(
            _block(few + many, few)
            for few, many in zip(reversed(channels[:-1]), reversed(channels[1:]), strict=True)
        )
        self.head = nn.Conv2d(channels[0], classes, 1)
        self.multiple = 2**depth

    def forward(self, views: Float[Tensor, "batch c h w"]) -> Float[Tensor, "batch classes h w"]:
        """Return the logits; sides that ``depth`` halvings do not divide are extended by their last row."""
        height, width = views.shape[-2:]
        bottom, right = -height % self.multiple, -width % self.multiple
        padded = functional.pad(views, (0, right, 0, bottom), mode="replicate")
        features = self.stem(torch.asinh(padded))
        skips = []
        for stage in self.encoder:
            skips.append(features)
            features = stage(features)
        for block in self.context:
            features = features + block(features)
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            features = functional.interpolate(features, scale_factor=2.0, mode="nearest")
            features = block(torch.cat([features, skip], dim=1))
        logits = functional.interpolate(
            self.head(features), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        return logits[..., :height, :width]


def _block(in_channels: int, out_channels: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Return a 3x3 convolution, batch normalisation and ReLU; as wide as its input over the stride."""
    return nn.Sequential(
        nn.Conv2d(
            in_channels, out_channels, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
