"""Losses that remember: earlier predictions, a second network, or how often labels are wrong."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.learn.losses import Labels, Logits, Scalar, TrainingLoss
from cryoice.learn.noise_rates import MOST, estimate_noise_rates


class EarlyLearning(TrainingLoss):
    """Cross-entropy that holds on to what the network said early (ELR: Liu et al. 2020, arXiv:2007.00151).

    Adds λ · mean log(1 - ⟨p, t⟩), with t = β t + (1 - β) p the running mean of an example's own
    probabilities: networks learn right labels first and wrong ones by heart later.
    """

    one_device = True

    def __init__(self, *, strength: float, beta: float) -> None:
        super().__init__()
        self.strength, self.beta = strength, beta
        self.register_buffer("targets", torch.zeros(0, 2), persistent=False)

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the cross-entropy alone, in nats: examples outside the training set have no past."""
        return functional.cross_entropy(logits, label)

    def step(self, logits: Sequence[Logits], label: Labels, *, index: Labels, epoch: int) -> Scalar:
        """Return cross-entropy and regulariser, with the examples' running means brought up to date."""
        probability = logits[0].softmax(dim=1).clamp(1e-4, 1 - 1e-4)
        now = probability.detach()
        targets = self._grown(int(index.max()) + 1)
        targets[index] = self.beta * targets[index] + (1 - self.beta) * now / now.sum(dim=1, keepdim=True)
        agreement = (probability * targets[index]).sum(dim=1)
        return self(logits[0], label) + self.strength * torch.log1p(-agreement).mean()

    def get_extra_state(self) -> Tensor:
        """Return the running means, however many there are: a checkpoint continues with them."""
        return self.get_buffer("targets")

    def set_extra_state(self, state: Tensor) -> None:
        """Take over a checkpoint's running means."""
        self.targets = state.clone().to(self.get_buffer("targets").device)

    def _grown(self, size: int) -> Tensor:
        targets = self.get_buffer("targets")
        if size > len(targets):
            self.targets = targets = functional.pad(targets, (0, 0, 0, size - len(targets)))
        return targets


class CoTeaching(TrainingLoss):
    """Two networks that choose each other's examples (Han et al. 2018, arXiv:1804.06872).

    Each learns from the examples of the batch that the other finds easiest: a share ``forget`` fewer than
    all after ``warm_up`` epochs, linearly fewer until then. What both find hard is likely mislabelled.
    """

    networks = 2
    one_device = True

    def __init__(self, *, forget: float, warm_up: int) -> None:
        super().__init__()
        self.forget, self.warm_up = forget, warm_up

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the cross-entropy of one network over all examples, in nats."""
        return functional.cross_entropy(logits, label)

    def step(self, logits: Sequence[Logits], label: Labels, *, index: Labels, epoch: int) -> Scalar:
        """Return the sum of both networks' cross-entropies over the examples chosen for them."""
        first, second = (functional.cross_entropy(one, label, reduction="none") for one in logits)
        kept = self.kept(len(label), epoch)
        easy_to_first, easy_to_second = (loss.detach().argsort()[:kept] for loss in (first, second))
        return first[easy_to_second].mean() + second[easy_to_first].mean()

    def kept(self, size: int, epoch: int) -> int:
        """Return how many examples of a batch are kept in an epoch (from 0)."""
        forget = self.forget * min((epoch + 1) / max(self.warm_up, 1), 1.0)
        return max(1, round((1 - forget) * size))


