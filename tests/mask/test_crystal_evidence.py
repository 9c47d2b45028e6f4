import numpy as np
import pytest

from bright_blocks import brightness_model
from cryoice.constants import CLASSES
from cryoice.mask import mask_micrograph
from cryoice.mask.crystal_evidence import (
    ACROSS,
    CONTEXT,
    CONTEXT_AND_SPECTRUM,
    DIFFRACTING,
    MOST,
    UNSEEN,
    over_map,
    with_evidence,
)
from cryoice.mask.score_map import score_map
from cryoice.signal.ice_map import IceMap

PIXEL = 1.6
SIZE = (8.0, 8.0)


def evidence(values):
    """Windows 128 Å apart, the first centred on (128, 128) Å."""
    values = np.asarray(values, dtype=np.float32)
    return IceMap(values, values, values, values, pixel_size=(128.0, 128.0), origin=(128.0, 128.0))


def context(shape, *shares):
    return np.tile(np.array(shares, dtype=np.float32)[:, None, None], (1, *shape))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def fringes(*shape, spacing=3.67, angle=0.6):
    row, column = np.indices(shape) * PIXEL / spacing
    return np.cos(2 * np.pi * (row * np.sin(angle) + column * np.cos(angle))).astype(np.float32)


def test_the_probabilities_are_those_of_bayes_rule():
    ice = evidence(np.full((4, 5), 3 + np.log10(20)))  # p = 0.001 in 20 windows
    factor = -1 / (np.e * 0.001 * np.log(0.001))  # 53
    before = context((40, 50), 0.80, 0.02, 0.10, 0.05, 0.03)
    crystalline = factor * 0.02 + UNSEEN * (factor - 1) * 0.80
    others = (1 + DIFFRACTING * (factor - 1)) * np.array([0.10, 0.05, 0.03])
    expected = np.array([0.80, crystalline, *others])
    expected /= expected.sum()
    got = with_evidence(before, CLASSES, ice, pixel_size=SIZE)
    np.testing.assert_allclose(got[:, 20, 20], expected, rtol=1e-5)
    np.testing.assert_allclose(got.sum(axis=0), 1, atol=1e-6)


def test_what_noise_shows_somewhere_in_a_micrograph_changes_nothing():
    before = context((40, 50), 0.80, 0.02, 0.10, 0.05, 0.03)
    ice = evidence(np.full((4, 5), np.log10(20) + np.log10(np.e) - 0.01))  # p > 1/e
    np.testing.assert_allclose(with_evidence(before, CLASSES, ice, pixel_size=SIZE), before, atol=1e-6)


def test_no_evidence_is_more_than_the_most():
    before = context((40, 50), 0.99, 0.0, 0.01, 0.0, 0.0)
    got = with_evidence(before, CLASSES, evidence(np.full((4, 5), 30.0)), pixel_size=SIZE)
    crystalline = UNSEEN * (MOST - 1) * 0.99
    total = 0.99 + crystalline + 0.01 * (1 + DIFFRACTING * (MOST - 1))
    assert got[1, 0, 0] == pytest.approx(crystalline / total, rel=1e-5)
    assert got[1, 0, 0] > 0.5


def test_more_evidence_is_never_less_crystalline():
    before = context((40, 50), 0.80, 0.02, 0.10, 0.05, 0.03)
    found = [
        with_evidence(before, CLASSES, evidence(np.full((4, 5), e)), pixel_size=SIZE)[1, 20, 20]
        for e in np.arange(0, 12, 0.25)
    ]
    assert (np.diff(found) >= -1e-7).all()
    assert found[0] == pytest.approx(0.02)
    assert found[-1] > 0.3


def test_any_artifact_never_falls():
    rng = np.random.default_rng(0)
    before = rng.dirichlet(np.full(5, 0.3), (40, 50)).transpose(2, 0, 1).astype(np.float32)
    ice = evidence(rng.uniform(0, 8, (4, 5)))
    got = with_evidence(before, CLASSES, ice, pixel_size=SIZE)
    assert (got[0] <= before[0] + 1e-6).all()


def test_an_artifact_that_the_context_cannot_name_keeps_its_spots_too():
    before = context((60, 60), 0.98, 0.005, 0.005, 0.005, 0.005)
    before[:, 24:37, 24:37] = np.array([0.42, 0.05, 0.19, 0.08, 0.26], dtype=np.float32)[:, None, None]
    got = with_evidence(before, CLASSES, evidence(np.full((3, 3), 30.0)), pixel_size=SIZE)
    assert (1 - got[0, 24:37, 24:37] > 0.65).all()  # 0.58 before
    assert 1 - got[0, 16:24, 24:37].min() < 0.2


@pytest.mark.parametrize("index", [2, 3, 4])
def test_an_artifact_that_is_seen_stays_itself_and_keeps_its_spots(index):
    before = context((120, 120), 0.98, 0.005, 0.005, 0.005, 0.005)
    blob = np.full(5, 0.01, dtype=np.float32)
    blob[index] = 0.96
    before[:, 56:69, 56:69] = blob[:, None, None]
    got = with_evidence(before, CLASSES, evidence(np.full((7, 7), 30.0)), pixel_size=SIZE)
    assert (got[:, 56:69, 56:69].argmax(axis=0) == index).all()
    assert got[1:, 46:56, 56:69].sum(axis=0).max() < 0.2  # film beside it: its windows hold some of the blob
    assert got[1, :20, :20].min() > 0.5  # film whose windows do not


