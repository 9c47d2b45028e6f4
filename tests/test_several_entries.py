"""Whole programs over several entries: leave one out with its table, and folds."""

import json

import pandas as pd
import pytest

from specimen_at_two_pixel_sizes import write_specimen
from training import run_program, tiny

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    return write_specimen(tmp_path_factory.mktemp("specimen"))


def run_sweep(specimen, folder, *overrides):
    shared = tiny(specimen, folder / "cache", "pixel_size=3.0", "trainer.max_epochs=1", *overrides)
    done = run_program("train", *shared, f"hydra.sweep.dir={folder}/sweep")
    assert done.returncode == 0, done.stderr
    return folder / "sweep", done


def test_leaving_one_out_tests_each_pixel_size_on_a_network_of_the_other(specimen, tmp_path):
    folder, done = run_sweep(
        specimen, tmp_path, "experiment=leave_one_protein_out", "seed=0,1", "hydra/launcher=joblib"
    )
    table = pd.read_csv(folder / "leave_one_out.csv").set_index("entry")
    assert list(table.index) == ["coarse", "fine", "mean over entries", "worst entry"]
    assert (table["seeds"] == 2).all()
    for path in sorted(folder.glob("*/predictions.csv")):
        (held_out,) = pd.read_csv(path)["entry"].unique()
        own = json.loads((path.parent / "metrics.json").read_text())
        assert list(own["per_entry"]["label"]) == [held_out]
    assert "mean over entries" in done.stdout
    assert " ± " in (folder / "leave_one_out.md").read_text("utf-8")


def test_the_table_is_a_run_of_the_sweeps_group(specimen, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    folder, done = run_sweep(specimen, tmp_path, "split=leave_one_entry_out", "logger=wandb", "report=scores")
    (record,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    raw = record.read_bytes()
    for held in (b"sweep-train", b"train-table", b"test/worst_entry/auroc", b"test/mean_entry/ece"):
        assert held in raw, held
    assert list(record.parent.glob("files/media/table/leave_one_out*.json"))
    assert f"wandb sync {record.parent}" in done.stdout


def test_folds_predict_every_micrograph_once(specimen, tmp_path):
    folder, _ = run_sweep(specimen, tmp_path, "experiment=folds", "data.split.folds=3")
    tables = [pd.read_csv(path) for path in sorted(folder.glob("*/predictions.csv"))]
    assert len(tables) == 3
    seen = pd.concat(table[["entry", "micrograph"]].drop_duplicates() for table in tables)
    assert len(seen) == len(seen.drop_duplicates()) == 12
