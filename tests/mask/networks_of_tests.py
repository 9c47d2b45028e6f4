"""Small networks for the tests of dense inference, with weights that tell patches apart."""

import torch
from torch import nn

from cryoice.learn.building import build_patch_network
from cryoice.mask.model import PATCH_CLASSES, PATCHES, PIXELS, Model

VIEWS = {"kind": "averaged", "pixel_size": 1.5, "field": 100, "window": "hann"}
NETWORKS = {
    "conv": {"_target_": "cryoice.learn.networks.ConvClassifier", "width": 4, "depth": 3, "blocks": 1},
    "two_stream": {
        "_target_": "cryoice.learn.networks.TwoStreamClassifier", "width": 4, "depth": 3, "blocks": 1,
    },
    "resnet18": {"_target_": "cryoice.learn.networks.ResNet18Classifier"},
}  # fmt: skip


def settings(name):
    return NETWORKS[name] | {"hidden": 8, "dropout": 0.3}


def patch_network(name, *, channels, patch):
    """Return a network in training mode whose normalisation is not that of a fresh one."""
    torch.manual_seed(7)
    net = build_patch_network(settings(name), channels=channels, patch=patch)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_(0, 0.3)
    return net


def told_apart(net, logits):
    """Stretch the last layer so that these logits, of some inputs, get mean 0 and standard deviation 1."""
    last = net.head.layers[-1]
    mean, spread = logits.mean(0), logits.std(0)
    last.weight.data /= spread[:, None]
    last.bias.data = (last.bias.data - mean) / spread
    return (logits - mean) / spread


def patch_model(net, *, channels, patch, pixel_size):
    return model_of(
        net.eval(), kind=PATCHES, classes=PATCH_CLASSES, pixel_size=pixel_size, patch=patch, channels=channels
    )


def pixel_model(net, *, classes=("clean", "other"), pixel_size=8.0):
    return model_of(net.eval(), kind=PIXELS, classes=classes, pixel_size=pixel_size, patch=64, channels=None)


def model_of(net, **facts):
    return Model(net=net, name="test.ckpt", digest="0" * 12, device=torch.device("cpu"), **facts)


class Brightness(nn.Module):
    """Two logits a pixel: 0 and the view itself."""

    def forward(self, views):
        return torch.cat([torch.zeros_like(views), views], dim=1)
