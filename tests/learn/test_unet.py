"""The per-pixel network takes any size, can learn, and is made of what can be fused."""

import pytest
import torch
from torch import nn

from cryoice.learn.unet import UNet


def unet(**changes):
    torch.manual_seed(0)
    return UNet(**({"in_channels": 1, "classes": 5, "width": 4, "depth": 3, "dilations": [1, 2]} | changes))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 5), (8, 8), (16, 23), (33, 40)])
def test_logits_have_the_size_of_the_view(shape):
    assert unet().eval()(torch.randn(2, 1, *shape)).shape == (2, 5, *shape)


def test_one_halving_and_no_dilation_is_a_network_too():
    assert unet(depth=1, dilations=[]).eval()(torch.randn(1, 1, 5, 6)).shape == (1, 5, 5, 6)


def test_padding_leaves_the_logits_of_the_view_alone_where_it_is_the_edge_repeated():
    net, view = unet().eval(), torch.randn(1, 1, 16, 13)
    wider = torch.cat([view, view[..., -1:].expand(-1, -1, -1, 3)], dim=-1)
    assert torch.equal(net(view), net(wider)[..., :13])


def test_every_convolution_has_its_normalisation_but_the_last():
    parts = [part for part in unet().modules() if isinstance(part, nn.Conv2d | nn.BatchNorm2d)]
    kinds = [isinstance(part, nn.BatchNorm2d) for part in parts]
    assert kinds == [False, True] * (len(parts) // 2) + [False]


def test_moving_a_view_by_a_multiple_moves_the_logits():
    net, view = unet(dilations=[1]).eval(), torch.zeros(1, 1, 128, 128)
    view[0, 0, 60:66, 58:63] = 3.0
    moved = torch.roll(view, (8, 16), dims=(2, 3))
    inner = (..., slice(48, 80), slice(48, 80))
    expected = torch.roll(net(view), (8, 16), dims=(2, 3))[inner]
    torch.testing.assert_close(net(moved)[inner], expected, rtol=1e-4, atol=1e-5)


def test_gold_does_not_drown_the_rest():
    dark = unet().eval()(torch.full((1, 1, 16, 16), -1e4))
    assert dark.abs().max() < 100


@pytest.mark.slow
def test_it_overfits_a_tiny_batch():
    net = unet(width=8, depth=2)
    generator = torch.Generator().manual_seed(3)
    label = torch.randint(0, 5, (2, 8, 8), generator=generator)
    label = label.repeat_interleave(4, 1).repeat_interleave(4, 2)
    view = label[:, None] - 2.0 + 0.2 * torch.randn(2, 1, 32, 32, generator=generator)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(view), label).backward()
        optimizer.step()
    assert (net(view).argmax(dim=1) == label).float().mean() > 0.95


def test_what_ships_has_less_than_ten_megabytes():
    net = UNet(in_channels=1, classes=5, width=24, depth=4, dilations=[1, 2, 4])
    assert sum(parameter.numel() for parameter in net.parameters()) * 4 < 10_000_000
