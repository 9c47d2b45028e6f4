from itertools import pairwise

import numpy as np
import pytest
from scene_of_tests import SCENE

from cryoice.simulate.grid import Grid
from cryoice.simulate.materials import (
    CARBON,
    GOLD,
    ICE,
    Material,
    add_material,
    mean_free_path,
    molecular_noise,
    noise_power,
    water_structure,
)
from cryoice.simulate.specimen import Specimen


def radial(noise, pixel, edges):
    """Mean power per 1/Å² of the periodic noise between frequencies (1/Å)."""
    power = np.square(np.abs(np.fft.fft2(noise))) * pixel**2 / noise.size
    radius = np.hypot(*np.meshgrid(*(np.fft.fftfreq(side, pixel) for side in noise.shape), indexing="ij"))
    return np.array([power[(radius >= a) & (radius < b)].mean() for a, b in pairwise(edges)])


def noise(pixel, material=ICE, shape=(512, 480), seed=0):
    grid = Grid.around(shape, pixel_size=pixel)
    return molecular_noise(grid, material, voltage=300.0, rng=np.random.default_rng(seed)), grid.pixel


@pytest.mark.parametrize(("material", "depth"), [(ICE, 0.1), (CARBON, 0.2), (GOLD, 3.03)])
def test_intensity_falls_by_beer_and_lambert(material, depth):
    specimen = Specimen.empty(Grid.around((256, 256), pixel_size=4.0))
    thickness = np.full(specimen.grid.shape, 400.0, dtype=np.float32)
    add_material(specimen, thickness, material, scene=SCENE)
    intensity = np.square(np.abs(specimen.exit_wave()))
    np.testing.assert_allclose(intensity, np.exp(-depth), rtol=0.01)


def test_phase_is_that_of_the_mean_inner_potential():
    specimen = Specimen.empty(Grid.around((256, 256), pixel_size=4.0))
    add_material(specimen, np.full(specimen.grid.shape, 100.0, dtype=np.float32), CARBON, scene=SCENE)
    # σ = 6.526e-4 rad/(V Å) at 300 kV, 9 V, 100 Å
    np.testing.assert_allclose(specimen.phase, 6.526e-4 * 9 * 100, rtol=1e-3)


def test_the_mean_free_path_follows_the_square_of_the_speed():
    # β² is 0.6030 at 300 kV, 0.4835 at 200 kV
    assert mean_free_path(4000.0, voltage=200.0) == pytest.approx(4000 * 0.4835 / 0.6030, rel=1e-3)


@pytest.mark.parametrize("material", [ICE, CARBON])
def test_molecular_noise_has_its_stated_power(material):
    edges = np.linspace(0.05, 0.45, 9)
    field, pixel = noise(1.0, material)
    table = np.linspace(0.05, 0.45, 801)
    expected = noise_power(material, table, voltage=300.0)
    means = [np.average(expected[i : i + 101], weights=table[i : i + 101]) for i in range(0, 800, 100)]
    np.testing.assert_allclose(radial(field, pixel, edges), means, rtol=0.04)


def test_structureless_noise_has_the_variance_of_white_noise():
    flat = Material(potential=0.0, free_path=1.0, density=0.0314, scattering=(3.0, 0.0), structured=False)
    field, pixel = noise(1.0, flat)
    # white noise of power P has variance P / pixel²; λ = 0.019687 Å, γ = 1.58707
    assert field.var() * pixel**2 == pytest.approx(0.0314 * (0.019687 * 1.58707 * 3.0) ** 2, rel=0.02)


def test_coarse_pixels_keep_the_power_at_low_frequency():
    edges = np.array([0.01, 0.025, 0.05])
    fine, coarse = (radial(*noise(pixel, CARBON), edges) for pixel in (1.0, 8.0))
    np.testing.assert_allclose(coarse, fine, rtol=0.1)


def test_amorphous_ice_has_a_broad_ring_at_3_72_angstrom():
    edges = np.linspace(0.18, 0.38, 41)
    average = radial(*noise(1.0), edges)
    centre = 0.5 * (edges[1:] + edges[:-1])
    peak = centre[np.argmax(average)]
    assert 3.6 < 1 / peak < 3.9
    half = centre[average > average.max() / 2]
    assert half[-1] - half[0] > 0.03  # far wider than a Bragg ring


def test_the_structure_factor_is_flat_away_from_the_peak():
    np.testing.assert_allclose(water_structure(np.array([0.0, 1.0])), [0.06, 1.0], atol=1e-3)
