"""The loss over the logits of every pixel."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from cryoice.constants import ARTIFACT, CLASSES, IGNORE
from cryoice.errors import InputError


class PixelLoss(nn.Module):
    """Cross-entropy over the labelled pixels, plus a share of soft Dice over the classes at hand.

    A pixel labelled `ARTIFACT`, of whatever kind, costs -log(1 - P(clean)), with the mean weight of the
    artifact classes.

    Parameters
    ----------
    class_weights
        One for each of `CLASSES`; None: every pixel counts the same.
    dice
        Weight of the Dice term, 1 - 2 Σpt / Σ(p + t) averaged over the classes that the batch's labels
        hold (Milletari et al. 2016, arXiv:1606.04797, without the squares); it counts classes, not pixels.
    margin
        Width in px of the band on either side of a boundary between labels that is left out: soft edges
        have no exact place.
    """

    def __init__(self, *, class_weights: Sequence[float] | None, dice: float, margin: int) -> None:
        super().__init__()
        if class_weights is not None and len(class_weights) != len(CLASSES):
            raise InputError(
                f"loss.class_weights={list(class_weights)}: must be {len(CLASSES)} numbers, one for each of "
                f"{', '.join(CLASSES)}"
            )
        weights = torch.tensor([float(weight) for weight in class_weights or [1.0] * len(CLASSES)])
        self.register_buffer("weights", weights, persistent=False)
        self.dice, self.margin = dice, margin

    def forward(
        self, logits: Float[Tensor, "batch classes h w"], label: Int[Tensor, "batch h w"]
    ) -> Float[Tensor, ""]:
        """Return the mean over the labelled pixels; 0 where there are none."""
        clear = without_boundaries(label, margin=self.margin)
        some = clear == ARTIFACT
        labelled = (clear != IGNORE) & ~some
        truth = clear.where(labelled, 0)
        log_probability = logits.log_softmax(dim=1)
        each = -log_probability.gather(1, truth[:, None])[:, 0]
        by_class = self.get_buffer("weights")
        weights = by_class[truth] * labelled
        if some.any():
            each = torch.where(some, -log_probability[:, 1:].logsumexp(dim=1), each)
            weights = weights + by_class[1:].mean() * some
        entropy = (each * weights).sum() / weights.sum().clamp(min=1.0)
        if not self.dice:
            return entropy
        return entropy + self.dice * _dice(log_probability.exp(), truth, labelled, some)


def without_boundaries(label: Int[Tensor, "batch h w"], *, margin: int) -> Int[Tensor, "batch h w"]:
    """Set pixels that have another label within ``margin`` px (along rows and columns) to `IGNORE`."""
    if margin == 0:
        return label
    side = 2 * margin + 1
    values = label.float()[:, None]
    highest = functional.max_pool2d(values, side, stride=1, padding=margin)
    lowest = -functional.max_pool2d(-values, side, stride=1, padding=margin)
    return label.where((highest == lowest)[:, 0], IGNORE)


def _dice(
    probability: Float[Tensor, "batch classes h w"],
    truth: Int[Tensor, "batch h w"],
    labelled: Bool[Tensor, "batch h w"],
    some: Bool[Tensor, "batch h w"],
) -> Float[Tensor, ""]:
    """Go class by class: arrays of one class at a time are the quickest on a CPU.

    What is ``some`` artifact is surely not clean, the first class.
    """
    terms = []
    for index in range(probability.shape[1]):
        held = ((truth == index) & labelled).to(probability)
        count = held.sum()
        if count:
            found, known = probability[:, index], labelled if index else labelled | some
            both, either = (found * held).sum(), (found * known).sum() + count
            terms.append(1 - 2 * both / either)
    return torch.stack(terms).mean() if terms else probability.sum() * 0
