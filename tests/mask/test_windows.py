"""Windows over a large view leave no seams and take no more memory than one of them."""

import numpy as np
import pytest
import torch
from networks_of_tests import Brightness, pixel_model
from torch import nn

from cryoice.learn.unet import UNet
from cryoice.mask.windows import pixel_scores


class Recorded(Brightness):
    """Remembers the sizes of what it is shown."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def forward(self, views):
        self.shapes.append(tuple(views.shape))
        return super().forward(views)


def view(shape):
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(64, 64), (65, 64), (100, 131), (64, 200), (1, 70), (97, 40)])
def test_windows_give_every_pixel_what_the_whole_gives(shape):
    array = view(shape)
    got = pixel_scores(array, pixel_model(Brightness()), window=64, overlap=24)
    whole = pixel_scores(array, pixel_model(Brightness()), window=999, overlap=24)
    np.testing.assert_allclose(got, whole, atol=2e-6)
    assert got.sum(0) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("shape", "count"), [((64, 64), 1), ((65, 64), 2), ((104, 104), 4), ((300, 64), 7)])
def test_windows_are_no_larger_however_large_the_view(shape, count):
    net = Recorded()
    pixel_scores(view(shape), pixel_model(net), window=64, overlap=24)
    assert len(net.shapes) == count
    assert all(max(shown) <= 64 and shown[:2] == (1, 1) for shown in net.shapes)


def test_a_windowed_unet_has_no_seams():
    torch.manual_seed(3)
    net = UNet(in_channels=1, classes=3, width=8, depth=3, dilations=[1, 2]).eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.fill_(0.2)
    model = pixel_model(net, classes=("clean", "support", "other"))
    array = view((330, 250))
    whole = pixel_scores(array, model, window=512, overlap=192)
    got = pixel_scores(array, model, window=256, overlap=192)
    assert whole.std(axis=(1, 2)).min() > 0.01  # not one answer for all
    np.testing.assert_allclose(got, whole, atol=5e-3)
