import numpy as np
import pytest
from benchmarks.labelled.data import (
    LabelledMicrograph,
    on_map,
    read_labelled,
    read_simulated,
    without_boundaries,
)
from benchmarks.labelled.metrics import areas, flagged, overlap, ranking, resamples, with_interval
from benchmarks.labelled.table import any_artifact, classes, groups
from benchmarks.labelled.tally import ANY, BINS, DARK, ROUGH, Tally, baselines, binned, logit, tally
from sklearn.metrics import average_precision_score, roc_auc_score

from cryoice.constants import CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.files.mrc import write_mrc
from cryoice.files.picture import write_png
from cryoice.mask.score_map import ScoreMap
from cryoice.simulate.layout_on_disk import Place, write_micrograph
from marked_micrograph import marked

ONE = np.ones((1, 1))


def histogram(values, bins=8):
    return np.bincount(values, minlength=bins).astype(float)[None]


def test_areas_equal_those_of_sklearn_with_ties_and_weights():
    rng = np.random.default_rng(0)
    score, target, weight = rng.integers(0, 8, 200), rng.integers(0, 2, 200), rng.uniform(0.1, 2, 200)
    positive, negative = (
        np.bincount(score, weights=weight * (target == value), minlength=8)[None] for value in (1, 0)
    )
    auroc, precision = areas(positive, negative)
    assert auroc[0] == pytest.approx(roc_auc_score(target, score, sample_weight=weight))
    assert precision[0] == pytest.approx(average_precision_score(target, score, sample_weight=weight))


def test_areas_without_positives_are_not_a_number():
    auroc, precision = areas(np.zeros((1, 8)), histogram([1, 2]))
    assert np.isnan([auroc[0], precision[0]]).all()
    auroc, precision = areas(histogram([1, 2]), np.zeros((1, 8)))
    assert (np.isnan(auroc[0]), precision[0]) == (True, 1.0)


def test_bins_keep_the_order_and_tell_small_probabilities_apart():
    places = binned(logit(np.array([0.0, 1e-4, 2e-4, 0.5, 0.505, 0.9998, 0.9999, 1.0])))
    assert (np.diff(places) > 0).all()
    assert binned(np.array([-1e9, 1e9])).tolist() == [0, BINS - 1]


@pytest.mark.parametrize("side", [20, 21])
def test_three_pixels_on_both_sides_of_a_boundary_are_left_out(side):
    label = np.zeros((side, side), dtype=np.uint8)
    label[:, 10:] = 2
    found = without_boundaries(label)
    assert found[0].tolist() == [0] * 7 + [IGNORE] * 6 + [2] * (side - 13)


@pytest.mark.parametrize(
    ("label", "micrograph", "shape", "marked"),
    [
        ((40, 40), (40, 40), (5, 5), (16, 24)),  # map pixel (2, 3) of 8 px lies at exactly that pixel
        ((10, 10), (40, 40), (5, 5), (4, 6)),
        ((41, 39), (41, 39), (5, 5), (16, 23)),  # 2 · 41/5 = 16.4 and 3 · 39/5 = 23.4
    ],
)
def test_a_map_pixel_has_the_label_under_its_place(label, micrograph, shape, marked):
    labels = np.zeros(label, dtype=np.uint8)
    labels[marked] = 3
    found = on_map(labels, shape, micrograph=micrograph)
    assert np.argwhere(found == 3).tolist() == [[2, 3]]


def a_tally(source, confusion, *, name="m", scores=None):
    """Return a tally of given weights; scores: probability of `other` by true class."""
    histograms = np.zeros((5, BINS))
    confusion = np.array(confusion, dtype=float) / np.sum(confusion)
    for value, weight in enumerate(confusion.sum(axis=1)):
        probability = (scores or {}).get(value, 0.1 + 0.8 * (value > 0))
        histograms[value, binned(logit(np.array([probability])))[0]] = weight
    names = (ANY, DARK, ROUGH, "other")
    return Tally(source=source, name=name, histograms=dict.fromkeys(names, histograms), confusion=confusion)


