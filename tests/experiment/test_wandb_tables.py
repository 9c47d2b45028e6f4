"""What the tables of test patches, entries and calibration hold."""

import numpy as np
import pandas as pd
import pytest

from cryoice.experiment.wandb_tables import calibration_rows, choose_patches, entry_rows, places
from cryoice.report.results import build_results


def predictions(count=40):
    label = np.arange(count) % 2
    return pd.DataFrame(
        {
            "entry": "10000",
            "micrograph": [f"m{index % 4}" for index in range(count)],
            "y": 1.0,
            "x": 2.0,
            "label": label,
            "true_label": -1,
            "probability": np.where(label == 1, 0.9, 0.1),
        }
    )


def test_half_are_a_random_sample_and_half_the_most_wrong_of_the_others():
    table = predictions()
    table.loc[[3, 8, 20, 31], "probability"] = [0.2, 0.7, 0.8, 0.3]  # own labels at 0.2, 0.3, 0.2, 0.3
    chosen, why = choose_patches(table, 8, seed=0)
    assert why == ["random"] * 4 + ["most wrong"] * 4
    assert len(set(chosen)) == 8
    assert {3, 8, 20, 31} <= set(chosen)
    assert list(choose_patches(table, 8, seed=0)[0]) == list(chosen)
    assert list(choose_patches(table, 8, seed=1)[0][:4]) != list(chosen[:4])


@pytest.mark.parametrize(("count", "found"), [(0, 0), (1, 1), (5, 5), (1000, 40)])
def test_no_more_are_chosen_than_asked_for_or_there(count, found):
    chosen, why = choose_patches(predictions(), count, seed=0)
    assert len(chosen) == len(set(chosen)) == len(why) == found


def test_calibration_says_how_often_each_probability_comes_true():
    table = predictions().assign(probability=[0.1] * 20 + [0.9] * 20, label=[0] * 15 + [1] * 5 + [1] * 20)
    rows = calibration_rows(table)
    assert rows["predicted"].tolist() == pytest.approx([0.1, 0.9])
    assert rows["observed"].tolist() == pytest.approx([0.25, 1.0])
    assert rows["patches"].tolist() == [20, 20]


def test_every_entry_has_a_row_with_its_counts_and_scores():
    both = pd.concat([predictions(), predictions(8).assign(entry="10001", probability=0.5)])
    results = build_results(
        both, {}, name="run", commit=None, seed=0, overrides=[], dropped={}, n_bootstrap=5, monitor=None
    )
    rows = entry_rows(results, both).set_index("entry")
    assert rows.loc[["10000", "10001"], "patches"].tolist() == [40, 8]
    assert rows.loc[["10000", "10001"], "auroc"].tolist() == [1.0, 0.5]
    assert rows.loc["10000", "auroc_low"] == 1.0


def test_labels_are_words_and_unknown_ones_nothing():
    shown = places(predictions(2))
    assert shown["label"].tolist() == ["GOOD", "BAD"]
    assert shown["true_label"].isna().all()
    assert list(shown.columns) == ["entry", "micrograph", "y", "x", "label", "true_label", "score"]
