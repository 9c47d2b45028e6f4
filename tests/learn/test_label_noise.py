"""Planted labels are as wrong as asked, the same whatever else is there, and never reach the test split."""

import numpy as np
import pandas as pd
import pytest
from test_datamodule import ready

from cryoice.learn.dataset import PreparedMicrograph, View
from cryoice.learn.label_noise import planted, with_noise

SIDE = 64
NOWHERE = View(path=None, pixel_size=8.0, scale=(1.0, 1.0))


def micrographs(tmp_path, count=2):
    """The left half of each is calm, the right half noisy."""
    found = []
    for number in range(count):
        array = np.random.default_rng(number).normal(size=(SIDE, SIDE)).astype(np.float32)
        array[:, : SIDE // 2] *= 0.1
        np.save(tmp_path / f"{number}.npy", array)
        view = View(path=str(tmp_path / f"{number}.npy"), pixel_size=8.0, scale=(1.0, 1.0))
        found.append(PreparedMicrograph("10000", f"m{number}", "", view, NOWHERE))
    return found


def picks(count=2000, micrographs=2):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "micrograph": np.repeat(np.arange(micrographs), count // micrographs),
            "row": np.full(count, 32.0),
            "col": np.where(np.arange(count) % 2, 16.0, 48.0),
            "label": rng.integers(0, 2, count),
            "true_label": -1,
        }
    )


def noise(kind, rate=0.4, seed=0):
    return {"kind": kind, "rate": rate, "seed": seed}


def test_symmetric_noise_flips_both_labels_at_the_rate(tmp_path):
    table = picks()
    flips = planted(table, micrographs(tmp_path), noise=noise("symmetric"))
    # 3 standard deviations of a binomial share of 1,000: 0.046
    for label in (0, 1):
        assert flips[table["label"] == label].mean() == pytest.approx(0.4, abs=0.05)


def test_good_to_bad_noise_leaves_bad_labels_alone(tmp_path):
    table = picks()
    flips = planted(table, micrographs(tmp_path), noise=noise("good_to_bad"))
    assert not flips[table["label"] == 1].any()
    assert flips[table["label"] == 0].mean() == pytest.approx(0.4, abs=0.05)


def test_looks_flip_strong_contrast_thrice_as_often_as_weak(tmp_path):
    """Ranks below and above the median: 2 · rate · mean rank = 0.2 and 0.6."""
    table = picks(4000)
    flips = planted(table, micrographs(tmp_path), noise=noise("looks"))
    good = table["label"] == 0
    calm = good & (table["col"] == 16.0)
    assert flips[calm].mean() == pytest.approx(0.2, abs=0.04)
    assert flips[good & ~calm].mean() == pytest.approx(0.6, abs=0.05)
    assert not flips[~good].any()


def test_a_picks_fate_does_not_depend_on_other_micrographs(tmp_path):
    both = micrographs(tmp_path)
    table = picks()
    whole = planted(table, both, noise=noise("symmetric"))
    second = table[table["micrograph"] == 1].assign(micrograph=0)
    assert (planted(second, both[1:], noise=noise("symmetric")) == whole[1000:]).all()
    assert (planted(table, both, noise=noise("symmetric", seed=1)) != whole).any()


def test_what_the_files_said_becomes_the_truth_where_noise_is_planted():
    table = pd.DataFrame({"label": [0, 1, 0, 1], "true_label": [-1, -1, -1, -1]})
    among = np.array([True, True, True, False])
    got = with_noise(table, np.array([True, True, False, True]), among=among)
    assert got["label"].tolist() == [1, 0, 0, 1]
    assert got["true_label"].tolist() == [0, 1, 0, -1]


def test_the_test_split_keeps_its_labels(blobs, cache):
    clean = ready(blobs, cache)
    noisy = ready(blobs, cache, noise=noise("symmetric", 1.0))
    for split, dataset in noisy.datasets.items():
        before, after = clean.datasets[split].picks["label"], dataset.picks["label"]
        assert (before == after).all() if split == "test" else (before != after).all()
