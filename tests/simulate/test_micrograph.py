import numpy as np
import pytest
from settings_of_tests import BUSY, PLAIN, settings_with

from cryoice.constants import BAD, GOOD
from cryoice.simulate.grid import Grid
from cryoice.simulate.ice import add_ice
from cryoice.simulate.micrograph import expose, simulate_micrograph
from cryoice.simulate.optics import Optics
from cryoice.simulate.specimen import CLEAN, Specimen

OPTICS = Optics(voltage=300.0, defocus_um=1.0, cs=0.0, amplitude_contrast=0.1, b_factor=0.0)


def radial_average(array, pixel_size, width):
    """Mean power in rings of ``width`` 1/Å, with the rings' middles."""
    power = np.square(np.abs(np.fft.fft2(array - array.mean())))
    rows, columns = (np.fft.fftfreq(side, pixel_size) for side in array.shape)
    radius = np.hypot(rows[:, None], columns)
    rings = (radius / width).astype(int)
    total = np.bincount(rings.ravel(), power.ravel()) / np.bincount(rings.ravel())
    return total, (np.arange(len(total)) + 0.5) * width


@pytest.mark.parametrize("thickness", [200.0, 800.0])
def test_mean_counts_follow_beer_and_lambert(thickness):
    # dose · pixel² · exp(-t/L) electrons a pixel
    settings = settings_with(PLAIN)
    specimen = Specimen.empty(Grid.around((256, 288), pixel_size=3.0))
    film = np.full(specimen.grid.shape, thickness, dtype=np.float32)
    add_ice(specimen, film, settings=settings)
    array = expose(specimen, OPTICS, settings, dose=40.0, rng=np.random.default_rng(0))
    assert array.shape == (256, 288)
    assert array.mean() == pytest.approx(40.0 * 9.0 * np.exp(-thickness / 4000), rel=2e-3)


def test_the_thickness_can_be_read_back_from_the_mean_counts():
    settings = settings_with(PLAIN, protein_potential=[0.0, 0.0], thickness=[550.0, 550.0])
    micrograph = simulate_micrograph(settings, "ring", np.random.default_rng(1))
    thickness = 4000 * np.log(40.0 * 9.0 / micrograph.array.mean())
    assert thickness == pytest.approx(550.0, abs=12.0)
    assert micrograph.parameters["thickness"] == pytest.approx(550.0)


def test_thon_rings_vanish_where_the_contrast_transfer_does():
    # white phase noise at 40 000 e/Å²: minima of the radial power at s² = (n - asin(Q)/π) / (λ Δz)
    settings = settings_with(PLAIN, sqrt_dqe=[1.0, 1.0, 1.0], ntf_nyquist=1.0)
    specimen = Specimen.empty(Grid.around((768, 768), pixel_size=1.5))
    noise = np.random.default_rng(2).normal(0, 0.02, specimen.grid.shape)
    specimen.add_protein(noise.astype(np.float32), amplitude_contrast=0.1)
    array = expose(specimen, OPTICS, settings, dose=4e4, rng=np.random.default_rng(3))
    power, frequency = radial_average(array, 1.5, 1.5e-3)
    for order in (1, 2, 3, 4):
        zero = np.sqrt((order - np.arcsin(0.1) / np.pi) / (OPTICS.wavelength * 1e4))
        near = np.abs(frequency - zero) < 8e-3
        assert abs(frequency[near][np.argmin(power[near])] - zero) < 2.5e-3


@pytest.fixture(scope="module")
def busy():
    settings = settings_with(
        BUSY, size=[700, 640], particle_density=[3000.0, 3000.0], crystalline_size=[700.0, 800.0]
    )
    return settings, simulate_micrograph(settings, "globular", np.random.default_rng(5))


def test_every_class_is_drawn(busy):
    assert set(np.unique(busy[1].mask)) == {0, 1, 2, 3, 4}


def test_mask_values_at_the_picks_agree_with_the_true_labels(busy):
    settings, micrograph = busy
    picks = micrograph.picks
    classes = micrograph.mask[picks.positions[:, 0], picks.positions[:, 1]]
    assert (classes[picks.true_label == GOOD] == CLEAN).all()
    # a bad pick on clean film is one of empty ice: no particle's centre lies in it
    empty = picks.positions[(picks.true_label == BAD) & (classes == CLEAN)]
    distance = np.linalg.norm(empty[:, None] - micrograph.particles, axis=2) * settings.pixel_size
    assert distance.min(initial=np.inf) > 40
    assert (classes[picks.true_label == BAD] != CLEAN).mean() > 0.7


def test_good_picks_lie_on_particles(busy):
    settings, micrograph = busy
    good = micrograph.picks.positions[micrograph.picks.true_label == GOOD]
    distance = np.linalg.norm(good[:, None] - micrograph.particles, axis=2).min(axis=1)
    assert distance.max() * settings.pixel_size < 5 * settings.pick_jitter


