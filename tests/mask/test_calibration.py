"""Logits become probabilities by a known temperature and bias, and nothing else does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from networks_of_tests import Brightness, patch_model, pixel_model
from torch import nn

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.learn.unet import UNet
from cryoice.learn.weights_file import save_weights
from cryoice.mask.calibration import Calibration
from cryoice.mask.model import load_model
from cryoice.mask.score_map import score_map
from cryoice.mask.windows import pixel_scores

UNET = {"_target_": "cryoice.learn.unet.UNet", "width": 4, "depth": 2, "dilations": [1, 2]}
FACTS = {"kind": "pixels", "classes": list(CLASSES), "channels": None, "model": UNET, "patch": 64}


def test_temperature_and_bias_give_the_probabilities_of_the_formula():
    # logits 0 and v: the chance of the second is 1 / (1 + exp(-(v / T + b1 - b0)))
    view = np.linspace(-4, 4, 20, dtype=np.float32).reshape(4, 5)
    model = replace(pixel_model(Brightness()), calibration=Calibration(2.0, (0.25, -0.5)))
    expected = 1 / (1 + np.exp(-(view / 2 - 0.75)))
    assert pixel_scores(view, model)[1] == pytest.approx(expected, abs=2e-3)
    plain = pixel_scores(view, replace(model, calibration=None))
    assert plain[1] == pytest.approx(1 / (1 + np.exp(-view)), abs=2e-3)
    assert pixel_scores(view, replace(model, calibration=Calibration(1.0, (0.0, 0.0)))) == pytest.approx(
        plain
    )


def test_half_precision_logits_are_calibrated_in_single_precision():
    model = replace(pixel_model(Brightness()), calibration=Calibration(3.0, (0.0, 1.0)))
    logits = torch.tensor([[[1.0]], [[-2.0]]], dtype=torch.bfloat16)[None]
    found = model.probabilities(logits)
    assert found.dtype == torch.float32
    assert found[0, 1, 0, 0].item() == pytest.approx(0.5, abs=1e-6)  # 1/3 and -2/3 + 1


def test_a_network_of_patches_is_calibrated_too():
    model = patch_model(nn.Identity(), channels=None, patch=8, pixel_size=4.0)
    model = replace(model, calibration=Calibration(2.0, (0.0, 0.0)))
    found = model.probabilities(torch.tensor([[0.0, 2.0]]))
    assert found[0, 1].item() == pytest.approx(1 / (1 + np.exp(-1)))


def weights(path, *, calibration=..., network=None):
    torch.manual_seed(0)
    net = UNet(in_channels=1, classes=5, width=4, depth=2, dilations=[1, 2])
    facts = FACTS | {"pixel_size": 8.0}
    if calibration is not ...:
        facts["calibration"] = calibration
    save_weights(path, state=net.state_dict(), facts=facts)
    return path


def test_a_weights_file_brings_its_calibration_to_the_score_map(tmp_path):
    given = {"temperature": 0.5, "bias": [0, 1, -1, 0.5, 0.0], "fitted": {"pictures": 59}}
    plain = load_model(weights(tmp_path / "plain.safetensors"), device="cpu")
    model = load_model(weights(tmp_path / "own.safetensors", calibration=given), device="cpu")
    assert plain.calibration is None
    assert model.calibration == Calibration(0.5, (0.0, 1.0, -1.0, 0.5, 0.0))
    assert model.digest != plain.digest
    micrograph = np.random.default_rng(0).normal(size=(60, 70)).astype(np.float32)
    before, after = (score_map(micrograph, one, pixel_size=8.0).probabilities for one in (plain, model))
    raised = before.astype(np.float64) ** 2 * np.exp(given["bias"])[:, None, None]
    assert after == pytest.approx(raised / raised.sum(axis=0), abs=1e-5)


@pytest.mark.parametrize("absent", [None, ...])
def test_no_calibration_is_none(tmp_path, absent):
    assert (
        load_model(weights(tmp_path / "a.safetensors", calibration=absent), device="cpu").calibration is None
    )


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (2.0, "no table of temperature and bias"),
        ({"temperature": 1.0}, "no table of temperature and bias"),
        ({"temperature": 0.0, "bias": [0.0] * 5}, "temperature"),
        ({"temperature": -1.0, "bias": [0.0] * 5}, "temperature"),
        ({"temperature": "1", "bias": [0.0] * 5}, "temperature"),
        ({"temperature": True, "bias": [0.0] * 5}, "temperature"),
        ({"temperature": float("nan"), "bias": [0.0] * 5}, "temperature"),
        ({"temperature": 10**400, "bias": [0.0] * 5}, "temperature"),
        ({"temperature": 1.0, "bias": [0.0] * 4 + [-(10**400)]}, "must be 5 numbers"),
        ({"temperature": 1.0, "bias": [0.0] * 4}, "must be 5 numbers"),
        ({"temperature": 1.0, "bias": 0.0}, "must be 5 numbers"),
        ({"temperature": 1.0, "bias": [0.0] * 4 + [float("inf")]}, "must be 5 numbers"),
        ({"temperature": 1.0, "bias": [0.0] * 4 + [None]}, "must be 5 numbers"),
    ],
)
def test_an_impossible_calibration_is_one_line_with_the_file(tmp_path, given, fault):
    with pytest.raises(InputError, match=rf"a\.safetensors: .*{fault}.*; give a file") as error:
        Calibration.read({"calibration": given}, classes=5, path=tmp_path / "a.safetensors")
    assert "\n" not in str(error.value)


def test_a_file_with_an_impossible_calibration_does_not_load(tmp_path):
    path = weights(tmp_path / "a.safetensors", calibration={"temperature": 0, "bias": [0] * 5})
    with pytest.raises(InputError, match="the temperature of its calibration must be a number from"):
        load_model(path, device="cpu")
