"""A training starts from weights as `cryoice mask` uses them, and keeps their batch statistics."""

import pytest
import torch

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.experiment.start import Start
from cryoice.experiment.tasks import build_module
from cryoice.learn.building import build_pixel_network
from cryoice.learn.weights_file import save_weights
from cryoice.mask.model import load_model
from degrade_settings import SETTINGS

WANTED = {"task": "pixels", "pixel_size": 8.0}
NETWORK = {"_target_": "cryoice.learn.unet.UNet", "width": 4, "depth": 2, "dilations": [1]}
CALIBRATION = {"temperature": 2.0, "bias": [0.5, 0.0, -1.0, 0.25, 0.0]}


def write_weights(path, **changes):
    torch.manual_seed(3)
    net = build_pixel_network(NETWORK, classes=len(CLASSES))
    for _ in range(3):
        net(torch.randn(4, 1, 16, 16))  # batch statistics unlike those of a fresh network
    facts = {"kind": "pixels", "classes": list(CLASSES), "channels": None, "pixel_size": 8.0, "patch": 64}
    save_weights(path, state=net.state_dict(), facts=facts | {"model": NETWORK} | changes)
    return path


def settings(path):
    given = {
        "init": str(path),
        "model": NETWORK | {"width": 8},
        "augment": {"d4": True, "gain": 0.3, "offset": 0.5},
        "degrade": SETTINGS,
        "optimizer": {"_target_": "torch.optim.AdamW", "lr": 1e-2},
        "schedule": {"_target_": "torch.optim.lr_scheduler.CosineAnnealingLR", "T_max": 3},
        "loss": {"_target_": "cryoice.learn.pixel_loss.PixelLoss", "class_weights": None, "dice": 0.5,
                 "margin": 0},
        "patch": 32,
        "seed": 0,
        "channels_last": False,
    }  # fmt: skip
    return given | WANTED


@pytest.mark.parametrize("calibration", [None, CALIBRATION])
def test_it_starts_from_the_probabilities_that_masks_show(tmp_path, calibration):
    path = write_weights(tmp_path / "a.safetensors", calibration=calibration)
    module, model = build_module(settings(path)), load_model(path, device="cpu")
    views = torch.randn(2, 32, 32, generator=torch.Generator().manual_seed(0))
    shown = model.probabilities(model.net(views[:, None]))
    torch.testing.assert_close(module.eval()(views).softmax(dim=1), shown, rtol=1e-4, atol=1e-5)


def test_training_moves_the_weights_and_not_the_batch_statistics(tmp_path):
    module = build_module(settings(write_weights(tmp_path / "a.safetensors")))
    before = {name: values.clone() for name, values in module.net.state_dict().items()}
    [optimizer] = [module.configure_optimizers()["optimizer"]]
    label = torch.randint(0, 5, (2, 32, 32), generator=torch.Generator().manual_seed(1))
    module.loss(module(torch.randn(2, 32, 32)), label).backward()
    optimizer.step()
    changed = {name for name, values in module.net.state_dict().items() if not values.equal(before[name])}
    assert changed == {name for name, _ in module.net.named_parameters()}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pixel_size": 4.0}, "its views have 4 Å/px; set pixel_size=4"),
        (
            {"classes": ["clean", "other"]},
            "start from a network of pixels, task=pixels, that tells clean, crystalline",
        ),
        ({"kind": "patches", "classes": ["good", "bad"]}, "start from a network of pixels"),
    ],
)
def test_another_kind_of_network_is_refused(tmp_path, changes, said):
    path = write_weights(tmp_path / "a.safetensors", **changes)
    with pytest.raises(InputError, match=said):
        Start.read(str(path), WANTED)


def test_weights_of_another_network_are_refused(tmp_path):
    path = write_weights(tmp_path / "a.safetensors", model=NETWORK | {"width": 6})
    with pytest.raises(InputError, match="its weights do not fit its settings"):
        build_module(settings(path))


def test_what_ships_can_be_started_from():
    start = Start.read("shipped", WANTED)
    assert tuple(start.facts["classes"]) == CLASSES
    assert len(start.digest) == 12
