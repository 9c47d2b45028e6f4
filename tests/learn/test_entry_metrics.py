"""Entries are scored alone; their mean weighs each the same; the worst is named by each score."""

import numpy as np
import pandas as pd
import pytest

from cryoice.learn.entry_metrics import entry_metrics, worst_entry
from cryoice.learn.metrics import METRICS, bootstrap_metrics


def make(entry, share_right, *, n_micrographs=6, patches=20, seed=0):
    """Return predictions of which a share is right, each micrograph with as many of both labels."""
    random = np.random.default_rng(seed)
    label = np.tile([0, 1], n_micrographs * patches // 2)
    right = random.random(len(label)) < share_right
    return pd.DataFrame(
        {
            "entry": entry,
            "micrograph": [f"m{k // patches}" for k in range(len(label))],
            "label": label,
            "true_label": -1,
            "probability": np.where(right, label, 1 - label) * 0.8 + 0.1,
        }
    )


def score(*tables, n_bootstrap=200):
    return entry_metrics(pd.concat(tables), n_bootstrap=n_bootstrap, seed=1)


def test_each_entry_is_scored_as_if_alone():
    good, poor = make("b", 0.9), make("a", 0.6, seed=1)
    found = score(good, poor)
    assert list(found.each) == ["a", "b"]
    assert found.each["b"] == bootstrap_metrics(good, n_bootstrap=200, seed=1)


def test_the_mean_weighs_entries_not_patches():
    found = score(make("a", 0.9, n_micrographs=40), make("b", 0.6, seed=1))
    for metric in METRICS:
        each = [scores[metric].estimate for scores in found.each.values()]
        assert found.mean[metric].estimate == pytest.approx(sum(each) / 2)


def test_the_worst_entry_has_the_lowest_score_or_the_highest_error():
    found = score(make("a", 0.9), make("b", 0.6, seed=1))
    assert set(found.worst) == set(METRICS) - {"prevalence"}
    assert set(found.worst.values()) == {"b"}
    assert worst_entry({"a": 0.9, "b": 0.6, "c": float("nan")}, "auroc") == "b"
    assert worst_entry({"a": 0.9, "b": 0.6, "c": float("nan")}, "loss") == "a"
    assert worst_entry({"c": float("nan")}, "auroc") is None


def test_the_mean_of_independent_entries_is_surer_than_each():
    # four alike entries: the standard error of their mean is half that of one
    found = score(
        *(make(name, 0.7, seed=k, n_micrographs=30) for k, name in enumerate("abcd")), n_bootstrap=2000
    )
    width = {entry: s["accuracy"].high - s["accuracy"].low for entry, s in found.each.items()}
    mean = found.mean["accuracy"]
    assert mean.high - mean.low == pytest.approx(np.sqrt(np.mean(np.square([*width.values()]))) / 2, rel=0.1)
    assert mean.low < mean.estimate < mean.high


def test_equal_entries_do_not_share_their_resamples():
    # were a and b resampled by the same draws, the mean's interval would be that of each
    one = make("a", 0.7)
    found = score(one, one.assign(entry="b"), n_bootstrap=2000)
    own, mean = found.each["a"]["accuracy"], found.mean["accuracy"]
    assert mean.high - mean.low == pytest.approx((own.high - own.low) / np.sqrt(2), rel=0.15)


def test_an_entry_of_one_micrograph_leaves_the_mean_without_an_interval():
    found = score(make("a", 0.9), make("b", 0.6, n_micrographs=1))
    assert np.isfinite(found.mean["accuracy"].estimate)
    assert np.isnan([found.mean["accuracy"].low, found.mean["accuracy"].high]).all()


def test_an_entry_without_a_class_is_left_out_of_the_mean_of_what_it_does_not_have():
    good = make("a", 0.9)
    only = make("b", 0.6, seed=1).query("label == 0")
    found = score(good, only)
    assert found.mean["auroc"].estimate == found.each["a"]["auroc"].estimate
    assert found.worst["auroc"] == "a"
    assert found.worst["accuracy"] == "b"
