import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from settings_of_tests import BUSY, PLAIN, settings_with

from cryoice.constants import BAD, GOOD, IGNORE
from cryoice.signal.fourier import fourier_rescale
from cryoice.simulate.grid import Grid
from cryoice.simulate.micrograph import simulate_micrograph
from cryoice.simulate.specimen import CLEAN

NUISANCES = PLAIN["nuisances"]


def simulate(settings, protein="globular", *, seed=0):
    return simulate_micrograph(settings, protein, np.random.SeedSequence(seed))


@pytest.mark.parametrize(("pixel_size", "b_factor"), [(0.8, 150.0), (1.0, 20.0), (3.0, 60.0), (8.0, 60.0)])
def test_the_thickness_can_be_read_back_from_the_mean_counts(pixel_size, b_factor):
    settings = settings_with(
        PLAIN,
        pixel_size=pixel_size,
        microscope={"b_factor": [b_factor, b_factor]},
        particles={"potential": [0.0, 0.0]},
        film={"thickness": [550.0, 550.0], "mean_free_path": 4000.0},
    )
    micrograph = simulate(settings)
    thickness = 4000 * np.log(40.0 * pixel_size**2 / micrograph.array.mean())
    assert thickness == pytest.approx(550.0, abs=12.0)
    assert micrograph.parameters["thickness"] == pytest.approx(550.0)


def test_a_wholly_crystalline_micrograph_still_has_bad_picks():
    settings = settings_with(
        PLAIN,
        size=[600, 600],
        crystalline={"share": 1.0, "whole_share": 1.0, "size": [5000.0, 5000.0]},
        particles={"stray_share": 0.5},
    )
    micrograph = simulate(settings, seed=1)
    assert (micrograph.mask == 1).mean() > 0.9
    assert (micrograph.picks.label == BAD).sum() > 10


def test_what_a_file_lost_is_not_labelled_and_not_picked():
    bands = {"share": 1.0, "edge_bands": {"share": 1.0, "strength": [200.0, 200.0]}}
    only = {name: {"share": 0.0} for name, value in NUISANCES.items() if isinstance(value, dict)}
    off = {"invert": 0.0, "pixel_size_missing": 0.0}
    micrograph = simulate(settings_with(PLAIN, size=[400, 400], nuisances=only | off | bands), seed=4)
    lost = micrograph.mask == IGNORE
    assert 0.02 < lost.mean() < 0.6
    rows, columns = np.rint(micrograph.picks.positions.T / 3.0).astype(int)
    assert len(rows)
    assert not lost[rows, columns].any()


@pytest.fixture(scope="module")
def busy():
    settings = settings_with(
        BUSY,
        size=[700, 640],
        holes={"share": 0.0},  # one may take the whole of so small a field
        ethane={"share": 0.0},
        particles={"coverage": [0.2, 0.2]},
        crystalline={"size": [700.0, 800.0]},
    )
    return settings, simulate(settings, seed=5)


def test_every_class_is_drawn(busy):
    assert set(np.unique(busy[1].mask)) - {IGNORE} == {0, 1, 2, 3, 4}


def test_mask_values_at_the_picks_agree_with_the_true_labels(busy):
    settings, micrograph = busy
    picks = micrograph.picks
    rows, columns = np.rint(picks.positions.T / settings.pixel_size).astype(int)
    classes = micrograph.mask[rows, columns]
    assert (classes[picks.true_label == GOOD] == CLEAN).all()
    # a bad pick on clean film is one of empty ice: no particle's centre lies in it
    empty = picks.positions[(picks.true_label == BAD) & (classes == CLEAN)]
    distance = np.linalg.norm(empty[:, None] - micrograph.particles, axis=2)
    assert distance.min(initial=np.inf) > 40
    assert (classes[picks.true_label == BAD] != CLEAN).mean() > 0.7


def test_good_picks_lie_on_particles(busy):
    settings, micrograph = busy
    good = micrograph.picks.positions[micrograph.picks.true_label == GOOD]
    distance = np.linalg.norm(good[:, None] - micrograph.particles, axis=2).min(axis=1)
    assert distance.max() < 5 * settings.picks.jitter


def test_the_set_share_of_bad_labels_is_wrong(busy):
    _, micrograph = busy
    picks = micrograph.picks
    bad = picks.true_label[picks.label == BAD]
    assert len(bad) > 20
    assert (bad == GOOD).sum() == round(0.25 * (bad == BAD).sum())  # a fifth of all
    assert (picks.true_label[picks.label == GOOD] == GOOD).all()


def test_some_good_labels_can_be_wrong_too():
    settings = settings_with(
        PLAIN,
        size=[500, 500],
        contaminants={"share": 1.0},
        aggregates={"share": 1.0},
        picks={"good_noise": 0.2},
    )
    picks = simulate(settings, seed=6).picks
    assert (picks.true_label[picks.label == GOOD] == BAD).mean() == pytest.approx(0.2, abs=0.03)


def test_no_place_is_picked_twice(busy):
    settings, micrograph = busy
    pixels = np.rint(micrograph.picks.positions / settings.pixel_size)
    assert len(np.unique(pixels, axis=0)) == len(pixels)


