"""Two ways to train are compared on the same micrographs, resample by resample."""

import numpy as np
import pandas as pd
import pytest

from cryoice.errors import InputError
from cryoice.learn.metrics import bootstrap_metrics
from cryoice.learn.paired import draws_over_seeds, mean_interval, paired_difference


def predictions(shift=0.0, *, seed=0, micrographs=6, each=20):
    rng = np.random.default_rng(0)
    label = np.tile([0, 1], micrographs * each // 2)
    noise = np.random.default_rng(seed + 1).normal(0, 0.05, len(label))
    hard = np.repeat(rng.normal(0, 0.1, micrographs), each)  # shared by all ways to train
    return pd.DataFrame(
        {
            "entry": "10000",
            "micrograph": np.repeat([f"m{i}" for i in range(micrographs)], each),
            "y": np.arange(len(label), dtype=float),
            "x": 0.0,
            "label": label,
            "probability": np.clip(0.5 + (label - 0.5) * (0.1 + shift) + hard + noise, 0, 1),
        }
    )


def draws(tables, n_bootstrap=200):
    return draws_over_seeds(tables, label="label", n_bootstrap=n_bootstrap, seed=0)


def test_one_seed_gives_the_interval_of_its_table():
    found = mean_interval(draws([predictions()])["auroc"], seed=3)
    expected = bootstrap_metrics(predictions(), n_bootstrap=200, seed=0)["auroc"]
    assert found == expected


def test_the_mean_takes_every_seed_once():
    tables = [predictions(seed=seed) for seed in range(3)]
    each = [bootstrap_metrics(table, n_bootstrap=0, seed=0)["accuracy"].estimate for table in tables]
    assert mean_interval(draws(tables)["accuracy"], seed=0).estimate == pytest.approx(np.mean(each))


def test_nothing_differs_from_itself():
    found = draws([predictions(seed=seed) for seed in range(3)])["brier"]
    same = paired_difference(found, found, seed=0)
    assert (same.estimate, same.low, same.high) == (0, 0, 0)


def test_pairing_sees_what_two_intervals_hide():
    """Micrographs differ more than the two ways do, which differ alike on each of them."""
    weak, strong = (draws([predictions(shift, seed=seed) for seed in range(3)]) for shift in (0.0, 0.02))
    apart = paired_difference(strong["auroc"], weak["auroc"], seed=0)
    assert apart.low > 0
    assert mean_interval(strong["auroc"], seed=0).low < mean_interval(weak["auroc"], seed=0).high


def test_other_picks_are_not_compared():
    with pytest.raises(InputError, match="hold other test picks"):
        draws([predictions(), predictions(micrographs=5)])
