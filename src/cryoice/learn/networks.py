"""Networks: (batch, channels, patch, patch) and whether the spectrum was measured -> two logits."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torchvision.models import resnet18

from cryoice.errors import InputError

POOLED = 4
"""Side of the grid of features that the fully connected layers see: it keeps where things lie."""


def conv_block(in_channels: int, out_channels: int, *, stride: int) -> nn.Sequential:
    """Return a 3x3 convolution, batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def conv_stages(in_channels: int, *, width: int, depth: int, blocks: int) -> tuple[nn.Sequential, int]:
    """Return ``depth`` stride-2 stages and their output channels.

    Stage i has ``blocks`` convolutions of ``width · 2^i`` channels, at most ``8 · width``.
    """
    layers: list[nn.Module] = []
    channels = in_channels
    for stage in range(depth):
        out_channels = width * min(2**stage, 8)
        for block in range(blocks):
            layers.append(conv_block(channels, out_channels, stride=2 if block == 0 else 1))
            channels = out_channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(POOLED)), channels


def require_depth(patch: int, depth: int) -> None:
    """Raise `InputError` where ``depth`` halvings leave nothing of a patch."""
    if 2**depth > patch:
        most = patch.bit_length() - 1
        raise InputError(f"model.depth={depth}: halves a patch of {patch} px to nothing; use at most {most}")


class Head(nn.Module):
    """Fully connected layers over pooled features and the flag that a spectrum was measured."""

    def __init__(self, in_features: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(in_features + 1, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, 2),
        )

    def forward(
        self, features: Float[Tensor, "batch features"], measured: Bool[Tensor, " batch"]
    ) -> Float[Tensor, "batch 2"]:
        """Return the logits of GOOD and BAD."""
        logits: Tensor = self.layers(torch.cat([features, measured[:, None].to(features.dtype)], dim=1))
        return logits


class ConvClassifier(nn.Module):
    """Stride-2 convolutions over the stacked channels, then fully connected layers."""

    def __init__(
        self,
        *,
        in_channels: int,
        patch: int,
        width: int,
        depth: int,
        blocks: int,
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        require_depth(patch, depth)
        self.stages, channels = conv_stages(in_channels, width=width, depth=depth, blocks=blocks)
        self.head = Head(channels * POOLED**2, hidden=hidden, dropout=dropout)

    def forward(
        self, patches: Float[Tensor, "batch c p p"], measured: Bool[Tensor, " batch"]
    ) -> Float[Tensor, "batch 2"]:
        """Return the logits of GOOD and BAD."""
        logits: Tensor = self.head(self.stages(patches).flatten(1), measured)
        return logits


class TwoStreamClassifier(nn.Module):
    """A stream for each channel, fused late: their pixels do not correspond."""

    skips_weights = True  # where too few spectra of a batch were measured

    def __init__(
        self,
        *,
        in_channels: int,
        patch: int,
        width: int,
        depth: int,
        blocks: int,
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        require_depth(patch, depth)
        if in_channels != 2:
            raise InputError("model=two_stream: needs both channels; set channels.use=[real,spectrum]")
        self.real, channels = conv_stages(1, width=width, depth=depth, blocks=blocks)
        self.spectrum, _ = conv_stages(1, width=width, depth=depth, blocks=blocks)
        self.fewest = 2 if patch == 2**depth else 1  # rows that batch normalisation needs, by the last map
        self.head = Head(2 * channels * POOLED**2, hidden=hidden, dropout=dropout)

    def forward(
        self, patches: Float[Tensor, "batch 2 p p"], measured: Bool[Tensor, " batch"]
    ) -> Float[Tensor, "batch 2"]:
        """Return the logits of GOOD and BAD; an unmeasured spectrum adds nothing but its flag."""
        real = self.real(patches[:, :1]).flatten(1)
        spectrum = self._spectrum_features(patches[:, 1:], measured, like=real)
        logits: Tensor = self.head(torch.cat([real, spectrum], dim=1), measured)
        return logits

    def _spectrum_features(
        self, spectra: Float[Tensor, "batch 1 p p"], measured: Bool[Tensor, " batch"], *, like: Tensor
    ) -> Float[Tensor, "batch features"]:
        """Zeros but for the measured rows, which alone reach the stream and its normalisation.

        Too few rows to normalise in training count as missing.
        """
        features = torch.zeros_like(like)
        rows = int(measured.sum())
        if rows >= (self.fewest if self.training else 1):
            chosen = spectra if rows == len(spectra) else spectra[measured]
            features[measured] = self.spectrum(chosen).flatten(1)
        return features


class ResNet18Classifier(nn.Module):
    """torchvision's ResNet-18, untrained, with a stem for our channels (He et al. 2015, arXiv:1512.03385)."""

    def __init__(self, *, in_channels: int, patch: int, hidden: int, dropout: float) -> None:
        super().__init__()
        require_depth(patch, 5)
        self.trunk = resnet18(weights=None)
        features = self.trunk.fc.in_features
        self.trunk.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.trunk.fc = nn.Identity()
        self.head = Head(features, hidden=hidden, dropout=dropout)

    def forward(
        self, patches: Float[Tensor, "batch c p p"], measured: Bool[Tensor, " batch"]
    ) -> Float[Tensor, "batch 2"]:
        """Return the logits of GOOD and BAD."""
        logits: Tensor = self.head(self.trunk(patches), measured)
        return logits
