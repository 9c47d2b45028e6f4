import math

import numpy as np
import pytest

from cryoice.signal.statistics import (
    autocorrelation_length,
    block_mean,
    ks_distance,
    local_std,
    skewness_and_kurtosis,
    standardised_difference,
)


def test_blocks_are_averaged_and_the_rest_left_out() -> None:
    ramp = np.arange(20, dtype=np.float32).reshape(4, 5)
    # rows 0-1, columns 0-1: (0 + 1 + 5 + 6) / 4
    assert block_mean(ramp, 2).tolist() == [[3.0, 5.0], [13.0, 15.0]]


def test_moments_of_two_unequal_points() -> None:
    # value 1 with share p = 1/4: skewness (1 - 2p) / √(pq), excess kurtosis (1 - 6pq) / (pq), pq = 3/16
    skewness, kurtosis = skewness_and_kurtosis(np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert skewness == pytest.approx(0.5 / math.sqrt(3 / 16))
    assert kurtosis == pytest.approx((1 - 18 / 16) / (3 / 16))


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda rng: rng.normal(3.0, 2.0, 400_000), (0.0, 0.0)),
        (lambda rng: rng.random(400_000), (0.0, -1.2)),
        (lambda rng: rng.poisson(16.0, 400_000).astype(float), (0.25, 0.0625)),
    ],
    ids=["normal", "uniform", "Poisson"],
)
def test_moments_of_known_distributions(draw, expected) -> None:
    # standard errors √(6/n) = 0.004 and √(24/n) = 0.008
    skewness, kurtosis = skewness_and_kurtosis(draw(np.random.default_rng(0)))
    assert skewness == pytest.approx(expected[0], abs=0.016)
    assert kurtosis == pytest.approx(expected[1], abs=0.032)


def test_constant_values_have_no_shape() -> None:
    assert skewness_and_kurtosis(np.full(9, 7.0)) == (0.0, 0.0)


def test_local_std_is_that_of_each_square_whatever_its_level() -> None:
    checks = np.indices((4, 8)).sum(axis=0) % 2 * 2.0 - 1.0
    checks[:, 4:] = 3 * checks[:, 4:] + 100
    assert local_std(checks, 4) == pytest.approx(np.array([[1.0, 3.0]]))


def test_a_cosine_of_period_p_correlates_as_a_cosine() -> None:
    # along its rows cos(2πd/32), along its columns 1: the mean falls to 1/e where the cosine is 2/e - 1
    wave = np.cos(2 * np.pi * np.arange(64) / 32) * np.ones((64, 1))
    expected = 32 / (2 * np.pi) * math.acos(2 / math.e - 1)
    assert autocorrelation_length(wave) == pytest.approx(expected, abs=0.05)


def test_white_noise_forgets_itself_within_a_pixel() -> None:
    noise = np.random.default_rng(1).standard_normal((256, 256))
    assert autocorrelation_length(noise) == pytest.approx(1 - 1 / math.e, abs=0.02)


def test_a_gaussian_blur_of_sigma_correlates_over_two_sigma() -> None:
    # noise blurred by σ has exp(-d² / 4σ²), which is 1/e at d = 2σ
    rng = np.random.default_rng(2)
    frequency = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.fftfreq(512))
    blur = np.exp(-2 * (np.pi * 3.0 * frequency) ** 2)
    blurred = np.fft.ifft2(np.fft.fft2(rng.standard_normal((512, 512))) * blur).real
    assert autocorrelation_length(blurred) == pytest.approx(6.0, rel=0.03)


def test_a_constant_patch_never_decays() -> None:
    assert autocorrelation_length(np.full((8, 8), 5.0)) == 4.0


def test_standardised_difference_counts_standard_deviations() -> None:
    first, second = np.array([-1.0, 1.0]), np.array([1.0, 7.0])
    # means 0 and 4, variances 1 and 9
    assert standardised_difference(first, second) == pytest.approx(4 / math.sqrt(5))
    assert standardised_difference(second, first) == pytest.approx(-4 / math.sqrt(5))
    assert standardised_difference(np.zeros(2), np.ones(2)) == math.inf
    assert math.isnan(standardised_difference(np.ones(2), np.ones(2)))


def test_ks_distance_is_the_gap_between_the_cumulative_distributions() -> None:
    values = np.arange(10.0)
    assert ks_distance(values, values) == 0.0
    assert ks_distance(values, values + 100) == 1.0
    assert ks_distance(values, values + 3) == pytest.approx(0.3)