class RateCorrection(TrainingLoss):
    """Cross-entropy until it knows how often labels are wrong, then what a subclass makes of that.

    Parameters
    ----------
    good_to_bad, bad_to_good
        P(labelled BAD | is GOOD) and the reverse; None: estimated on the validation split, see `learn_from`.
    warm_up
        Epochs of plain cross-entropy before the estimate counts.
    """

    one_device = True

    def __init__(self, *, good_to_bad: float | None, bad_to_good: float | None, warm_up: int) -> None:
        super().__init__()
        self.given = (good_to_bad, bad_to_good)
        if (total := sum(rate or 0.0 for rate in self.given)) >= 1:
            raise InputError(
                f"loss: good_to_bad and bad_to_good sum to {total:g}; labels say something below 1 only"
            )
        self.warm_up = warm_up if None in self.given else 0
        self.register_buffer("rates", torch.tensor([rate or 0.0 for rate in self.given]))

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the corrected loss of the batch."""
        raise NotImplementedError

    def step(self, logits: Sequence[Logits], label: Labels, *, index: Labels, epoch: int) -> Scalar:
        """Return the cross-entropy during the warm-up, the corrected loss after it."""
        if epoch < self.warm_up:
            return functional.cross_entropy(logits[0], label)
        return self(logits[0], label)

    def wants_validation(self, epoch: int) -> bool:
        """Return whether the warm-up lasts: the network still predicts labels, not truths."""
        return epoch < self.warm_up

    def learn_from(self, probability: Float[Tensor, " n"], label: Int[Tensor, " n"]) -> None:
        """Estimate the rates that were not given, where both labels are there; see `estimate_noise_rates`."""
        if set(label.tolist()) != {GOOD, BAD}:
            return
        found = estimate_noise_rates(probability.double().cpu().numpy(), label.cpu().numpy())
        left = MOST - sum(rate for rate in self.given if rate is not None)
        estimates = (found.good_to_bad, found.bad_to_good)
        for value, (given, own) in enumerate(zip(self.given, estimates, strict=True)):
            if given is None:
                self.get_buffer("rates")[value] = min(own, max(left, 0.0))


class ForwardCorrection(RateCorrection):
    """Cross-entropy between the labels and what the network's truth would be labelled as.

    P(labelled j) = Σ_i P(is i) T_ij with T_01 = ``good_to_bad`` and T_10 = ``bad_to_good``: the minimiser
    is the probability of the truth, not of the label (Patrini et al. 2017, arXiv:1609.03683, theorem 2).
    """

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the mean over the batch, in nats."""
        wrong = self.get_buffer("rates")
        transition = torch.stack(
            [torch.stack([1 - wrong[0], wrong[0]]), torch.stack([wrong[1], 1 - wrong[1]])]
        )
        labelled = logits.softmax(dim=1) @ transition
        return functional.nll_loss(labelled.clamp(min=1e-7).log(), label)


class NonNegativePU(RateCorrection):
    """GOOD picks as positives, BAD ones as unlabelled: a mixture of GOOD and BAD.

    With n_G and n_B the batch's labels, r = ``good_to_bad`` and h = (n_G / n_B) r / (1 - r) the share of good
    particles among the BAD picks, the risk over all picks is

        (n_G + h n_B) / n · mean_G ℓ(GOOD) + n_B / n · max(0, mean_B ℓ(BAD) - h mean_G ℓ(BAD))

    with ℓ the cross-entropy: the non-negative estimator of Kiryo et al. 2017 (arXiv:1703.00593) where
    labelled and unlabelled examples come from one sample. Where the second term falls below 0, the step
    goes up its gradient instead, as theirs does. It supposes that no BAD is labelled GOOD, and that good
    particles were labelled BAD whatever they look like.
    """

    def __init__(self, *, good_to_bad: float | None, warm_up: int) -> None:
        super().__init__(good_to_bad=good_to_bad, bad_to_good=0.0, warm_up=warm_up)

    def forward(self, logits: Logits, label: Labels) -> Scalar:
        """Return the risk of the batch, in nats; the cross-entropy where it holds one label only."""
        good, bad = logits[label == GOOD], logits[label == BAD]
        if not len(good) or not len(bad):
            return functional.cross_entropy(logits, label)
        rate, ratio = self.get_buffer("rates")[0], len(good) / len(bad)
        hidden = (ratio * rate / (1 - rate)).clamp(max=1)
        share = len(bad) / len(label)
        positive = (1 - share + hidden * share) * -good.log_softmax(dim=1)[:, GOOD].mean()
        as_bad = [-part.log_softmax(dim=1)[:, BAD].mean() for part in (bad, good)]
        negative = share * (as_bad[0] - hidden * as_bad[1])
        return positive + negative if negative >= 0 else -negative
