"""Networks and what trains them, built from the plain settings that checkpoints keep."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.utils import instantiate
from torch import nn


def build(settings: Mapping[str, Any], **arguments: Any) -> Any:
    """Build the class that ``settings["_target_"]`` names; ``arguments`` go beside its settings."""
    return instantiate(dict(settings), **arguments)


def build_patch_network(
    model: Mapping[str, Any], *, channels: Mapping[str, Sequence[str]], patch: int
) -> nn.Module:
    """Build the untrained network of a `PatchClassifier` from its hyperparameters."""
    network: nn.Module = build(model, in_channels=len(channels["use"]), patch=patch)
    return network


def build_pixel_network(model: Mapping[str, Any], *, classes: int) -> nn.Module:
    """Build the untrained network of a `Segmenter` from its hyperparameters."""
    network: nn.Module = build(model, in_channels=1, classes=classes)
    return network
