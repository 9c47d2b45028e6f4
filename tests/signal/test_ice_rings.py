import math

import pytest
import torch

from cryoice.constants import ICE_IH_SPACINGS
from cryoice.signal.fourier import radius_bins
from cryoice.signal.ice_rings import high_frequency_score, iciness, ring_density, ring_visible


def test_the_ring_spacings_follow_from_the_hexagonal_cell() -> None:
    a, c = 4.498, 7.338

    def spacing(h: int, k: int, level: int) -> float:
        return 1 / math.sqrt(4 * (h * h + h * k + k * k) / (3 * a * a) + level**2 / c**2)

    indices = [
        (1, 0, 0),
        (0, 0, 2),
        (1, 0, 1),
        (1, 0, 2),
        (1, 1, 0),
        (1, 0, 3),
        (2, 0, 0),
        (1, 1, 2),
        (2, 0, 1),
        (2, 0, 2),
    ]
    assert [spacing(*hkl) for hkl in indices] == pytest.approx(ICE_IH_SPACINGS, abs=0.003)


def test_the_innermost_rings_need_172_angstrom_pixels() -> None:
    assert ring_visible(1.72)
    assert not ring_visible(1.73)


def test_iciness_is_the_squared_ratio_of_mean_amplitudes() -> None:
    side, pixel_size = 128, 1.5
    resolution = side * pixel_size / radius_bins(side).clamp(min=1)
    spectrum = torch.ones(side, side)
    spectrum[(resolution >= 3.5) & (resolution <= 3.9)] = 4.0  # amplitude 2
    spectrum[(resolution >= 6) & (resolution <= 30)] = 16.0  # amplitude 4
    assert iciness(spectrum[None], pixel_size=pixel_size).item() == pytest.approx((2 / 4) ** 2, rel=1e-5)


def test_iciness_is_not_available_above_nyquist() -> None:
    assert iciness(torch.ones(1, 32, 32), pixel_size=2.0).isnan().all()


def test_iciness_of_a_field_too_small_for_its_reference_band_is_not_available() -> None:
    assert iciness(torch.ones(1, 8, 8), pixel_size=0.3185).isnan().all()


def test_a_spot_in_the_ice_band_raises_the_high_frequency_score_to_its_log_ratio() -> None:
    side, pixel_size = 128, 1.5
    spectrum = torch.ones(2, side, side)
    spectrum[1, side // 2, side // 2 + round(side * pixel_size / 3.67)] = 20.0
    flat, spot = high_frequency_score(spectrum, pixel_size=pixel_size).tolist()
    assert flat == 0.0
    assert spot == pytest.approx(math.log(20))


def test_without_an_ice_band_the_outer_half_of_the_spectrum_is_scored() -> None:
    spectrum = torch.ones(1, 32, 32)
    spectrum[0, 16, 16 + 12] = 5.0
    assert high_frequency_score(spectrum, pixel_size=4.0).item() == pytest.approx(math.log(5))
    spectrum[0, 16, 16 + 2] = 50.0  # inner half: does not count
    assert high_frequency_score(spectrum, pixel_size=4.0).item() == pytest.approx(math.log(5))


def test_a_patch_too_small_to_resolve_the_ice_band_is_scored_by_its_outer_half() -> None:
    spectrum = torch.ones(1, 64, 64)  # 20.4 Å: no whole frequency lies between 1 / 3.95 Å and 1 / 3.4 Å
    spectrum[0, 32, 32 + 20] = 5.0
    assert high_frequency_score(spectrum, pixel_size=0.3185).item() == pytest.approx(math.log(5))


def test_ring_density_sums_the_profile_in_deviations_over_the_bins_of_ctffind() -> None:
    side, pixel_size = 256, 1.4
    generator = torch.Generator().manual_seed(0)
    spectrum = (10 + torch.randn(side, side, generator=generator)).square()  # amplitudes 10 ± 1
    frequency = radius_bins(side) / (side * pixel_size)
    bare = ring_density(spectrum, pixel_size=pixel_size).item()
    ring = (frequency >= 0.25) & (frequency <= 0.28)
    raised = spectrum.clone()
    raised[ring] = (raised[ring].sqrt() + 3).square()
    width = 2 * (round(math.sqrt(2) / 30 * side * pixel_size) // 2) + 1
    box = torch.nn.functional.avg_pool2d(ring.float()[None, None], width, 1, width // 2)[0, 0]
    share = (1 - box)[ring].mean().item()  # of the ring that its own box average leaves
    assert bare < 3
    assert ring_density(raised, pixel_size=pixel_size).item() == pytest.approx(
        3 * share * 0.03 * 512 * 1.4, rel=0.1
    )


def test_ring_density_is_not_available_where_nyquist_cuts_its_band() -> None:
    assert ring_density(torch.ones(256, 256), pixel_size=1.79).isnan()
