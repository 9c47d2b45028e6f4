import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.simulate.camera import DETECTORS, CameraSettings, Detector, count, fraction_of_nyquist
from cryoice.simulate.priors import parse
from cryoice.simulate.transfer import filtered, radial

SETTINGS = {
    "dose": [40.0, 40.0],
    "detectors": ["k2"],
    "dose_weighted": 0.0,
    "drifting": 0.0,
    "drift": [0.0, 0.0],
    "counting": [1.0, 1.0],
    "unevenness": [0.0, 0.0],
}


def counted(rate, *, efficiency=1.0, counting=1.0, unevenness=0.0, shape=(400, 400), seed=0):
    expected = np.full(shape, rate, dtype=np.float32)
    rest = {"counting": counting, "unevenness": unevenness, "rng": np.random.default_rng(seed)}
    numbers = count(expected, efficiency=efficiency, **rest)
    return numbers.astype(np.float64)


@pytest.mark.parametrize(("rate", "counting"), [(4.0, 0.5), (60.0, 0.8)])
def test_readout_takes_a_share_of_the_noise_and_of_its_skewness(rate, counting):
    # Poisson of rate N e / c, times c / e: variance N c / e of N / e in all; third moment N (c / e)²
    numbers = counted(rate, efficiency=0.8, counting=counting, shape=(1000, 1000))
    assert numbers.mean() == pytest.approx(rate, rel=0.01)
    assert numbers.var() == pytest.approx(rate / 0.8, rel=0.01)
    skewness = np.mean((numbers - numbers.mean()) ** 3) / numbers.std() ** 3
    assert skewness == pytest.approx(counting**2 / np.sqrt(rate * 0.8), abs=0.015)


def test_uneven_pixels_keep_the_mean_and_lend_the_noise_heavy_tails():
    # variance N / s of pixels with s = 1 + u z: mean N (1 + u²), kurtosis 3 var(1/s) / mean(1/s)² = 3 u²
    numbers = counted(400.0, unevenness=0.1, shape=(1500, 1500))
    assert numbers.mean() == pytest.approx(400.0, abs=0.1)
    assert numbers.var() == pytest.approx(404.0, rel=0.005)
    kurtosis = np.mean((numbers - numbers.mean()) ** 4) / numbers.var() ** 2 - 3
    assert kurtosis == pytest.approx(0.03 + 1 / 400, abs=0.01)


def test_transfers_pass_through_their_three_weights():
    detector = Detector(sqrt_dqe=(0.80, 0.64, 0.35), ntf=(1.0, 0.9, 0.6))
    fractions = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(0.80 * detector.signal_transfer(fractions), [0.80, 0.64, 0.35])
    np.testing.assert_allclose(detector.noise_transfer(fractions), [1.0, 0.9, 0.6])
    assert detector.efficiency == pytest.approx(0.64)


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_falls_to_the_corner_of_the_spectrum_and_stays_positive(name):
    fractions = np.linspace(0, np.sqrt(2), 50)
    for transfer in (DETECTORS[name].signal_transfer(fractions), DETECTORS[name].noise_transfer(fractions)):
        assert np.all(np.diff(transfer) <= 0)
        assert transfer[-1] > 0


def test_an_unknown_detector_is_named_with_the_known_ones():
    with pytest.raises(InputError, match=r"camera\.detectors: k9 is no known detector; use some of k2, k3"):
        parse(CameraSettings, SETTINGS | {"detectors": ["k2", "k9"]}, key="camera")


@pytest.mark.parametrize("rate", [0.3, 4.0, 9.0, 25.0, 2500.0])
def test_counts_have_the_first_three_moments_of_the_poisson_distribution(rate):
    # errors of mean, variance and third moment of n samples: √(r/n), r√((2+1/r)/n), about r√((6r+...)/n)
    counts, n = counted(rate), 160000
    assert counts.mean() == pytest.approx(rate, abs=5 * np.sqrt(rate / n))
    assert counts.var() == pytest.approx(rate, rel=5 * np.sqrt((2 + 1 / rate) / n))
    third = np.mean((counts - rate) ** 3)
    spread = np.sqrt((15 * rate**3 + 105 * rate**2 + 56 * rate + 1) / n)
    assert third == pytest.approx(rate, abs=5 * spread)
    assert counts.min() >= 0


