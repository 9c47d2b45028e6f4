from dataclasses import replace

import numpy as np
import pytest
from benchmarks.labelled.baselines import DARK, GROUPS, ICINESS, ROUGH, baselines, iciness_map
from benchmarks.labelled.data import LabelledMicrograph
from benchmarks.labelled.metrics import ranking
from benchmarks.labelled.table import classes
from benchmarks.labelled.tally import ANY, BINS, binned, logit, tally

from cryoice.constants import CLASSES, IGNORE
from cryoice.mask.score_map import ScoreMap
from labelled_tallies import ONE, confusion


def test_bins_keep_the_order_and_tell_small_probabilities_apart():
    places = binned(logit(np.array([0.0, 1e-4, 2e-4, 0.5, 0.505, 0.9998, 0.9999, 1.0])))
    assert (np.diff(places) > 0).all()
    assert binned(np.array([-1e9, 1e9])).tolist() == [0, BINS - 1]


def labelled(label, *, shape=(64, 72), array=None, pixel_size=8.0):
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32) if array is None else array
    return LabelledMicrograph(
        source="a", name="m", array=array, label=label, pixel_size=pixel_size, spectrum=True
    )


def test_a_tally_counts_labelled_pixels_with_data_alone():
    label = np.zeros((64, 72), dtype=np.uint8)
    label[:8] = IGNORE
    label[32:] = 2
    probabilities = np.zeros((5, 64, 72), dtype=np.float32)
    probabilities[2, 40:] = 0.9
    probabilities[0] = 1 - probabilities[2]
    mask = np.where(probabilities[2] > 0.5, 2, 0).astype(np.uint16)
    mask[:, :12] = IGNORE
    found = tally(labelled(label), ScoreMap(probabilities, CLASSES, (8.0, 8.0)), mask)
    rows = {"t0m0": 24, "t2m0": 8, "t2m2": 24}
    assert found.confusion.tolist() == pytest.approx(confusion(**rows) / 56)
    assert set(found.histograms) == {ANY, *CLASSES[1:]}
    assert all(values.sum() == pytest.approx(1) for values in found.histograms.values())
    auroc, _ = ranking([found], ONE, scorer="contamination", truth=[2])
    assert auroc[0] == pytest.approx((24 + 8 / 2) / 32)


def test_a_network_of_two_classes_is_measured_on_any_artifact_alone():
    probabilities = np.full((2, 64, 72), 0.5, dtype=np.float32)
    scores = ScoreMap(probabilities, ("good", "bad"), (8.0, 8.0))
    label = np.zeros((64, 72), dtype=np.uint8)
    found = tally(
        labelled(label), scores, np.zeros((64, 72), dtype=np.uint16), baselines={DARK: scores.score}
    )
    assert set(found.histograms) == {ANY, DARK}
    assert len(classes([[found]]).rows) == 0


def test_nothing_labelled_is_no_tally():
    label = np.full((64, 72), IGNORE, dtype=np.uint8)
    scores = ScoreMap(np.full((5, 64, 72), 0.2, dtype=np.float32), CLASSES, (8.0, 8.0))
    assert tally(labelled(label), scores, np.zeros((64, 72), dtype=np.uint16)) is None


def test_the_baselines_answer_to_a_dark_disc_and_to_rough_texture():
    rng = np.random.default_rng(1)
    array = rng.normal(size=(96, 97)).astype(np.float32)
    row, column = np.ogrid[:96, :97]
    disc = (row - 30) ** 2 + (column - 30) ** 2 < 8**2
    array[disc] -= 3
    array[60:90, 60:90] *= 4
    found = baselines(labelled(np.zeros((96, 97), dtype=np.uint8), array=array))
    assert set(found) == {DARK, ROUGH, GROUPS}
    assert found[DARK].argmax() in np.flatnonzero(disc)
    peak = np.unravel_index(found[ROUGH].argmax(), array.shape)
    assert all(60 <= place < 90 for place in peak)
    assert disc[found[GROUPS] == found[GROUPS].max()].mean() > 0.9
    assert len(np.unique(found[GROUPS])) <= 16


def test_iciness_is_mapped_where_the_ring_is():
    pixel_size, side = 1.5, 720  # windows of 180 px, 7 x 7 of them
    rng = np.random.default_rng(2)
    array = rng.normal(size=(side, side)).astype(np.float32)
    ring = np.fft.rfftfreq(side, pixel_size) ** 2 + np.fft.fftfreq(side, pixel_size)[:, None] ** 2
    inside = (ring > 1 / 3.9**2) & (ring < 1 / 3.5**2)
    noise = np.fft.irfft2(np.fft.rfft2(rng.normal(size=array.shape)) * inside, s=array.shape)
    array[540:, :360] += 20 * noise[540:, :360]
    found = iciness_map(array, (135, 135), pixel_size=pixel_size)
    assert found.shape == (135, 135)
    peak = np.unravel_index(found.argmax(), found.shape)
    assert peak[0] >= 101  # 540 px of 720
    assert peak[1] <= 67
    assert np.median(found[:60]) == pytest.approx(1, abs=0.1)  # white noise has as much in both bands


@pytest.mark.parametrize(
    ("pixel_size", "spectrum", "side", "there"),
    [(1.5, True, 200, True), (1.5, False, 200, False), (1.5, True, 170, False), (1.96, True, 200, False)],
)
def test_iciness_needs_nyquist_a_spectrum_and_a_window(pixel_size, spectrum, side, there):
    array = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    one = labelled(np.zeros((side, side), dtype=np.uint8), array=array, pixel_size=pixel_size)
    assert (ICINESS in baselines(replace(one, spectrum=spectrum))) is there
