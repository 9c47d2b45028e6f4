"""Losses over the two logits."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from cryoice.errors import InputError


class CrossEntropy(nn.Module):
    """Cross-entropy of the logits of GOOD and BAD, optionally with a weight for each class."""

    def __init__(self, *, class_weights: Sequence[float] | None, label_smoothing: float) -> None:
        super().__init__()
        if class_weights is not None and len(class_weights) != 2:
            raise InputError(f"loss.class_weights={list(class_weights)}: must be two numbers, [GOOD, BAD]")
        weights = None if class_weights is None else torch.tensor([float(weight) for weight in class_weights])
        self.register_buffer("weights", weights)
        self.label_smoothing = label_smoothing

    def forward(self, logits: Float[Tensor, "batch 2"], label: Int[Tensor, " batch"]) -> Float[Tensor, ""]:
        """Return the mean over the batch, in nats (chance: ln 2 = 0.693)."""
        return functional.cross_entropy(
            logits,
            label,
            weight=self.get_buffer("weights") if self._has_weights() else None,
            label_smoothing=self.label_smoothing,
        )

    def _has_weights(self) -> bool:
        return self._buffers["weights"] is not None