def test_few_electrons_come_in_whole_numbers():
    np.testing.assert_array_equal(counted(2.0) % 1, 0)


def test_a_share_of_the_electrons_counts_and_the_mean_is_kept():
    # a share DQE(0) = 0.64 of the electrons counts: the variance of the corrected counts is N / 0.64
    counts = counted(16.0, efficiency=0.64)
    assert counts.mean() == pytest.approx(16.0, abs=5 * np.sqrt(25 / 160000))
    assert counts.var() == pytest.approx(25.0, rel=5 * np.sqrt(2.1 / 160000))


def test_dark_and_bright_places_are_counted_by_their_own_rate():
    expected = np.full((128, 400), 100.0, dtype=np.float32)
    expected[:, ::2] = 1.0
    counts = count(expected, efficiency=1.0, counting=1.0, unevenness=0.0, rng=np.random.default_rng(1))
    assert counts[:, ::2].var() == pytest.approx(1.0, rel=0.06)
    assert counts[:, 1::2].var() == pytest.approx(100.0, rel=0.05)


def test_a_negative_rate_counts_nothing():
    assert counted(-1.0, shape=(4, 4)).max() == 0


def test_a_binned_pixel_sees_the_low_end_of_the_camera_s_transfer():
    # 8 Å/px are 8 camera pixels of 1 Å: its Nyquist 1/16 Å is an eighth of the camera's
    for pixel, frequency, fraction in ((8.0, 1 / 16, 1 / 8), (1.0, 0.5, 1.0), (0.5, 1.0, 1.0)):
        np.testing.assert_allclose(fraction_of_nyquist(np.array([frequency]), pixel=pixel), fraction)


@pytest.mark.parametrize(("pixel", "fraction"), [(1.0, 0.9), (8.0, 0.9 / 8)])
def test_noise_falls_by_the_noise_transfer_at_the_camera_s_own_frequency(pixel, fraction):
    ccd = DETECTORS["ccd"]
    counts = counted(100.0, shape=(256, 256)).astype(np.float32)
    transfer = radial(lambda s: ccd.noise_transfer(fraction_of_nyquist(s, pixel=pixel)), pixel=pixel)
    power = np.square(np.abs(np.fft.rfft2(filtered(counts, [transfer], pixel=pixel)))) / 256**2
    radius = np.hypot(2 * np.fft.fftfreq(256)[:, None], 2 * np.fft.rfftfreq(256))
    ring = np.abs(radius - 0.9) < 0.02
    assert power[ring].mean() == pytest.approx(
        100 * ccd.noise_transfer(np.array([fraction]))[0] ** 2, rel=0.1
    )


@pytest.mark.parametrize("shape", [(16, 16), (15, 18), (9, 11)])
def test_finer_pixels_interpolate_a_smooth_intensity(shape):
    def wave(height, width):
        rows, columns = np.arange(height) / height, np.arange(width) / width
        return 1 + 0.5 * np.cos(2 * np.pi * (2 * rows[:, None] - columns)).astype(np.float32)

    fine = filtered(wave(*shape).astype(np.float32), [], pixel=1.0, scale=2)
    np.testing.assert_allclose(fine, wave(2 * shape[0], 2 * shape[1]), atol=1e-5)


def test_filtering_without_effect_gives_the_array_back():
    array = np.random.default_rng(3).random((12, 17), dtype=np.float32)
    np.testing.assert_allclose(
        filtered(array, [radial(np.ones_like, pixel=1.0)], pixel=1.0), array, atol=1e-6
    )
