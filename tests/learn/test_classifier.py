"""The module learns, augments both views alike, and comes back from a checkpoint the same."""

import math

import pytest
import pytorch_lightning as pl
import torch

from cryoice.errors import InputError
from cryoice.learn.classifier import PatchClassifier
from cryoice.signal.augment import apply_d4

AVERAGED = {"kind": "averaged", "pixel_size": 1.5, "field": 24, "window": "hann"}
NO_AUGMENTATION = {"d4": False, "gain": 0.0, "offset": 0.0}
NETWORK = {
    "_target_": "cryoice.learn.networks.ConvClassifier",
    "width": 4, "depth": 2, "blocks": 1, "hidden": 8, "dropout": 0.0,
}  # fmt: skip


def module(**changes):
    settings = {
        "model": NETWORK,
        "channels": {"use": ["real", "spectrum"], "spectrum": AVERAGED},
        "augment": {"d4": True, "gain": 0.1, "offset": 0.1},
        "optimizer": {"_target_": "torch.optim.Adam", "lr": 1e-2},
        "schedule": {"_target_": "torch.optim.lr_scheduler.ConstantLR", "factor": 1.0},
        "loss": {
            "_target_": "cryoice.learn.losses.CrossEntropy", "class_weights": None, "label_smoothing": 0.0
        },
        "patch": 16,
        "pixel_size": 1.5,
        "seed": 0,
        "channels_last": True,
    }  # fmt: skip
    torch.manual_seed(0)
    return PatchClassifier(**(settings | changes))


def batch(size=16):
    generator = torch.Generator().manual_seed(0)
    return {
        "real": torch.randn(size, 16, 16, generator=generator),
        "region": torch.randn(size, 16, 16, generator=generator),
        "measured": torch.ones(size, dtype=torch.bool),
        "label": torch.arange(size) % 2,
        "index": torch.arange(size),
    }


def alone(net):
    """Let a module take training steps without a trainer."""
    net.log = lambda *args, **kwargs: None
    return net


def test_an_untrained_network_is_at_chance():
    loss = alone(module()).training_step(batch(), 0)
    assert loss.item() == pytest.approx(math.log(2), abs=0.15)


def test_one_batch_can_be_learnt_by_heart():
    net = alone(module(augment=NO_AUGMENTATION))
    optimizer = net.configure_optimizers()["optimizer"]
    for step in range(25):
        optimizer.zero_grad()
        loss = net.training_step(batch(), step)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_augmentation_turns_both_views_alike_and_leaves_the_labels():
    given = batch()
    given["region"] = given["real"].clone()
    torch.manual_seed(5)
    got = module().augmented(given)
    assert torch.equal(got["real"], got["region"])
    assert got["label"] is given["label"]
    assert not torch.equal(got["real"], given["real"])


def test_augmentation_without_contrast_is_a_symmetry_of_the_square():
    given = batch(64)
    torch.manual_seed(5)
    got = module(augment=NO_AUGMENTATION | {"d4": True}).augmented(given)["real"]
    turned = torch.stack([apply_d4(given["real"], torch.full((64,), e)) for e in range(8)])
    elements = (turned == got).all(dim=(2, 3))
    assert (elements.sum(dim=0) == 1).all()
    assert elements.any(dim=1).all()


def test_augmentation_switched_off_changes_nothing():
    given = batch()
    assert torch.equal(module(augment=NO_AUGMENTATION).augmented(given)["real"], given["real"])


def test_validation_sees_the_patches_as_they_are(monkeypatch):
    net = module().eval()
    monkeypatch.setattr(net, "augmented", lambda _: pytest.fail("augmented"))
    logged = []
    monkeypatch.setattr(net, "log", lambda name, *args, **kwargs: logged.append(name))
    monkeypatch.setattr(net, "log_dict", lambda *args, **kwargs: None)
    net.validation_step(batch(), 0)
    assert logged == ["val/loss"]


@pytest.mark.parametrize("seed", [0, 20261122, 2**32 - 1])
def test_a_step_draws_the_same_numbers_whatever_came_before(seed):
    losses = []
    for waste in (0, 7):
        net = alone(module(model=NETWORK | {"dropout": 0.5}, seed=seed))
        torch.rand(waste)
        losses.append(net.training_step(batch(), 3).item())
    assert losses[0] == losses[1]


@pytest.mark.parametrize("use", [["real"], ["spectrum"]])
def test_one_channel_alone_trains(use):
    net = alone(module(channels={"use": use, "spectrum": AVERAGED}))
    net.training_step(batch(), 0).backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters())


def test_weights_of_the_classes_reach_the_loss():
    plain = {"_target_": "cryoice.learn.losses.CrossEntropy", "label_smoothing": 0.0}
    only_good = alone(module(loss=plain | {"class_weights": [1.0, 0.0]}, augment=NO_AUGMENTATION))
    given = batch()
    torch.manual_seed(0)
    loss = only_good.training_step(given, 0)
    expected = -only_good(given).log_softmax(dim=1)[given["label"] == 0, 0].mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_loss_that_is_no_number_stops_the_training():
    given = batch()
    given["real"][0] = torch.nan
    with pytest.raises(InputError, match=r"training loss is nan; lower optimizer\.lr"):
        alone(module()).training_step(given, 0)


def test_a_checkpoint_holds_plain_data_and_gives_the_same_logits(tmp_path):
    net = module()
    trainer = pl.Trainer(
        logger=False, accelerator="cpu", enable_progress_bar=False, enable_model_summary=False
    )
    trainer.strategy.connect(net)
    trainer.save_checkpoint(tmp_path / "a.ckpt", weights_only=True)
    kept = torch.load(tmp_path / "a.ckpt", weights_only=True)["hyper_parameters"]
    assert kept["model"] == NETWORK
    assert {type(value) for value in kept.values()} <= {dict, int, float, bool}
    again = PatchClassifier.load_from_checkpoint(tmp_path / "a.ckpt", weights_only=True)
    assert torch.equal(again.eval()(batch()), net.eval()(batch()))


def test_predictions_come_in_the_order_of_the_data_set():
    net = module()
    net.outputs = [(torch.tensor([2, 0]), torch.tensor([0.2, 0.0])), (torch.tensor([1]), torch.tensor([0.1]))]
    index, probability = net.predictions()
    assert index.tolist() == [0, 1, 2]
    assert probability.tolist() == pytest.approx([0.0, 0.1, 0.2])
    net.on_test_start()
    assert net.outputs == []