@pytest.mark.parametrize(("size", "pixel_size", "scale"), [((256, 301), 0.5, 1), ((301, 256), 0.25, 3)])
def test_fine_pixels_give_the_micrograph_its_size(size, pixel_size, scale):
    settings = settings_with(PLAIN, size=list(size), pixel_size=pixel_size)
    micrograph = simulate(settings, seed=7)
    assert Grid.around(size, pixel_size=pixel_size).scale == scale
    assert micrograph.array.shape == micrograph.mask.shape == size
    assert micrograph.array.dtype == np.float32
    assert micrograph.array.mean() == pytest.approx(40 * pixel_size**2 * np.exp(-0.1), rel=0.05)


@pytest.mark.parametrize(("pixel_size", "scale"), [(0.35, 2), (1.5, 1), (6.0, 1)])
def test_a_particle_is_dark_where_it_is_said_to_be(pixel_size, scale):
    settings = settings_with(
        PLAIN,
        size=[max(256, round(420 / pixel_size)), max(256, round(480 / pixel_size))],
        pixel_size=pixel_size,
        camera={"dose": [500.0, 500.0]},
        particles={"coverage": [0.16, 0.16], "potential": [5.0, 5.0]},
    )
    grid = Grid.around(settings.size, pixel_size=pixel_size)
    assert grid.scale == scale
    micrograph = simulate(settings, seed=8)
    inner = micrograph.particles[grid.inside(micrograph.particles, border=95.0)]
    assert len(inner)
    rows, columns = np.ogrid[: settings.size[0], : settings.size[1]]
    dark = []
    for row, column in inner:
        distance = np.hypot(rows * pixel_size - row, columns * pixel_size - column)
        disc = micrograph.array[distance < 25].mean()
        dark.append(disc < micrograph.array[(distance > 55) & (distance < 75)].mean())
    assert np.mean(dark) > 0.95


@pytest.fixture(scope="module", params=["crystalline", "the rest"])
def two_samplings(request):
    """One specimen at 1 Å/px and at 8 Å/px, with so many electrons that noise hardly counts."""
    changes = {"camera": {"dose": [500.0, 500.0]}, "proteins": ["ring"]}
    changes["crystalline"] = {"share": float(request.param == "crystalline"), "fringe_contrast": [0.05, 0.05]}
    base = PLAIN if request.param == "crystalline" else BUSY
    fine = settings_with(base, size=[2048, 2304], pixel_size=1.0, **changes)
    coarse = settings_with(base, size=[256, 288], pixel_size=8.0, **changes)
    return [simulate(settings, "ring", seed=11) for settings in (fine, coarse)]


def test_two_samplings_show_the_same_specimen(two_samplings):
    fine, coarse = two_samplings
    np.testing.assert_array_equal(fine.particles, coarse.particles)
    np.testing.assert_array_equal(fine.picks.positions, coarse.picks.positions)
    # rows: sampled at the coarse pixels' centres
    same = fine.mask[::8, ::8] == coarse.mask
    assert same.mean() > 0.985


def test_two_samplings_show_the_same_picture(two_samplings):
    # what differs is drawn pixel by pixel: the film's molecules and the counted electrons
    fine, coarse = (torch.from_numpy(micrograph.array) for micrograph in two_samplings)
    expected = 64 * fourier_rescale(fine, (256, 288))
    one, other = (gaussian_filter(array.numpy(), 2)[8:-8, 8:-8] for array in (expected, coarse))
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.97
    assert other.mean() == pytest.approx(one.mean(), rel=0.02)
    assert other.std() == pytest.approx(one.std(), rel=0.05)


def test_the_same_seed_gives_the_same_bytes():
    settings = settings_with(BUSY, size=[256, 256])
    one, other = simulate(settings, seed=2), simulate(settings, seed=2)
    assert one.array.tobytes() == other.array.tobytes()
    assert one.mask.tobytes() == other.mask.tobytes()
    assert one.parameters == other.parameters
    assert simulate(settings, seed=3).array.tobytes() != one.array.tobytes()


def test_crystalline_film_shows_spots_that_vitreous_film_does_not():
    common = {"size": [512, 512], "pixel_size": 1.2, "camera": {"dose": [100.0, 100.0]}}
    changes = {"share": 1.0, "whole_share": 1.0, "fringe_contrast": [0.05, 0.05], "powder_share": 0.0}
    crystal = simulate(settings_with(PLAIN, **common, crystalline=changes), seed=10)
    plain = simulate(settings_with(PLAIN, **common), seed=10)
    assert (crystal.mask == 1).mean() > 0.5

    def spottiness(array):
        power = np.square(np.abs(np.fft.fft2(array - array.mean())))
        radius = np.hypot(np.fft.fftfreq(512, 1.2)[:, None], np.fft.fftfreq(512, 1.2))
        band = power[(radius > 1 / 3.95) & (radius < 1 / 3.4)]
        return band.max() / np.median(band)

    assert spottiness(crystal.array) > 3 * spottiness(plain.array)
