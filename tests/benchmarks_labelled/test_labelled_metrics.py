import numpy as np
import pytest
from benchmarks.labelled.estimate import estimate, groups, resamples
from benchmarks.labelled.metrics import (
    areas,
    crystalline_flagged,
    crystalline_found,
    crystalline_most,
    flagged,
    lead,
    median_flagged,
    overlap,
    precision,
    ranking,
)
from benchmarks.labelled.tally import ANY
from sklearn.metrics import average_precision_score, roc_auc_score

from labelled_tallies import ONE, a_tally, confusion


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
    assert ranking([mixed], ONE, scorer="other", truth=[4])[0][0] == pytest.approx(0.5)
    assert ranking([mixed], ONE, scorer="other", truth=[4])[1][0] == pytest.approx(0.5)


def test_a_resample_draws_as_many_of_each_source_as_there_are():
    tallies = [a_tally(source, np.eye(5)) for source in "aab"]
    weights = resamples(tallies)
    assert (weights[:, :2].sum(axis=1) == 2).all()
    assert (weights[:, 2] == 1).all()
    assert set(np.unique(weights[:, 0])) == {0, 1, 2}


def test_an_interval_spans_what_the_micrographs_show():
    tallies = [a_tally("a", confusion(t0m0=10 - bad, t0m4=bad, t4m4=1)) for bad in (0, 1, 2, 3, 4)]
    found = estimate(clean_flagged, [tallies])
    assert found.mean == pytest.approx(0.2)
    assert 0.04 < found.low < 0.15
    assert 0.25 < found.high < 0.36
    assert np.isnan(found.spread)


def clean_flagged(group, weights):
    return flagged(group, weights, truth=[0])


def test_several_networks_are_told_as_mean_and_standard_deviation():
    runs = [[a_tally("a", confusion(t0m0=10 - bad, t0m4=bad, t4m4=1))] for bad in (1, 2, 3)]
    found = estimate(clean_flagged, runs)
    assert found.values == pytest.approx((0.1, 0.2, 0.3))
    assert (found.mean, found.spread) == pytest.approx((0.2, 0.1))
    assert str(found) == "0.200 ± 0.100"


def test_the_interval_is_of_the_mean_over_networks_on_the_same_resamples():
    bads = [(0, 4), (4, 0)]  # what one network gets wrong the other gets right: their mean does not vary
    runs = [[a_tally("a", confusion(t0m0=10 - bad, t0m4=bad)) for bad in pair] for pair in bads]
    assert str(estimate(clean_flagged, runs)) == "0.200 ± 0.000 [0.200 0.200]"


def test_the_median_over_micrographs_is_that_of_numpy_and_counts_repeats():
    shares = [0.5, 0.0, 0.1, 0.4]
    tallies = [a_tally("a", confusion(t0m0=1 - share, t0m1=share)) for share in shares]
    tallies.append(a_tally("a", confusion(t4m4=1)))  # no clean pixel: no say
    weights = np.array([[1, 1, 1, 1, 1], [1, 0, 0, 2, 5], [0, 3, 1, 0, 0], [0, 0, 0, 0, 1]])
    repeated = [np.repeat(shares, row[:4]) for row in weights[:3]]
    assert median_flagged(tallies, weights)[:3] == pytest.approx([np.median(one) for one in repeated])
    assert np.isnan(median_flagged(tallies, weights)[3])
    assert np.isnan(median_flagged(tallies[4:], ONE)[0])


@pytest.mark.parametrize(("right", "found"), [(49, 0.5), (50, 1.0)])
def test_a_crystalline_micrograph_is_found_by_half_of_its_crystalline_pixels(right, found):
    one = a_tally("a", confusion(t0m0=50, t1m1=right, t1m2=100 - right))
    tallies = [one, a_tally("a", confusion(t1m1=1)), a_tally("a", confusion(t0m0=1))]
    assert crystalline_found(tallies, np.ones((1, 3)))[0] == found


def test_a_clean_micrograph_is_flagged_crystalline_by_any_pixel():
    tallies = [
        a_tally("a", confusion(t0m0=999, t0m1=1)),
        a_tally("a", confusion(t0m0=1, t0m2=1)),
        a_tally("a", confusion(t0m0=3, t0m1=1, t3m1=1)),  # not clean: its support counts elsewhere
    ]
    assert crystalline_flagged(tallies, np.ones((1, 3)))[0] == 0.5
    assert crystalline_most(tallies, np.array([[1, 1, 1], [1, 1, 0]])) == pytest.approx([0.25, 0.001])


def test_the_lead_is_over_the_best_of_the_others_that_were_measured():
    cells = confusion(t0m0=1, t2m2=1)
    good, poor = (a_tally("a", cells, scores={0: 0.5, 2: score}).histograms[ANY] for score in (0.9, 0.5))
    one = a_tally("a", cells)
    one.histograms.update({"dark blob": poor, "local std": poor, "contamination": good})
    del one.histograms["iciness"]
    over = ["dark blob", "local std", "iciness"]
    assert lead([one], ONE, scorer="contamination", over=over, truth=[2])[0] == pytest.approx(1 - 0.5)
    assert lead([one], ONE, scorer="dark blob", over=["contamination"], truth=[2])[0] == pytest.approx(-0.5)
    assert np.isnan(precision([one], ONE, scorer="iciness")[0])


def test_only_real_micrographs_without_doubt_are_pooled():
    sources = ("a", "b", "b (doubtful)", "simulated: x")
    run = [a_tally(source, np.eye(5)) for source in sources]
    found = dict(groups([run, run]))
    assert list(found) == [*sources, "all real"]
    assert [[one.source for one in each] for each in found["all real"]] == [["a", "b"]] * 2
