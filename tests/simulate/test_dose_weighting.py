import numpy as np
import pytest

from cryoice.simulate.dose_weighting import critical_dose, weighting_transfer

FREQUENCY = np.array([0.02, 0.1, 0.25, 0.4])


def frames(dose, number, frequency):
    """Amplitude of the signal in each thin frame, at its middle."""
    middle = dose * (np.arange(number) + 0.5) / number
    return np.exp(-middle[:, None] / (2 * critical_dose(frequency, voltage=300.0)))


def test_the_critical_dose_is_the_published_curve_and_four_fifths_of_it_at_200_kv():
    # 0.1^-1.665 = 46.24
    assert critical_dose(np.array([0.1]), voltage=300.0) == pytest.approx(0.245 * 46.24 + 2.81, rel=1e-4)
    assert critical_dose(np.array([0.1]), voltage=200.0) == pytest.approx(0.8 * 14.139, rel=1e-3)


def test_weighted_frames_keep_white_noise_and_the_signal_of_the_formula():
    amplitude, number = frames(60.0, 400, FREQUENCY), 400
    weight = amplitude / np.sqrt(np.mean(amplitude**2, axis=0))
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((2000, number)) @ weight / np.sqrt(number)
    np.testing.assert_allclose(noise.var(axis=0), 1.0, rtol=5 * np.sqrt(2 / 2000))
    kept = weighting_transfer(FREQUENCY, dose=60.0, voltage=300.0)
    np.testing.assert_allclose(kept, weight.mean(axis=0), rtol=1e-4)


def test_the_mean_of_the_picture_is_kept():
    np.testing.assert_allclose(weighting_transfer(np.zeros(1), dose=100.0, voltage=300.0), 1.0, atol=1e-6)


def test_weighting_suppresses_the_ice_ring():
    # u = 45 / (2 · 4.94) = 4.55: (1 - e^-u) / u = 0.217 over √((1 - e^-2u) / 2u) = 0.331
    kept = weighting_transfer(np.array([1 / 3.67]), dose=45.0, voltage=300.0)
    np.testing.assert_allclose(kept, 0.217 / 0.331, rtol=5e-3)