def test_the_set_share_of_bad_labels_is_wrong(busy):
    _, micrograph = busy
    picks = micrograph.picks
    bad = picks.true_label[picks.label == BAD]
    assert len(bad) > 20
    assert (bad == GOOD).sum() == round(0.25 * (bad == BAD).sum())  # a fifth of all
    assert (picks.true_label[picks.label == GOOD] == GOOD).all()


def test_some_good_labels_can_be_wrong_too():
    settings = settings_with(BUSY, size=[500, 500], good_noise=0.2)
    picks = simulate_micrograph(settings, "globular", np.random.default_rng(6)).picks
    assert (picks.true_label[picks.label == GOOD] == BAD).mean() == pytest.approx(0.2, abs=0.03)


def test_no_pixel_is_picked_twice(busy):
    assert len(np.unique(busy[1].picks.positions, axis=0)) == len(busy[1].picks.positions)


@pytest.mark.parametrize(("size", "pixel_size", "scale"), [((256, 301), 0.5, 1), ((301, 256), 0.25, 3)])
def test_fine_pixels_give_the_micrograph_its_size(size, pixel_size, scale):
    settings = settings_with(PLAIN, size=list(size), pixel_size=pixel_size)
    micrograph = simulate_micrograph(settings, "globular", np.random.default_rng(7))
    assert Grid.around(size, pixel_size=pixel_size).scale == scale
    assert micrograph.array.shape == micrograph.mask.shape == size
    assert micrograph.array.dtype == np.float32
    assert micrograph.array.mean() == pytest.approx(40 * pixel_size**2 * np.exp(-0.1), rel=0.05)


@pytest.mark.parametrize(("pixel_size", "scale"), [(0.35, 2), (1.5, 1)])
def test_a_particle_is_dark_where_it_is_said_to_be(pixel_size, scale):
    settings = settings_with(
        PLAIN,
        size=[round(420 / pixel_size), round(480 / pixel_size)],
        pixel_size=pixel_size,
        dose=[500.0, 500.0],
        particle_density=[2500.0, 2500.0],
        protein_potential=[5.0, 5.0],
    )
    assert Grid.around(settings.size, pixel_size=pixel_size).scale == scale
    micrograph = simulate_micrograph(settings, "globular", np.random.default_rng(8))
    placed = micrograph.particles[((micrograph.particles * pixel_size) > 95).all(axis=1)]
    inner = placed[(np.array(settings.size) - placed > 95 / pixel_size).all(axis=1)]
    assert len(inner)
    rows, columns = np.ogrid[: settings.size[0], : settings.size[1]]
    for row, column in inner:
        distance = np.hypot(rows - row, columns - column) * pixel_size
        disc = micrograph.array[distance < 25].mean()
        annulus = micrograph.array[(distance > 55) & (distance < 75)].mean()
        assert disc < annulus


def test_a_contaminant_is_darker_than_the_film_and_thicker_where_marked():
    settings = settings_with(
        PLAIN, protein_potential=[0.0, 0.0], contaminant_share=1.0, contaminant_size=[200.0, 250.0]
    )
    micrograph = simulate_micrograph(settings, "ring", np.random.default_rng(9))
    marked = micrograph.mask == 2
    assert marked.any()
    assert micrograph.array[marked].mean() < micrograph.array[micrograph.mask == 0].mean()


def test_some_large_contaminants_are_striped_and_some_crystalline():
    settings = settings_with(
        PLAIN, contaminant_share=1.0, contaminants=[12, 12], contaminant_size=[400.0, 450.0]
    )
    drawn = simulate_micrograph(settings, "ring", np.random.default_rng(12)).parameters["contaminants"]
    for kind in ("striped", "crystalline", "faceted"):
        assert {blob[kind] for blob in drawn} == {True, False}


def test_crystalline_film_shows_spots_that_vitreous_film_does_not():
    settings = settings_with(
        PLAIN,
        size=[512, 512],
        pixel_size=1.2,
        proteins=["globular"],
        crystalline_share=1.0,
        crystalline_size=[3000.0, 3000.0],
        fringe_contrast=[0.05, 0.05],
        dose=[100.0, 100.0],
    )
    crystal = simulate_micrograph(settings, "globular", np.random.default_rng(10))
    plain = simulate_micrograph(
        settings_with(PLAIN, size=[512, 512], pixel_size=1.2), "globular", np.random.default_rng(10)
    )
    assert (crystal.mask == 1).mean() > 0.5

    def spottiness(array):
        power = np.square(np.abs(np.fft.fft2(array - array.mean())))
        radius = np.hypot(np.fft.fftfreq(512, 1.2)[:, None], np.fft.fftfreq(512, 1.2))
        band = power[(radius > 1 / 3.95) & (radius < 1 / 3.4)]
        return band.max() / np.median(band)

    assert spottiness(crystal.array) > 3 * spottiness(plain.array)
