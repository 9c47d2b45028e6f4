import math

import pytest
import torch

from cryoice.learn.losses import (
    Bootstrapping,
    CrossEntropy,
    GeneralizedCrossEntropy,
    SymmetricCrossEntropy,
)


def test_equal_logits_cost_ln_2() -> None:
    loss = CrossEntropy(class_weights=None, label_smoothing=0.0)
    assert loss(torch.zeros(4, 2), torch.tensor([0, 1, 0, 1])).item() == pytest.approx(math.log(2))


def test_class_weights_are_a_weighted_mean() -> None:
    logits, label = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    loss = CrossEntropy(class_weights=[1.0, 3.0], label_smoothing=0.0)
    assert loss(logits, label).item() == pytest.approx((right + 3 * wrong) / 4)


def test_smoothing_mixes_the_label_with_both_classes() -> None:
    logits, label = torch.tensor([[2.0, 0.0]]), torch.tensor([0])
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    loss = CrossEntropy(class_weights=None, label_smoothing=0.2)
    assert loss(logits, label).item() == pytest.approx(0.9 * right + 0.1 * wrong)


P = 0.8
CERTAIN = torch.tensor([[math.log(P), math.log(1 - P)]])
GOOD, BAD = torch.tensor([0]), torch.tensor([1])


@pytest.mark.parametrize("q", [0.3, 0.7, 1.0])
def test_the_generalised_loss_is_a_power_of_the_labels_probability(q: float) -> None:
    loss = GeneralizedCrossEntropy(q=q)
    assert loss(CERTAIN, GOOD).item() == pytest.approx((1 - P**q) / q, rel=1e-5)
    assert loss(CERTAIN, BAD).item() == pytest.approx((1 - (1 - P) ** q) / q, rel=1e-5)


def test_the_generalised_loss_nears_cross_entropy_for_small_q() -> None:
    assert GeneralizedCrossEntropy(q=1e-3)(CERTAIN, BAD).item() == pytest.approx(-math.log(1 - P), rel=2e-3)


def test_the_generalised_loss_weighs_contradicted_labels_less() -> None:
    logits = CERTAIN.clone().requires_grad_()
    GeneralizedCrossEntropy(q=0.7)(logits, BAD).backward()
    # d/dz of (1 - p^q)/q is p^q (p - 1) for the label's own logit: cross-entropy's times p^q
    assert logits.grad is not None
    assert logits.grad[0, 1].item() == pytest.approx((1 - P) ** 0.7 * (1 - P - 1), rel=1e-5)


def test_the_symmetric_loss_adds_a_bounded_term() -> None:
    loss = SymmetricCrossEntropy(alpha=0.5, beta=2.0, log_zero=-4.0)
    assert loss(CERTAIN, GOOD).item() == pytest.approx(-0.5 * math.log(P) + 2 * 4 * (1 - P), rel=1e-5)
    only_reverse = SymmetricCrossEntropy(alpha=0.0, beta=1.0, log_zero=-4.0)
    assert only_reverse(torch.tensor([[50.0, -50.0]]), BAD).item() == pytest.approx(4.0)


def test_bootstrapping_mixes_the_label_with_the_networks_decision() -> None:
    loss = Bootstrapping(beta=0.8)
    assert loss(CERTAIN, BAD).item() == pytest.approx(-0.8 * math.log(1 - P) - 0.2 * math.log(P), rel=1e-5)
    assert loss(CERTAIN, GOOD).item() == pytest.approx(-math.log(P), rel=1e-5)
