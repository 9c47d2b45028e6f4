from itertools import pairwise

import numpy as np
import pytest

from cryoice.simulate.grid import Grid, smooth_field
from cryoice.simulate.ice import WATER_DENSITY, WATER_SCATTERING, molecular_noise, water_structure
from cryoice.simulate.lattice import ZONES, add_lattice
from cryoice.simulate.optics import Optics
from cryoice.simulate.specimen import Specimen

OPTICS = Optics(voltage=300.0, defocus_um=1.5, cs=2.7, amplitude_contrast=0.1, b_factor=60.0)
GRID = Grid.around((512, 480), pixel_size=1.0)


def spectrum_of(array):
    """Power and frequency (1/Å) of the windowed array."""
    window = np.outer(np.hanning(array.shape[0]), np.hanning(array.shape[1]))
    power = np.square(np.abs(np.fft.fft2(window * (array - array.mean()))))
    return power, np.fft.fftfreq(array.shape[0]), np.fft.fftfreq(array.shape[1])


def lattice(zone, angle=0.3):
    specimen = Specimen.empty(GRID)
    window = (slice(0, GRID.shape[0]), slice(0, GRID.shape[1]))
    weight = np.ones(GRID.shape, dtype=np.float32)
    rng = np.random.default_rng(0)
    add_lattice(specimen, window, weight, zone=zone, angle=angle, contrast=0.02, optics=OPTICS, rng=rng)
    return specimen.phase


def peak_near(array, reflection):
    """Strongest frequency (row, column) within 2 bins of a predicted one, against the median."""
    power, rows, columns = spectrum_of(array)
    bins = [round(float(g) * side) for g, side in zip(reflection, array.shape, strict=True)]
    near = [
        (a % array.shape[0], b % array.shape[1])
        for a in range(bins[0] - 2, bins[0] + 3)
        for b in range(bins[1] - 2, bins[1] + 3)
    ]
    best = max(near, key=lambda index: power[index])
    return np.array([rows[best[0]], columns[best[1]]]), power[best] / np.median(power)


def test_the_basal_zone_shows_three_pairs_of_3_90_angstrom_60_degrees_apart():
    phase = lattice("[0001]")
    directions = []
    for angle in 0.3 + np.pi / 3 * np.arange(3):
        # a crystal turned by an angle turns its reflections (row, column) = (-sin, cos)/d along
        reflection = np.array([-np.sin(0.3), np.cos(0.3)]) / 3.897
        turn = np.array(
            [[np.cos(angle - 0.3), np.sin(angle - 0.3)], [-np.sin(angle - 0.3), np.cos(angle - 0.3)]]
        )
        found, strength = peak_near(phase, reflection @ turn)
        assert abs(np.linalg.norm(found) - 1 / 3.897) < 1 / 480
        assert strength > 1e3
        directions.append(np.degrees(np.arctan2(found[0], found[1])) % 180)
    gaps = np.diff(sorted(directions))
    np.testing.assert_allclose(gaps, 60.0, atol=1.0)


@pytest.mark.parametrize(("row", "column", "spacing"), [(0, 1, 3.897), (1, 0, 3.669), (0.5, 1, 3.441)])
def test_the_side_view_shows_the_three_inner_rings_at_right_angles(row, column, spacing):
    reflection = np.array([row / 3.669, column / 3.897])
    assert np.linalg.norm(reflection) == pytest.approx(1 / spacing, rel=1e-3)
    found, strength = peak_near(lattice("[11-20]", angle=0.0), reflection)
    assert abs(np.linalg.norm(found) - 1 / spacing) < 1 / 480
    assert strength > 1e3


def test_every_zone_holds_only_spacings_of_hexagonal_ice():
    known = np.array([3.897, 3.669, 3.441, 2.671, 2.249])
    for reflections in ZONES.values():
        spacings = 1 / np.linalg.norm(reflections, axis=1)
        assert np.min(np.abs(spacings[:, None] / known - 1), axis=1).max() < 2e-3


def test_fringes_have_their_contrast_in_the_image():
    # one reflection at 2 % contrast: the image holds 1 + 0.02·|sin γ|·cos
    optics = Optics(voltage=300.0, defocus_um=1.53, cs=2.7, amplitude_contrast=0.1, b_factor=60.0)
    specimen = Specimen.empty(GRID)
    window = (slice(0, GRID.shape[0]), slice(0, GRID.shape[1]))
    weight = np.ones(GRID.shape, dtype=np.float32)
    add_lattice(
        specimen,
        window,
        weight,
        zone="row {100}",
        angle=0.0,
        contrast=0.02,
        optics=optics,
        rng=np.random.default_rng(0),
    )
    image = optics.image(specimen.exit_wave(), pixel=GRID.pixel)[100:-100, 100:-100]
    expected = 0.02 * abs(np.sin(optics.aberration(np.array([3.897**-2]))[0]))
    assert expected > 0.01
    assert np.sqrt(2) * image.std() == pytest.approx(expected, rel=0.02)


def test_fringes_finer_than_nyquist_are_left_out():
    coarse = Grid.around((256, 256), pixel_size=2.0)
    specimen = Specimen.empty(coarse)
    window = (slice(0, 10), slice(0, 10))
    weight = np.ones((10, 10), dtype=np.float32)
    add_lattice(
        specimen,
        window,
        weight,
        zone="[0001]",
        angle=0.0,
        contrast=0.05,
        optics=OPTICS,
        rng=np.random.default_rng(0),
    )
    assert not specimen.phase.any()


def test_amorphous_ice_has_a_broad_ring_near_3_75_angstrom():
    noise = molecular_noise(
        GRID,
        density=WATER_DENSITY,
        scattering=WATER_SCATTERING,
        structured=True,
        voltage=300.0,
        rng=np.random.default_rng(0),
    )
    power, rows, columns = spectrum_of(noise)
    radius = np.hypot(rows[:, None], columns)
    edges = np.linspace(0.18, 0.38, 41)
    average = np.array([power[(radius >= a) & (radius < b)].mean() for a, b in pairwise(edges)])
    centre = 0.5 * (edges[1:] + edges[:-1])
    peak = centre[np.argmax(average)]
    assert 3.6 < 1 / peak < 3.9
    half = centre[average > average.max() / 2]
    assert half[-1] - half[0] > 0.03  # far wider than a Bragg ring


def test_molecular_noise_has_its_stated_power():
    noise = molecular_noise(
        GRID,
        density=WATER_DENSITY,
        scattering=(3.0, 0.0),
        structured=False,
        voltage=300.0,
        rng=np.random.default_rng(1),
    )
    # white noise of power P has variance P / pixel²; λ = 0.019687 Å, γ = 1.58707
    expected = WATER_DENSITY * (0.019687 * 1.58707 * 3.0) ** 2
    assert noise.var() == pytest.approx(expected, rel=0.02)


def test_the_structure_factor_is_flat_away_from_the_peak():
    np.testing.assert_allclose(water_structure(np.array([0.0, 1.0])), [0.06, 1.0], atol=1e-3)


@pytest.mark.parametrize("scale", [10.0, 60.0])
def test_a_smooth_field_has_unit_rms_and_its_width(scale):
    wide = Grid.around((900, 1001), pixel_size=2.0)
    field = smooth_field(wide, scale, np.random.default_rng(2))
    assert field.std() == pytest.approx(1.0, abs=0.15)
    step = round(6 * scale / wide.pixel)
    assert abs(np.mean(field[step:] * field[:-step])) < 0.15  # far apart: unrelated
    assert np.mean(field[1:] * field[:-1]) > 0.95 * field.var()  # next door: alike
