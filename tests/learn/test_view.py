"""What the network sees of a batch."""

import pytest
import torch

from cryoice.errors import InputError
from cryoice.learn.view import make_channels, spectrum_region

PLAIN = {"kind": "plain"}
AVERAGED = {"kind": "averaged", "pixel_size": 1.5, "field": 48, "window": "hann"}


def batch(size=2, patch=16, region=32, measured=True):
    generator = torch.Generator().manual_seed(0)
    return {
        "real": torch.randn(size, patch, patch, generator=generator).half(),
        "region": torch.randn(size, region, region, generator=generator).half(),
        "measured": torch.full((size,), measured),
    }


def test_the_region_spans_the_field_in_half_overlapping_windows():
    assert spectrum_region(PLAIN, patch=16) == 0
    assert spectrum_region(AVERAGED, patch=16) == 32  # 48 Å
    assert spectrum_region(AVERAGED, patch=64) == 64  # one window at least


@pytest.mark.parametrize("use", [["real"], ["spectrum"], ["real", "spectrum"], ["spectrum", "real"]])
def test_channels_come_in_the_order_asked_for(use):
    whole = make_channels(batch(), use=["real", "spectrum"], spectrum=AVERAGED, patch=16)
    got = make_channels(batch(), use=use, spectrum=AVERAGED, patch=16)
    order = [["real", "spectrum"].index(name) for name in use]
    assert torch.equal(got, whole[:, order])
    assert got.dtype == torch.float32


def test_the_real_channel_is_the_patch_as_it_is():
    given = batch()
    channels = make_channels(given, use=["real"], spectrum=PLAIN, patch=16)
    assert torch.equal(channels[:, 0], given["real"].float())


def test_an_unmeasured_spectrum_is_background():
    channels = make_channels(batch(measured=False), use=["spectrum"], spectrum=AVERAGED, patch=16)
    assert not channels.any()


def test_fringes_light_two_points_of_the_spectrum():
    given, x = batch(patch=32, region=64), torch.arange(64)
    wave = torch.cos(2 * torch.pi * (6 * x[:, None] + 9 * x[None, :]) / 32)
    given["region"] = (given["region"].float() + wave).half()
    spectrum = make_channels(given, use=["spectrum"], spectrum=AVERAGED, patch=32)[0, 0]
    top = {divmod(int(i), 32) for i in spectrum.flatten().topk(2).indices}
    assert top == {(16 + 6, 16 + 9), (16 - 6, 16 - 9)}


def test_an_unknown_channel_is_named():
    with pytest.raises(InputError, match="unknown channel 'fft'"):
        make_channels(batch(), use=["fft"], spectrum=PLAIN, patch=16)
