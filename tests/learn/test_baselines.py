"""The baselines learn what they can see and say so when they cannot."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cryoice.learn.baselines import Features, baseline_probabilities


def features(n=200, seed=0, signal=2.0):
    random = np.random.default_rng(seed)
    label = (np.arange(n) % 4 == 0).astype(np.int64)
    statistics = random.normal(size=(n, 6)) * [1, 10, 1e3, 1e-3, 1, 1]
    statistics[:, 3] += 1e-3 * signal * label
    statistics[:, 5] = 7.0
    return Features(statistics=statistics, iciness=random.normal(signal * label, 1), label=label)


def test_the_majority_baseline_is_the_training_prevalence():
    assert np.all(baseline_probabilities(features(), features(seed=1), seed=0)["majority"] == 0.25)


def test_a_threshold_on_iciness_keeps_its_ranking():
    train, test = features(), features(seed=1)
    found = baseline_probabilities(train, test, seed=0)["iciness"]
    assert roc_auc_score(test.label, found) == pytest.approx(roc_auc_score(test.label, test.iciness))
    assert found.mean() == pytest.approx(0.25, abs=0.05)


def test_the_logistic_baseline_finds_a_small_statistic():
    test = features(seed=1)
    found = baseline_probabilities(features(), test, seed=0)["logistic"]
    assert roc_auc_score(test.label, found) > 0.85


def test_no_iciness_means_no_iciness_baseline():
    blind = features()
    blind.iciness[:] = np.nan
    found = baseline_probabilities(blind, features(seed=1), seed=0)
    assert found["iciness"] is None
    assert found["logistic"] is not None


def test_a_statistic_that_one_split_lacks_is_cut_from_both():
    train, test = features(), features(seed=1)
    without = [replace(part, statistics=part.statistics[:, 1:]) for part in (train, test)]
    test.statistics[5, 0] = np.nan
    for order in ((0, 1), (1, 0)):
        found, expected = (
            baseline_probabilities(*(parts[index] for index in order), seed=0)["logistic"]
            for parts in ((train, test), without)
        )
        np.testing.assert_array_equal(found, expected)


def test_one_class_to_learn_from_leaves_the_prevalence():
    only = features()
    only.label[:] = 1
    for found in baseline_probabilities(only, features(seed=1), seed=0).values():
        assert np.all(found == 1.0)


def test_the_same_seed_gives_the_same_baselines():
    first, again = (baseline_probabilities(features(), features(seed=1), seed=3) for _ in range(2))
    for name, found in first.items():
        np.testing.assert_array_equal(found, again[name])