def confusion(**cells):
    """Return a matrix from cells such as t4m0=2: truth 4, mask 0, weight 2."""
    matrix = np.zeros((5, 5))
    for key, weight in cells.items():
        matrix[int(key[1]), int(key[3])] = weight
    return matrix


def test_overlap_and_flagged_shares_are_counted_by_hand():
    one = a_tally("a", confusion(t0m0=4, t0m2=1, t2m2=2, t2m3=1, t3m0=2))
    assert overlap([one], ONE, values=[2])[0] == pytest.approx(2 / 4)
    assert overlap([one], ONE, values=[3])[0] == 0
    assert overlap([one], ONE, values=[1, 2, 3, 4])[0] == pytest.approx(3 / 6)
    assert np.isnan(overlap([one], ONE, values=[1])[0])
    assert flagged([one], ONE, truth=[0])[0] == pytest.approx(1 / 5)
    assert flagged([one], ONE, truth=[1, 2, 3, 4])[0] == pytest.approx(3 / 5)


def test_every_micrograph_weighs_the_same_however_many_pixels_it_has():
    large, small = a_tally("a", confusion(t0m4=900, t4m4=100)), a_tally("a", confusion(t0m0=5, t4m4=5))
    assert flagged([large, small], np.ones((1, 2)), truth=[0])[0] == pytest.approx(0.9 / 1.4)


def test_a_class_is_ranked_against_all_else():
    mixed = a_tally("a", confusion(t0m0=1, t2m2=1, t4m4=1), scores={0: 0.1, 2: 0.9, 4: 0.5})
    assert ranking([mixed], ONE, scorer=ANY)[0][0] == 1.0
    assert ranking([mixed], ONE, scorer="other")[0][0] == pytest.approx(0.5)
    assert ranking([mixed], ONE, scorer="other")[1][0] == pytest.approx(0.5)


def test_a_resample_draws_as_many_of_each_source_as_there_are():
    tallies = [a_tally(source, np.eye(5)) for source in "aab"]
    weights = resamples(tallies)
    assert (weights[:, :2].sum(axis=1) == 2).all()
    assert (weights[:, 2] == 1).all()
    assert set(np.unique(weights[:, 0])) == {0, 1, 2}


def test_an_interval_spans_what_the_micrographs_show():
    tallies = [a_tally("a", confusion(t0m0=10 - bad, t0m4=bad, t4m4=1)) for bad in (0, 1, 2, 3, 4)]
    value, low, high = with_interval(lambda group, weights: flagged(group, weights, truth=[0]), tallies)
    assert value == pytest.approx(0.2)
    assert 0.04 < low < 0.15
    assert 0.25 < high < 0.36


def test_only_real_micrographs_without_doubt_are_pooled():
    sources = ("a", "b", "b (doubtful)", "simulated: x")
    found = dict(groups([a_tally(source, np.eye(5)) for source in sources]))
    assert list(found) == [*sources, "all real"]
    assert [one.source for one in found["all real"]] == ["a", "b"]


def test_a_class_is_measured_where_a_source_has_it():
    tallies = [a_tally("a", confusion(t0m0=1, t4m4=1)), a_tally("b", confusion(t0m0=1, t2m2=1))]
    table = classes(tallies)
    assert [list(column.cells) for column in table.columns[:4]] == [["other"], ["a"], ["1"], ["1"]]
    assert list(table.columns[6].cells) == ["1.000"]  # one micrograph spans no interval
    assert list(any_artifact(tallies).columns[0].cells) == ["a", "b", "all real"]


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
    assert set(found.histograms) == {ANY, DARK, ROUGH, *CLASSES[1:]}
    assert all(values.sum() == pytest.approx(1) for values in found.histograms.values())
    auroc, _ = ranking([found], ONE, scorer="contamination")
    assert auroc[0] == pytest.approx((24 + 8 / 2) / 32)


