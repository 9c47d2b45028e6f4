"""cryoice suspects: runs in, lists out, nothing else touched."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.experiment.judged_runs import data_settings, read_predictions
from cryoice.experiment.run import train
from judgement_tables import judged
from training import compose_config, run_program, tiny, write_blobs


def suspects(*arguments):
    return CliRunner().invoke(app, ["suspects", *map(str, arguments)])


def write_run(folder, table):
    folder.mkdir(parents=True)
    named = table.rename(columns={"row": "y", "col": "x"}).drop(columns="judges")
    named.to_csv(folder / "predictions.csv", index=False)
    return folder


@pytest.fixture
def sweep(tmp_path):
    """Return a sweep of two folds of one data set."""
    table, _ = judged(good_to_bad=0.3, bad_to_good=0.05, n=1000)
    for job, rows in enumerate((table[:500], table[500:])):
        write_run(tmp_path / f"sweep/{job}", rows)
    return tmp_path / "sweep"


def test_a_sweep_becomes_a_ranked_list(sweep, tmp_path):
    done = suspects(sweep, "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    found = pd.read_csv(tmp_path / "out/suspects.csv")
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert (summary["runs"], summary["picks"], summary["most_judges"]) == (2, 1000, 1)
    assert summary["suspects"] == summary["listed"] == len(found)
    assert summary["precision_at_recall_0.5"] > 0.9
    assert f"{len(found)} of 1000 labels are suspect" in done.output
    assert done.stderr.count("no micrographs at hand (the runs do not tell their data)") == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "summary.json", "suspects.csv", "suspects.star",
    ]  # fmt: skip


def test_folders_of_jobs_and_their_sweep_are_the_same_and_named_once(sweep, tmp_path):
    suspects(sweep, "-o", tmp_path / "a")
    suspects(sweep / "1", sweep / "0", sweep, "-o", tmp_path / "b")
    assert (tmp_path / "a/suspects.csv").read_bytes() == (tmp_path / "b/suspects.csv").read_bytes()


def test_the_list_can_be_cut_and_the_estimates_stay(sweep, tmp_path):
    suspects(sweep, "-o", tmp_path / "all")
    done = suspects(sweep, "-o", tmp_path / "out", "--limit", 5, "--max-quality", 0.3, "--entries", "10000")
    assert done.exit_code == 0
    whole, cut = (pd.read_csv(tmp_path / f"{name}/suspects.csv") for name in ("all", "out"))
    assert cut.equals(whole.head(5))
    a, b = (json.loads((tmp_path / f"{name}/summary.json").read_text()) for name in ("all", "out"))
    assert a | {"listed": 5} == b


@pytest.mark.parametrize("torn", ["", "entry,micrograph\n1,2\n", "half", "nan", "beyond", "text"])
def test_a_run_that_cannot_be_read_is_named_and_the_others_go_on(sweep, tmp_path, torn):
    path = sweep / "2/predictions.csv"
    shutil.copytree(sweep / "1", path.parent)
    whole = path.read_text()
    rest = whole[: whole.rindex(",") + 1]
    path.write_text(
        {"half": whole[:-3], "nan": f"{rest}\n", "beyond": f"{rest}1.5\n", "text": f"{rest}x\n"}.get(
            torn, torn
        )
    )
    (sweep / "3").mkdir()
    done = suspects(sweep, "-o", tmp_path / "out")
    assert done.exit_code == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert [Path(line.split()[1].rstrip(":")) for line in errors] == [path, sweep / "3/predictions.csv"]
    assert "did not finish" in errors[1]
    assert json.loads((tmp_path / "out/summary.json").read_text())["runs"] == 2


def test_faults_are_one_line(sweep, tmp_path):
    cases = {
        "no such file; the run did not finish": [tmp_path / "nowhere"],
        "--entries: no predictions of 10009; there are 10000": [sweep, "--entries", "10009"],
    }
    for said, arguments in cases.items():
        done = suspects(*arguments, "-o", tmp_path / "out")
        assert done.exit_code == 1
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_runs_on_other_labels_are_refused(sweep, tmp_path):
    table, _ = judged(good_to_bad=0.3, bad_to_good=0.05, n=1000)
    write_run(sweep / "2", table.assign(label=1 - table["label"]))
    done = suspects(sweep, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "1000 picks have one label in one run and another in another" in done.stderr


def test_an_entry_that_networks_cannot_judge_is_named(sweep, tmp_path):
    for job in (0, 1):
        path = sweep / f"{job}/predictions.csv"
        table = pd.read_csv(path)
        table["entry"] = np.where(np.arange(len(table)) % 4 < 2, "sound", "reversed")
        reverse = table["entry"] == "reversed"
        table["probability"] = table["probability"].where(~reverse, 0.6 - 0.2 * table["probability"])
        table.to_csv(path, index=False)
    done = suspects(sweep, "-o", tmp_path / "out")
    assert "reversed: AUROC against the labels is 0." in done.stderr
    assert "sound: AUROC" not in done.stderr
    entries = json.loads((tmp_path / "out/summary.json").read_text())["entries"]
    assert entries["reversed"]["auroc_against_labels"] < 0.5 < entries["sound"]["auroc_against_labels"]


def test_networks_at_chance_are_told_of(sweep, tmp_path):
    for job in (0, 1):
        path = sweep / f"{job}/predictions.csv"
        table = pd.read_csv(path)
        table.assign(probability=np.random.default_rng(job).uniform(0.4, 0.6, len(table))).to_csv(
            path, index=False
        )
    assert "near chance" in suspects(sweep, "-o", tmp_path / "out").stderr


def test_names_of_digits_stay_names(tmp_path):
    table, _ = judged(good_to_bad=0.3, bad_to_good=0.05, n=20, entry="007")
    found = read_predictions(write_run(tmp_path / "run", table.assign(micrograph="0001")) / "predictions.csv")
    assert set(found["entry"]) == {"007"}
    assert set(found["micrograph"]) == {"0001"}


def test_a_saved_config_builds_classes_of_this_project_alone(sweep, tmp_path):
    (sweep / "0/.hydra").mkdir()
    path = sweep / "0/.hydra/config.yaml"
    path.write_text(yaml.safe_dump({"data": {"_target_": "os.getcwd", "root": "x"}}))
    done = suspects(sweep, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "would call _target_=os.getcwd" in " ".join(done.stderr.split())


def test_the_saved_config_of_a_run_tells_its_data(tmp_path, blobs, cache):
    from omegaconf import OmegaConf

    (tmp_path / ".hydra").mkdir()
    config = compose_config(*tiny(blobs, cache), run_dir=tmp_path)
    OmegaConf.save(config, tmp_path / ".hydra/config.yaml")
    assert data_settings(tmp_path)["root"] == str(blobs)
    assert data_settings(tmp_path / "nowhere") is None


def planted(root):
    """Write two entries and call every fourth GOOD pick BAD; return those as (entry, micrograph, x, y)."""
    flips = set()
    for entry in ("10000", "10001"):
        truth = write_blobs(root / entry, count=10) / "ground_truth"
        for good in sorted((truth / "particle_coordinates").glob("*.csv")):
            head, *rows = good.read_text().splitlines()
            bad = truth / f"false_positives/{good.stem}_false_positives.csv"
            good.write_text("\n".join([head, *(row for i, row in enumerate(rows) if i % 4)]) + "\n")
            bad.write_text(bad.read_text() + "\n".join(rows[::4]) + "\n")
            flips |= {(entry, good.stem, *map(float, row.split(",")[:2])) for row in rows[::4]}
    return flips


@pytest.mark.slow
def test_planted_flips_head_the_list_and_the_next_training_goes_without_them(tmp_path, cache):
    flips = planted(tmp_path / "data")
    learnt = tiny(tmp_path / "data", cache, "trainer.max_epochs=12", "model.width=8", "optimizer.lr=3e-3")
    folds = ("data.split.seed=0,1", "report=scores", f"hydra.sweep.dir={tmp_path}/sweep")
    done = run_program("train", "-m", *learnt, *folds)
    assert done.returncode == 0, done.stderr
    before = {path: path.read_bytes() for path in (tmp_path / "data").rglob("*.*")}
    listed = suspects(tmp_path / "sweep", "-o", tmp_path / "out")
    assert listed.exit_code == 0, listed.output
    assert {path: path.read_bytes() for path in (tmp_path / "data").rglob("*.*")} == before
    found = pd.read_csv(tmp_path / "out/suspects.csv", dtype={"entry": str})
    right = [
        row in flips for row in found[["entry", "micrograph", "x", "y"]].itertuples(index=False, name=None)
    ]
    assert len(right) >= 10
    assert np.mean(right) > 0.6  # three times their share among all picks
    assert (tmp_path / "out/suspects.png").stat().st_size > 10_000
    cleaned = f"data.suspects={tmp_path}/out/suspects.csv"
    train(compose_config(*tiny(tmp_path / "data", cache), cleaned, run_dir=tmp_path / "clean"))
    metrics = json.loads((tmp_path / "clean/metrics.json").read_text())
    assert 0 < metrics["dropped"]["suspect labels"] <= len(found)
    for name in ("suspects.csv", "suspects.star"):
        assert Path(tmp_path / "clean" / name).exists()
    again = run_program("evaluate", f"ckpt={tmp_path}/clean/checkpoints/best.ckpt", "bootstrap=10",
                        f"hydra.run.dir={tmp_path}/again")  # fmt: skip
    assert again.returncode == 0, again.stderr
    for name in ("suspects.csv", "suspects.star"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "clean" / name).read_bytes()
