import math

import numpy as np
import pytest
import torch

from cryoice.signal.fourier import (
    fourier_rescale,
    power_spectrum,
    radial_average,
    radius_bins,
    rescaled_shape,
    window_2d,
)


@pytest.mark.parametrize("side", [16, 17])
def test_a_cosine_lights_two_pixels(side: int) -> None:
    wave = torch.cos(2 * math.pi * 3 * torch.arange(side) / side).expand(side, side)
    spectrum = power_spectrum(wave[None], window_2d("none", side))[0]
    bright = (spectrum > 1e-3).nonzero().tolist()
    assert bright == [[side // 2, side // 2 - 3], [side // 2, side // 2 + 3]]
    # |side² / 2|² / side² in each of the two
    assert spectrum.max().item() == pytest.approx(side**2 / 4, rel=1e-4)


@pytest.mark.parametrize("shape", [(8, 8), (9, 9), (8, 9), (9, 8)])
def test_the_power_spectrum_is_the_squared_transform_of_the_patch(shape: tuple[int, int]) -> None:
    patch = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    patch -= patch.mean(dim=(-2, -1), keepdim=True)
    whole = torch.fft.fftshift(torch.fft.fft2(patch), dim=(-2, -1)).abs().square() / patch[0].numel()
    assert torch.allclose(power_spectrum(patch, torch.ones(shape)), whole, atol=1e-5)


@pytest.mark.parametrize("kind", ["none", "hann", "tukey"])
def test_white_noise_has_its_variance_at_every_frequency_whatever_the_window(kind: str) -> None:
    noise = 2.0 * torch.randn(4000, 16, 16, generator=torch.Generator().manual_seed(0))
    spectrum = power_spectrum(noise, window_2d(kind, 16)).mean(0)
    outer = spectrum[radius_bins(16) >= 3]
    assert outer.mean().item() == pytest.approx(4.0, rel=0.02)


def test_windows_are_symmetric_and_a_tukey_is_flat_in_the_middle() -> None:
    for side in (8, 9):
        for kind in ("hann", "tukey"):
            window = window_2d(kind, side)
            assert torch.allclose(window, window.flip(0), atol=1e-6)
    assert window_2d("tukey", 16)[8, 4:12].tolist() == pytest.approx([1.0] * 8)


@pytest.mark.parametrize("side", [8, 9])
def test_the_radial_average_of_a_radius_is_the_radius(side: int) -> None:
    radius = radius_bins(side).float()
    profile = radial_average(radius[None])[0]
    assert profile.tolist() == pytest.approx(list(range(len(profile))))


@pytest.mark.parametrize(
    ("shape", "out"), [((16, 16), (8, 8)), ((15, 21), (10, 14)), ((16, 20), (9, 11)), ((9, 8), (18, 20))]
)
def test_rescaling_a_wave_below_both_nyquists_samples_the_same_wave(
    shape: tuple[int, int], out: tuple[int, int]
) -> None:
    def wave(size: tuple[int, int]) -> torch.Tensor:
        y, x = torch.arange(size[0]) / size[0], torch.arange(size[1]) / size[1]
        return 1.5 + torch.cos(2 * math.pi * (2 * y[:, None] + 3 * x[None, :]) + 0.3)

    assert torch.allclose(fourier_rescale(wave(shape), out), wave(out), atol=1e-5)


@pytest.mark.parametrize("shape", [(32, 48), (33, 47)])
def test_a_marked_pixel_moves_by_the_ratio_of_the_shapes(shape: tuple[int, int]) -> None:
    out = (shape[0] // 2, shape[1] // 2)
    marked = torch.zeros(shape)
    marked[20, 12] = 1.0
    small = fourier_rescale(marked, out)
    row, col = np.unravel_index(int(small.argmax()), out)
    assert (row, col) == (round(20 * out[0] / shape[0]), round(12 * out[1] / shape[1]))


def test_rescaling_to_the_same_shape_changes_nothing() -> None:
    micrograph = torch.randn(11, 14, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(fourier_rescale(micrograph, (11, 14)), micrograph, atol=1e-5)


def test_the_rescaled_shape_covers_the_same_field() -> None:
    assert rescaled_shape((7676, 7420), pixel_size=0.3185, target=1.5) == (1630, 1576)
