import numpy as np
import pytest

from cryoice.simulate.optics import (
    MicroscopeSettings,
    Optics,
    electron_wavelength,
    interaction_constant,
    relativistic_mass_ratio,
)

OPTICS = Optics(voltage=300.0, defocus_um=1.0, cs=2.7, amplitude_contrast=0.1, b_factor=0.0)
# U = 1.2 µm along 90°, the direction of rising rows, and V = 0.8 µm along columns
ASTIGMATIC = Optics(
    voltage=300.0,
    defocus_um=1.0,
    cs=0.0,
    amplitude_contrast=0.1,
    b_factor=0.0,
    astigmatism_um=0.4,
    astigmatism_angle=90.0,
)


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
    # a protein phase of amplitude a becomes 1 + 2·a·CTF·cos: the wave's linear part
    optics = Optics(voltage=300.0, defocus_um=1.2, cs=2.7, amplitude_contrast=0.1, b_factor=50.0)
    amplitude, cycles, pixel = 1e-3, 7, 2.0
    cosine = np.cos(2 * np.pi * cycles * np.arange(shape[1]) / shape[1]) * np.ones((shape[0], 1))
    wave = np.exp(1j * amplitude * cosine * np.exp(1j * np.arcsin(0.1))).astype(np.complex64)
    frequency2 = np.array([(cycles / shape[1] / pixel) ** 2])
    contrast = 2 * amplitude * optics.ctf(frequency2)[0]
    np.testing.assert_allclose(optics.image(wave, pixel=pixel), 1 + contrast * cosine, atol=5e-6)


def test_the_lens_loses_no_electrons():
    optics = Optics(voltage=300.0, defocus_um=2.0, cs=2.7, amplitude_contrast=0.1, b_factor=150.0)
    phase = np.random.default_rng(0).normal(0, 0.7, (64, 96))
    assert optics.image(np.exp(1j * phase).astype(np.complex64), pixel=1.0).mean() == pytest.approx(
        1.0, rel=1e-5
    )


def test_an_empty_wave_gives_the_incident_intensity():
    image = OPTICS.image(np.ones((16, 15), dtype=np.complex64), pixel=1.0)
    np.testing.assert_allclose(image, 1.0, atol=1e-6)


@pytest.mark.parametrize(("along_rows", "defocus"), [(True, 1.2e4), (False, 0.8e4)])
def test_astigmatic_thon_rings_vanish_where_each_axis_predicts(along_rows, defocus):
    order = np.arange(1, 6)
    frequency2 = (order - np.arcsin(0.1) / np.pi) / (ASTIGMATIC.wavelength * defocus)
    rows, columns = (np.sqrt(frequency2), np.zeros(5))[:: 1 if along_rows else -1]
    stretch = ASTIGMATIC.stretch(rows, columns)
    np.testing.assert_allclose(ASTIGMATIC.ctf(frequency2, stretch), 0.0, atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 20.0, 135.0])
def test_the_stretch_is_the_cosine_of_twice_the_angle_from_u(angle):
    optics = Optics(
        300.0, 1.0, 2.7, amplitude_contrast=0.1, b_factor=0.0, astigmatism_um=0.1, astigmatism_angle=angle
    )
    theta = np.deg2rad(np.array([0.0, 33.0, 90.0, 200.0]))
    stretch = optics.stretch(0.2 * np.sin(theta), 0.2 * np.cos(theta))
    np.testing.assert_allclose(stretch, 0.04 * np.cos(2 * (theta - np.deg2rad(angle))), atol=1e-15)


@pytest.mark.parametrize("cycles", [(5, 0), (0, 5), (4, 3), (-4, 3)])
def test_an_astigmatic_lens_images_gratings_by_their_direction(cycles):
    amplitude, side, pixel = 1e-3, 64, 2.0
    phase = 2 * np.pi / side * (cycles[0] * np.arange(side)[:, None] + cycles[1] * np.arange(side))
    wave = np.exp(1j * amplitude * np.cos(phase) * np.exp(1j * np.arcsin(0.1))).astype(np.complex64)
    rows, columns = (np.array([c / side / pixel]) for c in cycles)
    contrast = ASTIGMATIC.ctf(rows**2 + columns**2, ASTIGMATIC.stretch(rows, columns))[0]
    image = ASTIGMATIC.image(wave, pixel=pixel)
    np.testing.assert_allclose(image, 1 + 2 * amplitude * contrast * np.cos(phase), atol=5e-6)


def test_phases_of_a_thousand_radians_stay_exact():
    # at 0.45 1/Å and 4 µm γ is about 500 rad; a point scatterer's wave meets every such frequency
    optics = Optics(voltage=300.0, defocus_um=4.0, cs=2.7, amplitude_contrast=0.1, b_factor=30.0)
    wave = np.ones((48, 50), dtype=np.complex64)
    wave[7, 9] = np.exp(0.3j)
    rows, columns = np.fft.fftfreq(48, 1.0)[:, None] ** 2, np.fft.fftfreq(50, 1.0) ** 2
    transfer = np.exp(1j * optics.aberration(rows + columns))
    exact = np.abs(np.fft.ifft2(np.fft.fft2(wave) * transfer)) ** 2
    np.testing.assert_allclose(optics.image(wave, pixel=1.0), exact, atol=1e-5)


def test_what_is_drawn_lies_within_the_priors():
    settings = MicroscopeSettings(
        voltages=(200.0,),
        cs=(1.4,),
        defocus=(0.5, 0.6),
        astigmatism=(0.1, 0.2),
        amplitude_contrast=(0.07, 0.07),
        b_factor=(50.0, 60.0),
    )
    optics = Optics.draw(settings, np.random.default_rng(0))
    assert (optics.voltage, optics.cs, optics.amplitude_contrast) == (200.0, 1.4, 0.07)
    assert 0.5 <= optics.defocus_um <= 0.6
    assert 0.1 <= optics.astigmatism_um <= 0.2
    assert 0 <= optics.astigmatism_angle <= 180
