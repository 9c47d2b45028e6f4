import math

import pytest
import torch

from cryoice.learn.losses import CrossEntropy


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
