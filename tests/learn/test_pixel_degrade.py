"""Crops become what other programs make of them, and stay on the scale of their own spread."""

from dataclasses import replace

import pytest
import torch

from cryoice.constants import CLASSES
from cryoice.learn.pixel_degrade import degraded, roughened
from degrade_settings import NOTHING

STILL = {"d4": True, "gain": 0.0, "offset": 0.0}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def spread(crops):
    """Return 1.4826 times the median absolute deviation of each crop."""
    values = crops.flatten(1)
    return 1.4826 * (values - values.median(1, keepdim=True).values).abs().median(1).values


def changed(crops, **values):
    return degraded(crops.clone(), settings=replace(NOTHING, **values), augment=STILL)


def test_nothing_is_degraded_where_nothing_is_asked_for():
    crops = torch.randn(4, 16, 16)
    torch.testing.assert_close(changed(crops), crops)


@pytest.mark.parametrize(
    "values",
    [
        {"noise": 2.0, "noise_share": 1.0},
        {"blur": 3.0, "blur_share": 1.0},
        {"flatten": 3.0, "flatten_share": 1.0},
        {"squash": 2.0, "squash_share": 1.0},
        {"clouds": 2.0, "clouds_share": 1.0},
        {"slope": 3.0},
    ],
)
def test_the_spread_of_a_crop_stays_while_its_pixels_change(values):
    crops = torch.randn(20, 96, 96) * torch.linspace(0.5, 2, 20)[:, None, None]
    out = changed(crops, **values)
    torch.testing.assert_close(spread(out), spread(crops), rtol=0.12, atol=0)
    assert (out - crops).abs().amax(dim=(1, 2)).min() > 0.001


def test_noise_takes_the_share_asked_for_and_weakens_what_is_seen():
    crops = torch.randn(400, 16, 16)
    crops[:, 4:8, 4:8] -= 20
    out = changed(crops, noise=1.0, noise_share=0.5)
    same = (out - crops).abs().amax(dim=(1, 2)) < 1e-4
    assert same.float().mean() == pytest.approx(0.5, abs=0.1)
    assert out[~same][:, 4:8, 4:8].mean() > crops[~same][:, 4:8, 4:8].mean() + 1


def test_blurring_spreads_a_point_alike_in_rows_and_columns():
    point = torch.zeros(50, 17, 17)
    point[:, 8, 8] = 1.0
    blurred = changed(point, blur=1.5, blur_share=1.0)
    torch.testing.assert_close(blurred.sum(dim=(1, 2)), torch.ones(50), rtol=1e-3, atol=0)
    assert blurred[:, 8, 8].min() < 0.2
    torch.testing.assert_close(blurred, blurred.transpose(1, 2))


def test_flattening_takes_the_darkness_of_what_is_wider_than_the_background():
    half = torch.randn(30, 128, 128)
    half[:, :, 64:] -= 4
    flat = changed(half, flatten=4.0, flatten_share=1.0)
    step = flat[:, :, 20:40].mean(dim=(1, 2)) - flat[:, :, -40:-20].mean(dim=(1, 2))
    assert step.min().abs() < 0.2  # σ of a few px: both halves are level far from the edge
    assert (step < 4).all()


def test_a_constant_crop_is_level_after_flattening():
    flat = changed(torch.full((6, 40, 40), 7.0), flatten=3.0, flatten_share=1.0)
    assert flat.abs().max() < 1e-3


def test_a_rim_changes_the_outermost_pixels_only():
    crops = torch.randn(40, 128, 128)
    out = changed(crops, rim=5.0, rim_share=1.0)
    inside = out[:, 60:70, 60:70].std(dim=(1, 2)) / crops[:, 60:70, 60:70].std(dim=(1, 2))
    difference = (out / inside[:, None, None] - crops).abs()
    assert difference[:, 0].mean() > 0.5
    assert difference[:, 60:70, 60:70].max() < 0.05


def test_squashing_keeps_the_order_and_draws_in_the_extremes():
    crops = torch.randn(10, 32, 32)
    crops[:, 0, 0] = -50
    out = changed(crops, squash=2.0, squash_share=1.0)
    order = crops.flatten(1).argsort(dim=1)
    assert (out.flatten(1).gather(1, order).diff(dim=1) >= -1e-5).all()
    assert out[:, 0, 0].min() > -50
    assert out[:, 0, 0].max() > -20


def test_grey_levels_become_few():
    crops = changed(torch.randn(20, 32, 32), levels=4, levels_share=1.0)
    counts = [len(one.unique()) for one in crops]
    assert min(counts) < 64
    assert max(counts) <= 258


def test_support_grows_rough_and_nothing_else_changes():
    crops, labels = torch.randn(30, 64, 64), torch.zeros(30, 64, 64, dtype=torch.long)
    labels[:, :, 32:] = CLASSES.index("support")
    out = roughened(crops, labels, settings=replace(NOTHING, roughen=3.0, roughen_share=1.0))
    assert torch.equal(out[:, :, :29], crops[:, :, :29])
    gain = out[:, :, 40:].std(dim=(1, 2)) / crops[:, :, 40:].std(dim=(1, 2))
    assert gain.min() > 0.99
    assert 2 < gain.max() < 3.1
    level = out[:, :, 40:].mean() - crops[:, :, 40:].mean()
    assert level.abs() < 0.02


def test_a_slope_is_a_plane_of_at_most_its_strength():
    sloped = changed(torch.zeros(100, 9, 9), slope=2.0)
    torch.testing.assert_close(sloped.diff(dim=1).diff(dim=1), torch.zeros(100, 7, 9), atol=1e-5, rtol=0)
    assert 1.0 < sloped.abs().max() <= 2.0