@pytest.mark.parametrize("start", [4, 16, 27])
def test_film_with_specks_on_it_stays_crystalline(start):
    before = context((160, 160), 0.98, 0.005, 0.005, 0.005, 0.005)
    alone = with_evidence(before, CLASSES, evidence(np.full((9, 9), 30.0)), pixel_size=SIZE)
    before[:, start::32, start::32] = np.array([0.03, 0.01, 0.94, 0.01, 0.01])[:, None, None]
    got = with_evidence(before, CLASSES, evidence(np.full((9, 9), 30.0)), pixel_size=SIZE)
    film = before[0] > 0.5
    assert got[1][film].min() > 0.7
    assert np.median(alone[1] - got[1]) < 0.1


def test_what_is_seen_explains_the_spots_by_the_area_that_it_covers():
    before = context((32, 32), 0.98, 0.005, 0.005, 0.005, 0.005)
    before[:, 12:17, 12:17] = np.array([0.03, 0.01, 0.94, 0.01, 0.01])[:, None, None]
    chance = DIFFRACTING * (5 * 8.0) ** 2 / ACROSS**2
    factor = MOST / (1 + chance * (MOST - 1))
    crystalline = 0.005 * factor + UNSEEN * (factor - 1) * 0.98
    total = 0.98 + crystalline + 0.015 * (1 + DIFFRACTING * (factor - 1))
    got = with_evidence(before, CLASSES, evidence([[30.0]]), pixel_size=SIZE)
    assert got[1, 0, 0] == pytest.approx(crystalline / total, rel=1e-4)


def test_seen_crystals_do_not_explain_those_of_their_neighbours_away():
    before = context((40, 40), 0.98, 0.005, 0.005, 0.005, 0.005)
    before[:, 18:22, 18:22] = np.array([0.02, 0.95, 0.01, 0.01, 0.01], dtype=np.float32)[:, None, None]
    got = with_evidence(before, CLASSES, evidence(np.full((2, 2), 30.0)), pixel_size=SIZE)
    assert (got[1] > 0.5).all()


def test_pixels_without_data_stay_so():
    before = context((40, 50), 0.80, 0.02, 0.10, 0.05, 0.03)
    before[:, :3] = np.nan
    got = with_evidence(before, CLASSES, evidence(np.full((4, 5), 9.0)), pixel_size=SIZE)
    assert np.isnan(got[:, :3]).all()
    assert np.isfinite(got[:, 3:]).all()


def test_a_network_without_the_class_is_left_as_it_is():
    before = context((40, 50), 0.7, 0.3)
    ice = evidence(np.full((4, 5), 30.0))
    assert with_evidence(before, ("good", "bad"), ice, pixel_size=SIZE) is before


def test_a_marked_window_lies_at_its_centre_on_the_map():
    values = np.zeros((5, 7), dtype=np.float32)
    values[1, 4] = 8.0
    got = over_map(values, evidence(values), (90, 120), pixel_size=SIZE)
    assert np.unravel_index(got.argmax(), got.shape) == (32, 80)  # 256 and 640 Å
    assert got[32, 80] == 8.0
    assert got[24, 80] == pytest.approx(4.0)  # half-way to the next window
    assert got[32, 96] == 0.0


def test_fringes_are_crystalline_where_they_are_and_nowhere_else():
    array = noise(1200, 1040)
    part = slice(640, 880), slice(160, 400)  # 384 Å
    array[part] += 0.25 * fringes(1200, 1040)[part]
    got = score_map(array, brightness_model(), pixel_size=PIXEL)
    row, column = (np.mgrid[: got.score.shape[0], : got.score.shape[1]].T * got.pixel_size / PIXEL).T
    away = np.maximum(np.abs(row - 760), np.abs(column - 280)) - 120
    assert got.views == CONTEXT_AND_SPECTRUM
    assert (got.probabilities[1][away < -30] > 0.5).all()
    assert (got.probabilities[1][away > 80] < 0.01).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_noise_with_a_diffuse_ring_is_what_the_context_makes_of_it(seed):
    shape = (1200, 1040)
    radius = np.hypot(np.fft.fftfreq(shape[0], PIXEL)[:, None], np.fft.rfftfreq(shape[1], PIXEL))
    power = 1 / (1 + (20 * radius) ** 2) + 0.02 * np.exp(-4 * np.log(2) * ((radius - 1 / 3.75) / 0.07) ** 2)
    array = np.fft.irfft2(np.fft.rfft2(noise(*shape, seed=seed)) * np.sqrt(power), shape).astype(np.float32)
    alone = score_map(array, brightness_model(), pixel_size=PIXEL, spectrum=False)
    got = score_map(array, brightness_model(), pixel_size=PIXEL)
    assert (alone.views, got.views) == (CONTEXT, CONTEXT_AND_SPECTRUM)
    assert got.probabilities[1].max() < 0.1
    np.testing.assert_allclose(np.median(got.probabilities - alone.probabilities), 0, atol=1e-6)


def test_where_no_spectrum_is_to_be_had_the_context_decides():
    array = noise(400, 420)
    for found in (
        mask_micrograph(array, brightness_model(), pixel_size=1.8),
        mask_micrograph(array, brightness_model(), pixel_size=PIXEL, spectrum=False),
    ):
        assert found.views == CONTEXT
    fine = mask_micrograph(array, brightness_model(), pixel_size=PIXEL)
    coarse = mask_micrograph(array, brightness_model(), pixel_size=PIXEL, spectrum=False)
    assert fine.views == CONTEXT_AND_SPECTRUM
    np.testing.assert_allclose(fine.score, coarse.score, atol=1e-6)
