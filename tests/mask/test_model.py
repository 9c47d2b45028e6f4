"""Networks load from their files whole or not at all, and fusing changes nothing but rounding."""

import copy

import numpy as np
import pytest
import torch
from networks_of_tests import NETWORKS, VIEWS, patch_network, settings

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.learn.checkpoint_file import SETTINGS
from cryoice.learn.unet import UNet
from cryoice.learn.weights_file import save_weights
from cryoice.mask import model as module
from cryoice.mask.fusion import fuse_conv_bn
from cryoice.mask.model import load_model

CHANNELS = {"use": ["real", "spectrum"], "spectrum": VIEWS}
UNET = {"_target_": "cryoice.learn.unet.UNet", "width": 4, "depth": 2, "dilations": [1, 2]}
PATCHES = {"model": settings("conv"), "channels": CHANNELS, "patch": 16, "pixel_size": 4.0}
PIXELS = {"model": UNET, "classes": list(CLASSES), "patch": 64, "pixel_size": 8.0}


def unet():
    return UNet(in_channels=1, classes=5, width=4, depth=2, dilations=[1, 2])


def write_checkpoint(path, net, known):
    state = {f"net.{name}": values for name, values in net.state_dict().items()}
    content = {SETTINGS: {}, "hyper_parameters": known, "state_dict": state | {"loss.weight": torch.ones(2)}}
    torch.save(content, path)
    return path


@pytest.fixture
def patches(tmp_path):
    net = patch_network("conv", channels=CHANNELS, patch=16)
    return write_checkpoint(tmp_path / "best.ckpt", net, PATCHES), net


@pytest.mark.parametrize("name", NETWORKS)
def test_a_fused_patch_network_gives_the_same(name):
    net = patch_network(name, channels=CHANNELS, patch=32).eval()
    fused = copy.deepcopy(net)
    fuse_conv_bn(fused)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in fused.modules())
    patches = torch.randn(3, 2, 32, 32, generator=torch.Generator().manual_seed(1))
    measured = torch.tensor([True, False, True])
    with torch.no_grad():
        expected = net(patches, measured)
        torch.testing.assert_close(fused(patches, measured), expected, rtol=1e-5, atol=1e-5)


def test_a_fused_pixel_network_gives_the_same():
    torch.manual_seed(0)
    net = unet()
    with torch.no_grad():
        net(torch.randn(4, 1, 32, 32) * 3)  # moves the running averages
        fused = copy.deepcopy(net.eval())
        fuse_conv_bn(fused)
        views = torch.randn(2, 1, 33, 30)
        torch.testing.assert_close(fused(views), net(views), rtol=1e-5, atol=1e-5)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in fused.modules())


def test_a_patch_checkpoint_becomes_a_model_of_two_classes(patches):
    path, net = patches
    got = load_model(path, device="cpu")
    assert (got.kind, got.classes, got.patch, got.pixel_size) == ("patches", ("good", "bad"), 16, 4.0)
    assert (got.channels, got.name, got.device) == (CHANNELS, "best.ckpt", torch.device("cpu"))
    assert not got.net.training
    assert not any(weight.requires_grad for weight in got.net.parameters())
    shown, measured = torch.randn(2, 2, 16, 16), torch.tensor([True, True])
    torch.testing.assert_close(got.net(shown, measured), net.eval()(shown, measured), rtol=1e-4, atol=1e-5)


def test_a_pixel_checkpoint_becomes_a_model_of_its_classes(tmp_path):
    got = load_model(write_checkpoint(tmp_path / "last.ckpt", unet(), PIXELS), device="cpu")
    assert (got.kind, got.classes, got.patch, got.pixel_size) == ("pixels", CLASSES, 64, 8.0)
    assert got.channels is None


@pytest.mark.parametrize("kind", ["pixels", "patches"])
def test_a_weights_file_gives_the_model_of_its_checkpoint(tmp_path, kind):
    known = PIXELS if kind == "pixels" else PATCHES
    net = unet() if kind == "pixels" else patch_network("conv", channels=CHANNELS, patch=16)
    one = load_model(write_checkpoint(tmp_path / "a.ckpt", net, known), device="cpu")
    facts = {"kind": kind, "classes": list(one.classes), "channels": None, "name": "a", **known}
    save_weights(tmp_path / "a.safetensors", state=net.state_dict(), facts=facts)
    two = load_model(tmp_path / "a.safetensors", device="cpu")
    for name in ("kind", "classes", "pixel_size", "patch", "channels"):
        assert getattr(one, name) == getattr(two, name)
    states = one.net.state_dict(), two.net.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_digest_is_that_of_the_file(patches):
    import hashlib

    assert load_model(patches[0]).digest == hashlib.sha256(patches[0].read_bytes()).hexdigest()[:12]


def test_weights_that_do_not_fit_are_refused(tmp_path):
    path = write_checkpoint(tmp_path / "best.ckpt", unet(), PATCHES)
    with pytest.raises(InputError, match=r"best\.ckpt: its weights do not fit"):
        load_model(path)


@pytest.mark.parametrize("lacking", ["model", "patch", "pixel_size", "channels"])
def test_settings_that_are_not_whole_are_refused(tmp_path, lacking, patches):
    known = {key: value for key, value in PATCHES.items() if key != lacking}
    path = write_checkpoint(tmp_path / "part.ckpt", patches[1], known)
    with pytest.raises(InputError, match=rf"part\.ckpt: .*{lacking}"):
        load_model(path)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"none\.ckpt: no such file"):
        load_model(tmp_path / "none.ckpt")


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cpu:1", "cuda:99", ""])
def test_a_device_that_is_none_is_refused(patches, name):
    with pytest.raises(InputError, match=f"device '{name}': "):
        load_model(patches[0], device=name)


def test_without_shipped_weights_the_user_is_told_to_give_some(tmp_path, monkeypatch):
    monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)
    with pytest.raises(InputError, match="--model"):
        load_model()


def test_the_one_shipped_file_is_the_default(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    facts = {"kind": "pixels", "channels": None, "name": "one", **PIXELS}
    save_weights(tmp_path / "weights/one.safetensors", state=unet().state_dict(), facts=facts)
    monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)
    assert load_model(device="cpu").name == "one.safetensors"


def test_a_channels_last_network_takes_views_of_any_size(tmp_path):
    got = load_model(write_checkpoint(tmp_path / "a.ckpt", unet(), PIXELS), device="cpu")
    for shape in ((1, 1), (7, 30)):
        assert got.net(torch.zeros(1, 1, *shape)).shape == (1, 5, *shape)
    assert np.isfinite(got.net(torch.zeros(1, 1, 8, 8)).numpy()).all()
