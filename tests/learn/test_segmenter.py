"""The module of per-pixel networks: what it shows the network, and what it measures."""

import pytest
import torch
from torch import nn

from cryoice.constants import ARTIFACT, CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.learn.segmenter import Segmenter
from degrade_settings import SETTINGS


def segmenter(**changes):
    torch.manual_seed(0)
    given = {
        "model": {"_target_": "cryoice.learn.unet.UNet", "width": 4, "depth": 2, "dilations": [1]},
        "classes": list(CLASSES),
        "augment": {"d4": True, "gain": 0.3, "offset": 0.5},
        "degrade": SETTINGS | {"rescale": 0.4, "rescale_share": 0.5, "noise": 0.5, "noise_share": 0.5},
        "optimizer": {"_target_": "torch.optim.AdamW", "lr": 1e-3},
        "schedule": {"_target_": "torch.optim.lr_scheduler.CosineAnnealingLR", "T_max": 3},
        "loss": {"_target_": "cryoice.learn.pixel_loss.PixelLoss", "class_weights": None, "dice": 0.5,
                 "margin": 1},
        "patch": 32,
        "pixel_size": 8.0,
        "seed": 0,
        "channels_last": True,
    }  # fmt: skip
    return Segmenter(**(given | changes))


def batch(count=3, side=48):
    generator = torch.Generator().manual_seed(1)
    view = torch.randn(count, side, side, generator=generator).half()
    coarse = torch.randint(0, 5, (count, side // 8, side // 8), generator=generator, dtype=torch.uint8)
    mask = coarse.repeat_interleave(8, 1).repeat_interleave(8, 2)
    return {"view": view, "mask": mask, "index": torch.arange(count)}


def test_views_of_any_size_become_logits_of_every_class():
    assert segmenter().eval()(torch.randn(2, 21, 34)).shape == (2, 5, 21, 34)


def test_a_step_repeats_itself_whatever_was_drawn_before():
    module, given = segmenter(), batch()
    losses = []
    for before in (1, 2):
        torch.manual_seed(before)
        module.log = lambda *args, **kwargs: None
        losses.append(module.training_step(given, 5).item())
    assert losses[0] == losses[1]
    assert module.training_step(given, 6).item() != losses[0]


def test_the_network_sees_crops_of_the_patchs_side():
    crops, labels = segmenter().augmented(batch())
    assert crops.shape == labels.shape == (3, 32, 32)
    assert crops.dtype == torch.float32
    assert labels.dtype == torch.int64


class Knows(nn.Module):
    """Takes a view's grey values for the classes."""

    def forward(self, views):
        return 20.0 * nn.functional.one_hot(views[:, 0].round().long(), 5).movedim(-1, 1).float()


def test_confusions_count_labelled_pixels_micrograph_by_micrograph():
    module = segmenter()
    module.net = Knows()
    module.log = module.log_dict = lambda *args, **kwargs: None
    given = batch()
    given["view"] = given["mask"].half()
    given["view"][0, :2, :3] = (given["view"][0, 0, 0] + 1) % 5  # six pixels called wrongly
    given["mask"][1, 5, 5] = IGNORE
    given["index"] = torch.tensor([2, 0, 1])
    module.test_step(given, 0)
    tables = module.confusions()
    side = given["mask"].shape[1]
    assert tables.sum(dim=(1, 2)).tolist() == [side**2 - 1, side**2, side**2]
    wrong = tables.sum(dim=(1, 2)) - tables.diagonal(dim1=1, dim2=2).sum(dim=1)
    assert wrong.tolist() == [0, 0, 6]
    label = int(given["mask"][0, 0, 0])
    assert tables[2, label, (label + 1) % 5] == 6


def test_hyperparameters_are_plain_data():
    known = segmenter().hparams
    assert known["model"]["_target_"] == "cryoice.learn.unet.UNet"
    assert (known["classes"], known["pixel_size"], known["patch"]) == (list(CLASSES), 8.0, 32)


def test_an_endless_loss_ends_the_training_in_a_line():
    module = segmenter()
    nn.init.constant_(module.net.head.bias, float("nan"))
    with pytest.raises(InputError, match=r"the training loss is nan; lower optimizer\.lr"):
        module.training_step(batch(), 0)


def test_some_artifact_is_no_class_that_could_be_confused():
    module, given = segmenter().eval(), batch()
    module.log = module.log_dict = lambda *args, **kwargs: None
    given["mask"][:, :24] = ARTIFACT
    module.test_step(given, 0)
    assert module.confusions().sum(dim=(1, 2)).tolist() == [24 * 48] * 3
