"""A sweep's table holds every job, finished or not, best first."""

import json
import math
import os

import pandas as pd
import pytest

from cryoice.errors import InputError
from cryoice.report.sweep import collect_sweep, write_sweep_table


def interval(estimate, low=None, high=None):
    return {"estimate": estimate, "low": low, "high": high}


def add_job(folder, number, overrides, value=None, mode="max"):
    job = folder / str(number)
    (job / ".hydra").mkdir(parents=True)
    (job / ".hydra/overrides.yaml").write_text("".join(f"- {override}\n" for override in overrides) or "[]\n")
    if value is None:
        return
    scores = {"auroc": interval(value, value - 0.1, value + 0.1)}
    scores |= {"accuracy": interval(0.8), "f1": interval(None), "loss": interval(0.4)}
    monitor = {"metric": "val/auroc", "mode": mode, "value": value}
    results = {"monitor": monitor, "test": {"label": {"network": scores}, "true_label": {"network": scores}}}
    (job / "metrics.json").write_text(json.dumps(results))


@pytest.fixture
def sweep(tmp_path):
    add_job(tmp_path, 0, ["patch=64", "optimizer.lr=1e-3", "seed=1"], 0.7)
    add_job(tmp_path, 1, ["patch=128", "+optimizer.lr=1e-3", "seed=1"], 0.8)
    add_job(tmp_path, 2, ["patch=256", "optimizer.lr=1e-3", "seed=1"])
    add_job(tmp_path, 10, ["patch=32", "optimizer.lr=1e-3", "seed=1"], 0.75)
    (tmp_path / "sweep.log").write_text("")
    return tmp_path


def test_jobs_are_sorted_by_the_monitored_value_and_unfinished_ones_come_last(sweep):
    table = collect_sweep(sweep)
    assert list(table["job"]) == [1, 10, 0, 2]
    assert list(table["patch"]) == ["128", "32", "64", "256"]
    assert list(table["status"]) == ["done", "done", "done", "unfinished"]
    assert table.loc[0, "auroc_low"] == pytest.approx(0.7)
    assert math.isnan(table.loc[0, "f1"])


def test_a_smaller_loss_comes_first(tmp_path):
    for number, value in enumerate((0.7, 0.5)):
        add_job(tmp_path, number, [f"patch={number}"], value, mode="min")
    assert list(collect_sweep(tmp_path)["job"]) == [1, 0]


def test_the_csv_holds_everything_and_the_text_only_what_differs(sweep):
    path = write_sweep_table(sweep)
    read = pd.read_csv(sweep / "sweep.csv")
    assert {"optimizer.lr", "seed", "auroc_high", "true_auroc_low"} <= set(read.columns)
    lines = path.read_text("utf-8").splitlines()
    assert lines[2] == "| job | patch | monitor | auroc | accuracy | f1 | test_loss | true_auroc | status |"
    assert lines[4] == (
        "| 1 | 128 | 0.800 | 0.800 [0.700, 0.900] | 0.800 | – | 0.400 | 0.800 [0.700, 0.900] | done |"
    )
    assert lines[7] == "| 2 | 256 | – | – | – | – | – | – | unfinished |"
    assert lines[-1] == "all jobs: optimizer.lr=1e-3 seed=1"


def test_the_worst_entry_of_several_has_a_column(sweep):
    path = sweep / "1/metrics.json"
    several = json.loads(path.read_text()) | {
        "entries": {"label": {"mean": {}, "worst": {"auroc": {"entry": "b", **interval(0.65)}}}}
    }
    path.write_text(json.dumps(several))
    table = collect_sweep(sweep)
    assert table.loc[0, "worst_auroc"] == 0.65
    assert table["worst_auroc"].isna().sum() == 3
    assert " worst_auroc |" in write_sweep_table(sweep).read_text("utf-8")


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"test": {}}', '{"test": null}'])
def test_a_broken_result_is_an_unfinished_job(sweep, broken):
    (sweep / "1/metrics.json").write_text(broken)
    (sweep / "0/.hydra/overrides.yaml").unlink()
    table = collect_sweep(sweep).set_index("job")
    assert table.loc[1, "status"] == "unfinished"
    assert table.loc[0, "status"] == "done"


def test_nothing_finished_is_still_a_table(tmp_path):
    add_job(tmp_path, 0, ["patch=64"])
    add_job(tmp_path, 1, [])
    assert "unfinished" in write_sweep_table(tmp_path).read_text("utf-8")


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_folder_without_jobs_is_named(tmp_path, name):
    with pytest.raises(InputError, match="no job folders"):
        collect_sweep(tmp_path / name)


def test_a_sweep_over_losses_tells_them_apart(tmp_path):
    for number, loss in enumerate(("elr", "pu")):
        add_job(tmp_path, number, [f"loss={loss}"], 0.7 - 0.1 * number)
    table = collect_sweep(tmp_path)
    assert list(table["loss"]) == ["elr", "pu"]
    assert list(table["test_loss"]) == [0.4, 0.4]
    assert "| job | loss | monitor |" in write_sweep_table(tmp_path).read_text()


def test_what_a_job_was_told_is_read_once_however_often_the_table_is_made(sweep, monkeypatch):
    for job in ("0", "1", "2", "10"):
        (sweep / job / ".hydra/config.yaml").write_text("patch: 64\npixel_size: 2.0\n")
    before = collect_sweep(sweep)
    assert list(before["field (Å)"]) == ["128"] * 4
    monkeypatch.setattr("omegaconf.OmegaConf.load", None)
    assert collect_sweep(sweep).equals(before)
    monkeypatch.undo()
    path = sweep / "2/.hydra/config.yaml"
    path.write_text("patch: 32\npixel_size: 2.0\n")
    os.utime(path, (2e9, 2e9))
    assert collect_sweep(sweep).set_index("job").loc[2, "field (Å)"] == "64"
