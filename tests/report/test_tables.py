"""Results become valid JSON and one fixed Markdown text."""

import json

import numpy as np
import pandas as pd
import pytest

from cryoice.errors import InputError
from cryoice.learn.metrics import METRICS
from cryoice.report.results import build_results
from cryoice.report.tables import format_interval, metrics_markdown, write_results


def predictions(known=True, entries=("10017", "10146")):
    n = 80
    random = np.random.default_rng(0)
    label = np.arange(n) % 2
    return pd.DataFrame(
        {
            "entry": [entries[k % len(entries)] for k in range(n)],
            "micrograph": [f"m{k // 10}" for k in range(n)],
            "y": 0.0,
            "x": 0.0,
            "label": label,
            "true_label": label if known else -1,
            "probability": np.clip(0.5 + 0.3 * (label - 0.5) + 0.2 * random.normal(size=n), 0, 1),
        }
    )


def results(table=None, baselines=None, **options):
    table = predictions() if table is None else table
    if baselines is None:
        baselines = {"majority": np.full(len(table), 0.4), "iciness": None}
    facts = {
        "name": "default",
        "commit": "abc1234",
        "seed": 3,
        "overrides": ["patch=128"],
        "monitor": {"metric": "val/auroc", "mode": "max", "value": 0.9},
        "dropped": {"near the edge": 7},
        "n_bootstrap": 20,
    }
    return build_results(table, baselines, **(facts | options))


def test_every_model_and_both_kinds_of_label_have_scores():
    found = results()
    assert list(found["test"]) == ["label", "true_label"]
    assert list(found["test"]["label"]) == ["network", "majority", "iciness"]
    assert found["test"]["label"]["iciness"] is None
    assert tuple(found["test"]["label"]["network"]) == METRICS
    assert list(found["per_entry"]["label"]) == ["10017", "10146"]
    assert (found["n_patches"], found["n_micrographs"], found["prevalence"]) == (80, 16, 0.5)


def test_unknown_truth_is_left_out():
    assert list(results(predictions(known=False))["test"]) == ["label"]


def test_undefined_scores_are_null_and_the_file_is_valid_json(tmp_path):
    path, _ = write_results(results(), tmp_path)

    def refuse(constant):
        raise AssertionError(constant)

    read = json.loads(path.read_text("utf-8"), parse_constant=refuse)
    assert read == results()
    assert read["test"]["label"]["majority"]["precision"] == {"estimate": None, "low": None, "high": None}


def test_the_table_has_a_row_per_model_and_a_dash_for_what_is_missing(tmp_path):
    _, path = write_results(results(), tmp_path)
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "# default"
    assert "overrides `patch=128`" in lines[2]
    assert lines[5] == "- dropped: near the edge 7"
    assert lines[4] == "- checkpoint: best val/auroc 0.900"
    row = next(line for line in lines if line.startswith("| iciness"))
    assert row == "| iciness |" + " – |" * len(METRICS)
    majority = next(line for line in lines if line.startswith("| majority"))
    assert "| 0.500 [0.500, 0.500] |" in majority


def test_the_text_is_the_same_every_time():
    assert metrics_markdown(results()) == metrics_markdown(results())


def test_one_entry_needs_no_table_of_entries():
    assert "entry by entry" in metrics_markdown(results())
    assert "entry by entry" not in metrics_markdown(results(predictions(entries=("10146",))))


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ({"estimate": 0.91249, "low": 0.88, "high": 0.9405}, "0.912 [0.880, 0.941]"),
        ({"estimate": 1.0, "low": None, "high": None}, "1.000"),
        ({"estimate": -0.0, "low": None, "high": None}, "0.000"),
        ({"estimate": None, "low": None, "high": None}, "–"),
    ],
)
def test_an_interval_reads_as_expected(interval, text):
    assert format_interval(interval) == text


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="taken"):
        write_results(results(), tmp_path / "taken")


def test_several_entries_have_a_mean_and_a_worst_one_by_each_score(tmp_path):
    found = results(predictions(entries=("10017", "10017", "10146", "10146")))
    own = {name: scores["auroc"]["estimate"] for name, scores in found["per_entry"]["label"].items()}
    summary = found["entries"]["label"]
    assert summary["mean"]["auroc"]["estimate"] == pytest.approx(sum(own.values()) / 2)
    worst = min(own, key=own.__getitem__)
    assert summary["worst"]["auroc"]["entry"] == worst
    assert summary["worst"]["auroc"]["estimate"] == own[worst]
    assert "prevalence" not in summary["worst"]
    lines = metrics_markdown(found).splitlines()
    assert sum(line.startswith("| mean over entries |") for line in lines) == 2  # labels and true labels
    row = next(line for line in lines if line.startswith("| worst entry |"))
    assert f"{own[worst]:.3f} [" in row
    assert row.count(" 10017 |") + row.count(" 10146 |") == len(METRICS) - 1


def test_one_entry_has_no_worst():
    assert results(predictions(entries=("10146",)))["entries"] == {}
