"""The loss over pixels: its values by hand, and what it leaves out."""

import math

import pytest
import torch

from cryoice.constants import ARTIFACT, IGNORE
from cryoice.errors import InputError
from cryoice.learn.pixel_loss import PixelLoss, without_boundaries


def plain(**changes):
    return PixelLoss(**({"class_weights": None, "dice": 0.0, "margin": 0} | changes))


def test_equal_logits_cost_ln_5():
    label = torch.tensor([[[0, 1, 2], [3, 4, IGNORE]]])
    assert plain()(torch.zeros(1, 5, 2, 3), label).item() == pytest.approx(math.log(5))


def test_a_pixel_without_a_label_costs_nothing():
    logits = torch.zeros(1, 5, 1, 2)
    logits[0, 3, 0, 1] = 50.0
    assert plain()(logits, torch.tensor([[[0, IGNORE]]])).item() == pytest.approx(math.log(5))


def test_a_batch_without_labels_costs_nothing_and_has_a_gradient():
    logits = torch.randn(1, 5, 3, 3, requires_grad=True)
    loss = plain(dice=1.0)(logits, torch.full((1, 3, 3), IGNORE))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_classes_weigh_as_asked():
    logits = torch.zeros(1, 5, 1, 2)
    logits[0, 0] = math.log(6)  # P(clean) = 6/10, any other 1/10
    loss = plain(class_weights=[1.0, 3.0, 1.0, 1.0, 1.0])(logits, torch.tensor([[[0, 1]]]))
    assert loss.item() == pytest.approx((-math.log(0.6) - 3 * math.log(0.1)) / 4)


def test_dice_counts_the_classes_at_hand():
    logits = torch.zeros(1, 5, 1, 2)  # every probability 1/5
    found = plain(dice=1.0)(logits, torch.tensor([[[0, 1]]])).item() - math.log(5)
    assert found == pytest.approx(1 - 2 * 0.2 / (0.4 + 1))


def test_certainty_that_is_right_costs_nothing():
    label = torch.tensor([[[0, 1, 2], [3, 4, IGNORE]]])
    logits = 100.0 * torch.nn.functional.one_hot(label.where(label != IGNORE, 0), 5).movedim(-1, 1)
    assert plain(dice=1.0)(logits.float(), label).item() == pytest.approx(0, abs=1e-6)


def test_the_band_along_a_boundary_has_no_label():
    label = torch.zeros(1, 1, 7, dtype=torch.long)
    label[..., 3:] = 2
    assert without_boundaries(label, margin=1).flatten().tolist() == [0, 0, IGNORE, IGNORE, 2, 2, 2]
    assert torch.equal(without_boundaries(label, margin=0), label)


def test_as_many_weights_as_classes():
    with pytest.raises(InputError, match=r"loss\.class_weights=.*must be 5 numbers"):
        plain(class_weights=[1.0])


def test_some_artifact_costs_what_clean_film_there_is_likely():
    logits = torch.zeros(1, 5, 1, 2)
    logits[0, 0] = math.log(6)  # P(clean) = 6/10
    assert plain()(logits, torch.tensor([[[ARTIFACT, ARTIFACT]]])).item() == pytest.approx(-math.log(0.4))
    weighted = plain(class_weights=[1.0, 2.0, 2.0, 4.0, 4.0])(logits, torch.tensor([[[0, ARTIFACT]]]))
    assert weighted.item() == pytest.approx((-math.log(0.6) - 3 * math.log(0.4)) / 4)


def test_some_artifact_leaves_open_which_one():
    logits = torch.zeros(1, 5, 1, 1, requires_grad=True)
    plain()(logits, torch.tensor([[[ARTIFACT]]])).backward()
    assert logits.grad.flatten().tolist() == pytest.approx([0.2, -0.05, -0.05, -0.05, -0.05])


def test_dice_counts_some_artifact_as_not_clean():
    entropy = (math.log(5) - math.log(0.8)) / 2
    loss = plain(dice=1.0)(torch.zeros(1, 5, 1, 2), torch.tensor([[[0, ARTIFACT]]]))
    assert loss.item() == pytest.approx(entropy + 1 - 2 * 0.2 / (0.4 + 1))
