"""Losses over the two logits, and what they have in common; those with a memory are in `strategies`."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from cryoice.errors import InputError

Logits = Float[Tensor, "batch 2"]
Labels = Int[Tensor, " batch"]
Scalar = Float[Tensor, ""]


class TrainingLoss(nn.Module):
    """What a training minimises.

    Attributes
    ----------
    networks
        How many networks are trained side by side; the first one is kept to predict with.
    one_device
        Whether all examples must pass through one process.
    """

    networks = 1
    one_device = False

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the mean over the batch."""
        raise NotImplementedError

    def step(self, logits: Sequence[Logits], label: Labels, *, index: Labels, epoch: int) -> Scalar:
        """Return the loss of a training step.

        Parameters
        ----------
        logits
            Of each network.
        index
            The examples' places in the training set.
        epoch
            From 0.
        """
        return self(logits[0], label)

    def wants_validation(self, epoch: int) -> bool:
        """Return whether `learn_from` waits for this epoch's validation."""
        return False

    def learn_from(self, probability: Float[Tensor, " n"], label: Int[Tensor, " n"]) -> None:
        """Take in the probabilities of BAD and the labels of a whole validation split."""


class CrossEntropy(TrainingLoss):
    """Cross-entropy of the logits of GOOD and BAD, optionally with a weight for each class.

    With ``label_smoothing`` s the target is 1 - s/2 for the label and s/2 for the other class, which bears
    wrong labels better than a hard one (Lukasik et al. 2020, arXiv:2003.02819).
    """

    def __init__(self, *, class_weights: Sequence[float] | None, label_smoothing: float) -> None:
        super().__init__()
        if class_weights is not None and len(class_weights) != 2:
            raise InputError(f"loss.class_weights={list(class_weights)}: must be two numbers, [GOOD, BAD]")
        weights = None if class_weights is None else torch.tensor([float(weight) for weight in class_weights])
        self.register_buffer("weights", weights)
        self.label_smoothing = label_smoothing

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the mean over the batch, in nats (chance: ln 2 = 0.693)."""
        return functional.cross_entropy(
            logits,
            label,
            weight=self.get_buffer("weights") if self._has_weights() else None,
            label_smoothing=self.label_smoothing,
        )

    def _has_weights(self) -> bool:
        return self._buffers["weights"] is not None


class GeneralizedCrossEntropy(TrainingLoss):
    """(1 - p^q) / q with p the probability of the label: cross-entropy as q → 0, absolute error at q = 1.

    The larger q, the less an example weighs that the network contradicts (Zhang & Sabuncu 2018,
    arXiv:1805.07836).
    """

    def __init__(self, *, q: float) -> None:
        super().__init__()
        self.q = q

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the mean over the batch (chance: (1 - 2^-q) / q)."""
        log_p = _of_label(logits, label)
        return (-torch.expm1(self.q * log_p) / self.q).mean()


class SymmetricCrossEntropy(TrainingLoss):
    """α · cross-entropy + β · reverse cross-entropy (Wang et al. 2019, arXiv:1908.06112).

    Reverse: the label's distribution under the logarithm, log 0 taken as ``log_zero`` (A < 0), which for one
    right class is -A (1 - p), a bounded term that wrong labels cannot dominate.
    """

    def __init__(self, *, alpha: float, beta: float, log_zero: float) -> None:
        super().__init__()
        self.alpha, self.beta, self.log_zero = alpha, beta, log_zero

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the mean over the batch."""
        log_p = _of_label(logits, label)
        return (-self.alpha * log_p - self.beta * self.log_zero * -torch.expm1(log_p)).mean()


class Bootstrapping(TrainingLoss):
    """Cross-entropy with the target β · label + (1 - β) · the network's own decision (hard bootstrapping).

    Reed et al. 2015, arXiv:1412.6596, equation 7.
    """

    def __init__(self, *, beta: float) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the mean over the batch, in nats."""
        own = _of_label(logits, logits.detach().argmax(dim=1))
        return -(self.beta * _of_label(logits, label) + (1 - self.beta) * own).mean()


def _of_label(logits: Logits, label: Labels) -> Float[Tensor, " batch"]:
    """Return the log probability of each example's label."""
    log_p: Tensor = logits.log_softmax(dim=1).gather(1, label[:, None])[:, 0]
    return log_p
