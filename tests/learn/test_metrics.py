"""Scores agree with scikit-learn, torchmetrics and hand counts; intervals come from micrographs."""

import time

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import metrics as reference
from torchmetrics.functional.classification import binary_calibration_error

from cryoice.errors import InputError
from cryoice.learn.metrics import METRICS, bootstrap_metrics
from cryoice.learn.rank_metrics import ranked_areas


def make(n=400, n_micrographs=8, seed=0, decimals=2):
    random = np.random.default_rng(seed)
    label = random.integers(0, 2, n)
    probability = 1 / (1 + np.exp(-random.normal(1.5 * label - 0.75, 1)))
    true_label = np.where(random.random(n) < 0.9, label, 1 - label)
    true_label[random.random(n) < 0.1] = -1
    return pd.DataFrame(
        {
            "entry": np.where(np.arange(n) % n_micrographs < n_micrographs // 2, "a", "b"),
            "micrograph": [f"m{k % n_micrographs}" for k in range(n)],
            "y": 0.0,
            "x": 0.0,
            "label": label,
            "true_label": true_label,
            "probability": probability.round(decimals),
        }
    )


def score(table, **options):
    return bootstrap_metrics(table, **{"n_bootstrap": 50, "seed": 1} | options)


def by_hand(label, probability, micrograph=None):
    return pd.DataFrame(
        {
            "entry": "a",
            "micrograph": micrograph or ["m"] * len(label),
            "label": label,
            "true_label": -1,
            "probability": probability,
        }
    )


def test_every_score_equals_its_reference():
    table = make()
    y, p = table.label.to_numpy(), table.probability.to_numpy()
    called = p > 0.5
    calibration = binary_calibration_error(torch.tensor(p), torch.tensor(y), n_bins=15)
    expected = {
        "accuracy": reference.accuracy_score(y, called),
        "balanced_accuracy": reference.balanced_accuracy_score(y, called),
        "f1": reference.f1_score(y, called),
        "precision": reference.precision_score(y, called),
        "recall": reference.recall_score(y, called),
        "mcc": reference.matthews_corrcoef(y, called),
        "auroc": reference.roc_auc_score(y, p),
        "auprc": reference.average_precision_score(y, p),
        "prevalence": y.mean(),
        "ece": float(calibration),
        "brier": reference.brier_score_loss(y, p),
        "loss": reference.log_loss(y, p),
    }
    scores = score(table)
    assert tuple(scores) == METRICS
    for name, value in expected.items():
        assert scores[name].estimate == pytest.approx(value, abs=1e-6), name


def test_weighted_areas_equal_those_of_scikit_learn_with_ties():
    table = make(n=300, n_micrographs=6, decimals=1)
    y, p = table.label.to_numpy(np.int64), table.probability.to_numpy()
    unit = np.arange(300, dtype=np.int64) % 6
    weights = np.random.default_rng(0).multinomial(6, np.full(6, 1 / 6), size=20).astype(np.float64)
    auroc, auprc = ranked_areas(p, y, weights, unit)
    for row, drawn in enumerate(weights):
        each = drawn[unit]
        assert auroc[row] == pytest.approx(reference.roc_auc_score(y, p, sample_weight=each))
        assert auprc[row] == pytest.approx(reference.average_precision_score(y, p, sample_weight=each))


def test_a_hand_counted_table_gives_its_scores():
    # BAD called GOOD once, GOOD called BAD once: tp 2, fp 1, fn 1, tn 0
    scores = score(by_hand([1, 1, 1, 0], [0.9, 0.8, 0.2, 0.6]))
    assert scores["accuracy"].estimate == pytest.approx(0.5)
    assert scores["precision"].estimate == scores["recall"].estimate == pytest.approx(2 / 3)
    assert scores["f1"].estimate == pytest.approx(2 / 3)
    assert scores["mcc"].estimate == pytest.approx(-1 / 3)
    assert scores["auroc"].estimate == pytest.approx(2 / 3)
    assert scores["auprc"].estimate == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert scores["brier"].estimate == pytest.approx((0.01 + 0.04 + 0.64 + 0.36) / 4)
    assert scores["ece"].estimate == pytest.approx((0.1 + 0.2 + 0.8 + 0.6) / 4)


def test_identical_micrographs_have_no_spread():
    label, probability = [0, 1, 1] * 5, [0.1, 0.7, 0.4] * 5
    names = [name for name in "abcde" for _ in range(3)]
    for value in score(by_hand(label, probability, names)).values():
        assert value.low == pytest.approx(value.estimate)
        assert value.high == pytest.approx(value.estimate)


def test_patches_of_one_micrograph_are_drawn_together():
    # two micrographs, one all right and one all wrong: accuracy can only be 0, 1/2 or 1
    label = [1] * 50 + [1] * 50
    probability = [0.9] * 50 + [0.1] * 50
    accuracy = score(by_hand(label, probability, ["a"] * 50 + ["b"] * 50), n_bootstrap=400)["accuracy"]
    assert (accuracy.low, accuracy.estimate, accuracy.high) == (0.0, 0.5, 1.0)


def test_equal_names_in_two_entries_are_two_micrographs():
    table = by_hand([1, 1, 0, 0], [0.9, 0.2, 0.1, 0.3])
    table["entry"] = ["a", "a", "b", "b"]
    assert np.isfinite(score(table)["accuracy"].low)


def test_the_interval_covers_the_estimate_and_repeats_with_its_seed():
    first, again = score(make()), score(make())
    for name, value in first.items():
        assert value == again[name]
        assert value.low < value.estimate < value.high


def test_one_micrograph_has_an_estimate_but_no_interval():
    scores = score(by_hand([0, 1], [0.2, 0.9]))
    assert scores["auroc"].estimate == 1.0
    assert np.isnan(scores["auroc"].low)
    assert np.isnan(scores["accuracy"].high)


@pytest.mark.parametrize(("only", "undefined"), [(0, {"recall", "auprc"}), (1, set())])
def test_a_class_without_examples_leaves_scores_undefined_not_broken(only, undefined):
    scores = score(by_hand([only] * 4, [0.1, 0.2, 0.3, 0.9], ["a", "a", "b", "b"]))
    for name in {"auroc", "mcc", "balanced_accuracy"} | undefined:
        assert np.isnan([scores[name].estimate, scores[name].low, scores[name].high]).all(), name
    assert np.isfinite(scores["accuracy"].low)


def test_a_constant_prediction_ranks_at_chance():
    scores = score(by_hand([0, 1, 1, 1], [0.75] * 4, ["a", "b", "a", "b"]))
    assert scores["auroc"].estimate == 0.5
    assert scores["auprc"].estimate == scores["prevalence"].estimate == 0.75
    assert scores["mcc"].estimate == 0.0


def test_nothing_called_bad_has_no_precision():
    scores = score(by_hand([0, 1], [0.2, 0.3]))
    assert np.isnan(scores["precision"].estimate)
    assert scores["f1"].estimate == 0.0


def test_rows_without_a_known_truth_are_dropped():
    table = make()
    known = table[table.true_label != -1].assign(label=lambda rows: rows.true_label)
    assert score(table, label="true_label") == score(known)


def test_no_rows_give_undefined_scores():
    table = make().assign(true_label=-1)
    for value in score(table, label="true_label").values():
        assert np.isnan([value.estimate, value.low, value.high]).all()


def test_a_nan_probability_is_refused():
    with pytest.raises(InputError, match="1 of 2 probabilities"):
        score(by_hand([0, 1], [0.2, np.nan]))


def test_certain_and_wrong_costs_a_finite_loss():
    assert score(by_hand([1, 0], [0.0, 0.0]))["loss"].estimate == pytest.approx(-np.log(1e-7) / 2, rel=1e-5)


def test_a_thousand_resamples_take_seconds_at_most():
    table = make(n=2000, n_micrographs=10, decimals=6)
    start = time.perf_counter()
    score(table, n_bootstrap=1000)
    assert time.perf_counter() - start < 4