def test_a_network_of_two_classes_is_measured_on_any_artifact_alone():
    probabilities = np.full((2, 64, 72), 0.5, dtype=np.float32)
    scores = ScoreMap(probabilities, ("good", "bad"), (8.0, 8.0))
    label = np.zeros((64, 72), dtype=np.uint8)
    found = tally(labelled(label), scores, np.zeros((64, 72), dtype=np.uint16))
    assert set(found.histograms) == {ANY, DARK, ROUGH}
    assert len(classes([found]).rows) == 0


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
    assert found[DARK].argmax() in np.flatnonzero(disc)
    peak = np.unravel_index(found[ROUGH].argmax(), array.shape)
    assert all(60 <= place < 90 for place in peak)


def write_index(folder, *, use="yes", note="", source="10146", angpix="1.5"):
    label, array = np.zeros((20, 24, 3), dtype=np.uint8), np.arange(480, dtype=np.float32).reshape(20, 24)
    label[:10] = 3
    write_png(folder / "label.png", label)
    write_mrc(folder / "m.mrc", array, pixel_size=1.5)
    (folder / "index.csv").write_text(
        f"source,image,label,angpix,use,note\n{source},m.mrc,label.png,{angpix},{use},{note}\n"
    )


@pytest.mark.parametrize(("note", "first"), [("high", 3), ("MRC rows run the other way: row = H-1-y", 0)])
def test_labels_are_turned_where_the_index_says_that_rows_run_the_other_way(tmp_path, note, first):
    write_index(tmp_path, note=note)
    (found,) = read_labelled(tmp_path, angpix={})
    assert (found.label[0, 0], found.label[-1, 0]) == (first, 3 - first)
    assert (found.array[0, 0], found.pixel_size, found.source, found.spectrum) == (0, 1.5, "10146", True)


def test_useless_rows_are_left_out_and_doubtful_ones_apart(tmp_path):
    write_index(tmp_path, use="no")
    assert list(read_labelled(tmp_path, angpix={})) == []
    write_index(tmp_path, use="doubtful")
    assert next(read_labelled(tmp_path, angpix={})).source == "10146 (doubtful)"


def test_a_pixel_size_is_given_or_guessed_or_asked_for(tmp_path):
    write_index(tmp_path, source="10947", angpix="")
    assert next(read_labelled(tmp_path, angpix={})).pixel_size == 3.7
    assert next(read_labelled(tmp_path, angpix={"10947": 4.2})).pixel_size == 4.2
    write_index(tmp_path, source="new", angpix="")
    with pytest.raises(InputError, match=r"new has no pixel size; give --angpix new="):
        next(read_labelled(tmp_path, angpix={}))


def test_a_folder_without_index_is_named(tmp_path):
    with pytest.raises(InputError, match=r"index\.csv: no such file"):
        next(read_labelled(tmp_path, angpix={}))


@pytest.mark.parametrize("unknown", [False, True])
def test_simulated_micrographs_bring_their_masks_and_pixel_size(tmp_path, unknown):
    mask = np.zeros((256, 300), dtype=np.uint16)
    mask[100:, 200:] = 2
    micrograph = marked(pixels=[(30, 200)], size=(256, 300), pixel_size=2.5, mask=mask)
    if unknown:
        micrograph.parameters["pixel_size_known"] = False
    write_micrograph(micrograph, Place(tmp_path, "ring", 0), pixel_size=2.5, record={"pixel_size": 2.5})
    (found,) = read_simulated(tmp_path)
    assert (found.source, found.name, found.pixel_size) == (f"simulated: {tmp_path.name}", "ring-0000", 2.5)
    assert found.array[30, 200] == 1
    assert [int(found.label[row, 250]) for row in (96, 97, 102, 103)] == [0, IGNORE, IGNORE, 2]
