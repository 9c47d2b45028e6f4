"""The table of a leave-one-entry-out sweep: entries, their mean, the worst, over seeds and settings."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from cryoice.errors import InputError
from cryoice.learn.metrics import bootstrap_metrics
from cryoice.report.held_out_entries import SHOWN, collect_entries
from cryoice.report.leave_one_out import readable_entries, rich_entries, write_entries


def predicted(entry, quality, *, seed=0, n=120):
    random = np.random.default_rng(seed)
    label = np.arange(n) % 2
    return pd.DataFrame(
        {
            "entry": entry,
            "micrograph": [f"0{k // 20}" for k in range(n)],  # names of digits stay names
            "y": 0.0,
            "x": 0.0,
            "label": label,
            "true_label": -1,
            "probability": 1 / (1 + np.exp(-random.normal(quality * (label - 0.5), 1))),
        }
    )


def add_job(folder, number, entry, table, *, seed=0, more=()):
    job = folder / str(number)
    (job / ".hydra").mkdir(parents=True)
    told = [f"data.split.held_out='{entry}'", "experiment=leave_one_protein_out", f"seed={seed}", *more]
    (job / ".hydra/overrides.yaml").write_text(json.dumps(told))
    config = {"seed": seed, "bootstrap": 40, "data": {"split": {"held_out": entry}}, "patch": "${nowhere}"}
    (job / ".hydra/config.yaml").write_text(json.dumps(config))
    if table is not None:
        table.to_csv(job / "predictions.csv", index=False)
        (job / "metrics.json").write_text("{}")


@pytest.fixture
def sweep(tmp_path):
    for number, (entry, quality) in enumerate((("10061", 3.0), ("b", 0.5), ("c", 1.5))):
        add_job(tmp_path, number, entry, predicted(entry, quality))
    return tmp_path


def test_a_row_an_entry_then_their_mean_and_the_worst(sweep):
    table = collect_entries(sweep)
    assert list(table["entry"]) == ["10061", "b", "c", "mean over entries", "worst entry"]
    assert list(table["n_patches"]) == [120, 120, 120, 360, 360]
    assert list(table["n_micrographs"]) == [6, 6, 6, 18, 18]
    alone = bootstrap_metrics(predicted("b", 0.5), n_bootstrap=40, seed=0)
    rows = table.set_index("entry")
    for metric in SHOWN:
        assert rows[metric]["b"] == pytest.approx(alone[metric].estimate)
        assert rows[f"{metric}_low"]["b"] == pytest.approx(alone[metric].low)
        assert rows[metric]["mean over entries"] == pytest.approx(rows[metric].iloc[:3].mean())
    assert rows["auroc_entry"]["worst entry"] == "b"
    assert rows["auroc"]["worst entry"] == rows["auroc"].iloc[:3].min()
    assert rows["ece"]["worst entry"] == rows["ece"].iloc[:3].max()


def test_the_files_hold_numbers_and_the_text_reads(sweep):
    table, path = write_entries(sweep)
    read = pd.read_csv(sweep / "leave_one_out.csv", dtype={"entry": str})
    assert read["auroc"].to_numpy() == pytest.approx(table["auroc"].to_numpy())
    lines = path.read_text("utf-8").splitlines()
    assert lines[2] == "| entry | patches | micrographs | AUROC | AUPRC | accuracy | ECE |"
    assert lines[4].startswith(f"| 10061 | 120 | 6 | {table['auroc'][0]:.3f} [")
    assert lines[8].startswith("| worst entry | 360 | 18 |")
    assert "] b |" in lines[8]
    printed = io.StringIO()
    Console(file=printed, width=200).print(*rich_entries(table))
    assert "mean over entries" in printed.getvalue()
    assert list(readable_entries(table).columns)[:2] == ["entry", "patches"]


def test_several_seeds_are_a_mean_and_a_spread(sweep):
    for number, (entry, quality) in enumerate((("10061", 3.0), ("b", 0.5), ("c", 1.5)), start=3):
        add_job(sweep, number, entry, predicted(entry, quality, seed=9), seed=1)
    rows = collect_entries(sweep).set_index("entry")
    each = [
        bootstrap_metrics(predicted("b", 0.5, seed=s), n_bootstrap=2, seed=0)["auroc"].estimate
        for s in (0, 9)
    ]
    assert rows["auroc"]["b"] == pytest.approx(np.mean(each))
    assert rows["auroc_spread"]["b"] == pytest.approx(abs(each[0] - each[1]) / np.sqrt(2))
    assert np.isnan(rows["auroc_low"]["b"])
    assert rows["seeds"]["b"] == 2
    assert rows["auroc"]["mean over entries"] == pytest.approx(rows["auroc"].iloc[:3].mean())
    text = write_entries(sweep)[1].read_text("utf-8")
    assert " ± " in text
    assert "over 2 seeds" in text


def test_where_the_truth_is_known_it_is_scored_beside_the_labels(tmp_path):
    for number, (entry, quality) in enumerate((("a", 3.0), ("b", 0.5))):
        table = predicted(entry, quality)
        flipped = table["label"].where(table.index % 5 != 0, 1 - table["label"])
        add_job(tmp_path, number, entry, table.assign(true_label=table["label"], label=flipped))
    table, path = write_entries(tmp_path)
    rows = table.set_index("entry")
    alone = bootstrap_metrics(predicted("b", 0.5), n_bootstrap=40, seed=0)["auroc"]
    assert (rows["true_auroc"]["b"], rows["true_auroc_low"]["b"]) == pytest.approx(
        (alone.estimate, alone.low)
    )
    assert rows["auroc"]["a"] < rows["true_auroc"]["a"]
    assert rows["true_auroc_entry"]["worst entry"] == "b"
    lines = path.read_text("utf-8").splitlines()
    assert lines[2].endswith("| ECE | AUROC against the truth |")
    assert "labels of the files but where the truth is named" in lines[-2]


def test_an_unfinished_job_is_a_dash_and_is_told(sweep):
    add_job(sweep, 3, "d", None)
    table, path = write_entries(sweep)
    row = table.set_index("entry").loc["d"]
    assert (row["n_patches"], row["unfinished"]) == (0, 1)
    text = path.read_text("utf-8")
    assert "| d | 0 | 0 | – | – | – | – |" in text
    assert "lack them: jobs of d." in text


def test_every_setting_has_a_table_of_its_own(tmp_path):
    for number, (entry, loss) in enumerate((e, loss) for loss in ("gce", "ce") for e in "ab"):
        add_job(tmp_path, number, entry, predicted(entry, 1.0), more=[f"loss={loss}"])
    table, path = write_entries(tmp_path)
    assert list(dict.fromkeys(table["setting"])) == ["loss=ce", "loss=gce"]
    assert [line for line in path.read_text("utf-8").splitlines() if line.startswith("## ")] == [
        "## loss=ce",
        "## loss=gce",
    ]


def test_nothing_finished_is_still_a_table(tmp_path):
    add_job(tmp_path, 0, "a", None)
    assert "| worst entry | 0 | 0 | – | – | – | – |" in write_entries(tmp_path)[1].read_text("utf-8")


def test_a_folder_of_another_sweep_is_named(tmp_path):
    with pytest.raises(InputError, match="no job that holds out an entry"):
        collect_entries(tmp_path)
