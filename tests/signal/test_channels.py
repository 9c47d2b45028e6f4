import math

import pytest
import torch

from cryoice.signal.channels import plain_channel, region_side, spectral_channel
from cryoice.signal.fourier import averaged_spectrum, window_2d


@pytest.mark.parametrize(
    ("patch", "field", "side"),
    [(64, 256, 160), (128, 256, 128), (32, 256, 160), (64, 50, 64)],
)
def test_windows_tile_the_region_within_the_field(patch: int, field: float, side: int) -> None:
    assert region_side(patch=patch, field=field, pixel_size=1.5) == side
    assert (side - patch) % (patch // 2) == 0


def test_averaging_windows_narrows_the_noise_and_keeps_the_mean() -> None:
    noise = torch.randn(64, 128, 128, generator=torch.Generator().manual_seed(0))
    one = averaged_spectrum(noise[:, :32, :32], window_2d("hann", 32))[:, 4:12, 4:12]
    many = averaged_spectrum(noise, window_2d("hann", 32))[:, 4:12, 4:12]
    assert one.mean().item() == pytest.approx(1, rel=0.05)
    assert many.mean().item() == pytest.approx(1, rel=0.02)
    # 7x7 half-overlapping Hann windows count for about (7 / 1.06)² independent ones
    assert many.std().item() < 1.5 * one.std().item() / math.sqrt(49 / 2)


def test_fringes_show_as_a_pair_of_spots_at_their_spacing() -> None:
    side, pixel_size, spacing = 128, 1.5, 3.67
    noise = torch.randn(1, 256, 256, generator=torch.Generator().manual_seed(0))
    fringes = 0.6 * torch.cos(2 * math.pi * torch.arange(256) * pixel_size / spacing)[None, :, None]
    channel = spectral_channel(averaged_spectrum(noise + fringes, window_2d("hann", side)))[0]
    # the axes are masked, so turn the fringes by looking one column aside
    row, col = divmod(int(channel.argmax()), side)
    assert abs(abs(row - side // 2) - side * pixel_size / spacing) <= 1
    assert abs(col - side // 2) == 1


def test_dc_and_axes_are_zero_and_noise_is_centred() -> None:
    noise = 5 * torch.randn(32, 64, 64, generator=torch.Generator().manual_seed(0))
    channel = spectral_channel(averaged_spectrum(noise, window_2d("hann", 64)))
    assert (channel[:, 32] == 0).all()
    assert (channel[:, :, 32] == 0).all()
    # the mean of log(Exp(1)) is minus Euler's constant
    assert channel[:, 40:60, 40:60].mean().item() == pytest.approx(-0.577, abs=0.05)


def test_a_sharp_ring_survives_the_division_by_the_background_and_a_slope_does_not() -> None:
    axis = torch.arange(64) - 32
    radius = torch.hypot(axis[:, None].float(), axis[None, :].float())
    slope = torch.exp(-radius / 8)
    ring = torch.where(radius.round() == 20, 3.0, 1.0)
    channel = spectral_channel((slope * ring)[None])[0]
    off_axis = (axis[:, None] != 0) & (axis[None, :] != 0)
    assert channel[(radius.round() == 20) & off_axis].mean() > 0.7
    assert channel[(radius.round() == 13) & off_axis].abs().mean() < 0.1


def test_the_plain_channel_is_the_log_spectrum_of_the_patch_alone() -> None:
    wave = torch.cos(2 * math.pi * 3 * torch.arange(16) / 16).expand(1, 16, 16)
    channel = plain_channel(wave)[0]
    assert channel[8, 11].item() == pytest.approx(math.log(64), rel=1e-4)
    assert channel[8, 9].item() == pytest.approx(math.log(1e-6))
