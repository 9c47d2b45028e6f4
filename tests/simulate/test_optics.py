import numpy as np
import pytest

from cryoice.simulate.optics import (
    Detector,
    Optics,
    electron_wavelength,
    filtered,
    interaction_constant,
    relativistic_mass_ratio,
)

OPTICS = Optics(voltage=300.0, defocus_um=1.0, cs=2.7, amplitude_contrast=0.1, b_factor=0.0)
PERFECT = Detector(sqrt_dqe=(1.0, 1.0, 1.0), ntf_nyquist=1.0)


@pytest.mark.parametrize(("voltage", "wavelength"), [(100.0, 0.03701), (200.0, 0.02508), (300.0, 0.01969)])
def test_the_wavelength_is_the_tabulated_one(voltage, wavelength):
    assert electron_wavelength(voltage) == pytest.approx(wavelength, abs=1e-5)


def test_an_electron_of_511_kv_weighs_twice_its_rest_mass():
    assert relativistic_mass_ratio(510.999) == pytest.approx(2.0, abs=1e-5)


def test_the_interaction_constant_is_the_tabulated_one():
    assert interaction_constant(300.0) == pytest.approx(6.526e-4, rel=1e-3)


def test_contrast_transfer_at_zero_is_the_amplitude_contrast():
    assert OPTICS.ctf(np.zeros(1))[0] == pytest.approx(-0.1)


def test_contrast_transfer_vanishes_where_predicted():
    # without aberration γ = πλΔz s², so zero n lies at s² = (n - asin(Q)/π) / (λ Δz)
    optics = Optics(voltage=300.0, defocus_um=1.0, cs=0.0, amplitude_contrast=0.1, b_factor=0.0)
    order = np.arange(1, 6)
    zeros = (order - np.arcsin(0.1) / np.pi) / (optics.wavelength * 1e4)
    np.testing.assert_allclose(optics.ctf(zeros), 0.0, atol=1e-12)


def test_spherical_aberration_counters_underfocus():
    # γ = 0 again where s² = 2Δz / (C_s λ²)
    frequency2 = np.array([2e4 / (2.7e7 * OPTICS.wavelength**2)])
    assert OPTICS.aberration(frequency2)[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("shape", [(64, 64), (48, 81)])
def test_a_weak_grating_is_imaged_with_the_contrast_transfer(shape):
    # a protein phase of amplitude a becomes 1 + 2·a·CTF·E·cos: the wave's linear part
    optics = Optics(voltage=300.0, defocus_um=1.2, cs=2.7, amplitude_contrast=0.1, b_factor=50.0)
    amplitude, cycles, pixel = 1e-3, 7, 2.0
    cosine = np.cos(2 * np.pi * cycles * np.arange(shape[1]) / shape[1]) * np.ones((shape[0], 1))
    wave = np.exp(1j * amplitude * cosine * np.exp(1j * np.arcsin(0.1))).astype(np.complex64)
    frequency2 = np.array([(cycles / shape[1] / pixel) ** 2])
    contrast = 2 * amplitude * optics.ctf(frequency2)[0] * optics.envelope(frequency2)[0]
    np.testing.assert_allclose(optics.image(wave, pixel=pixel), 1 + contrast * cosine, atol=5e-6)


def test_an_empty_wave_gives_the_incident_intensity():
    image = OPTICS.image(np.ones((16, 15), dtype=np.complex64), pixel=1.0)
    np.testing.assert_allclose(image, 1.0, atol=1e-6)


def test_the_detector_s_weights_lie_on_the_parabola():
    detector = Detector(sqrt_dqe=(0.80, 0.64, 0.35), ntf_nyquist=0.85)
    weights = 0.80 * detector.signal_transfer(np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(weights, [0.80, 0.64, 0.35])
    np.testing.assert_allclose(detector.noise_transfer(np.array([0.0, 1.0])), [1.0, 0.85])


def test_counts_of_a_perfect_detector_are_poisson_distributed():
    counts = PERFECT.read_out(np.full((200, 200), 9.0, dtype=np.float32), np.random.default_rng(0))
    assert counts.mean() == pytest.approx(9.0, abs=5 * 3 / 200)
    assert counts.var() == pytest.approx(9.0, rel=5 * np.sqrt(2 / 200**2) * 1.03)


def test_an_inefficient_detector_keeps_the_mean_and_loses_signal_to_noise():
    # a share DQE(0) = 0.64 of the electrons counts: the variance of the corrected counts is N / 0.64
    detector = Detector(sqrt_dqe=(0.8, 0.8, 0.8), ntf_nyquist=1.0)
    counts = detector.read_out(np.full((200, 200), 16.0, dtype=np.float32), np.random.default_rng(1))
    assert counts.mean() == pytest.approx(16.0, abs=0.13)
    assert counts.var() == pytest.approx(25.0, rel=0.04)


def test_noise_at_nyquist_falls_by_the_noise_transfer():
    detector = Detector(sqrt_dqe=(1.0, 1.0, 1.0), ntf_nyquist=0.5)
    counts = detector.read_out(np.full((256, 256), 9.0, dtype=np.float32), np.random.default_rng(2))
    power = np.square(np.abs(np.fft.rfft2(counts)))
    # rows of low vertical frequency, last columns: a fraction of Nyquist of nearly 1 in one direction
    at_nyquist = power[1:12, 120:128].mean() / 256**2
    assert at_nyquist == pytest.approx(9.0 * 0.5**2, rel=0.35)


@pytest.mark.parametrize("shape", [(16, 16), (15, 18), (9, 11)])
def test_finer_pixels_interpolate_a_smooth_intensity(shape):
    def wave(height, width):
        rows, columns = np.arange(height) / height, np.arange(width) / width
        return 1 + 0.5 * np.cos(2 * np.pi * (2 * rows[:, None] - columns)).astype(np.float32)

    fine = PERFECT.expose(wave(*shape).astype(np.float32), scale=2)
    np.testing.assert_allclose(fine, wave(2 * shape[0], 2 * shape[1]), atol=1e-5)


def test_filtering_without_effect_gives_the_array_back():
    array = np.random.default_rng(3).random((12, 17), dtype=np.float32)
    np.testing.assert_allclose(filtered(array, np.ones_like, scale=1), array, atol=1e-6)
