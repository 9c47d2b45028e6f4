"""A checkpoint is scored again as it was, and on other micrographs as a whole."""

import json

import pytest

from cryoice.errors import InputError
from cryoice.experiment.evaluate import ELSEWHERE, changed_data, evaluate
from training import compose_config, run_program, write_blobs


@pytest.mark.slow
def test_evaluate_equals_the_end_of_training_number_by_number(finished, tmp_path):
    folder, _, _ = finished
    done = run_program(
        "evaluate", "ckpt=last", "bootstrap=10", f"hydra.run.dir={tmp_path}/again", cwd=folder.parents[2]
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again/predictions.csv").read_bytes() == (folder / "predictions.csv").read_bytes()
    ours, theirs = (
        json.loads((place / "metrics.json").read_text()) for place in (tmp_path / "again", folder)
    )
    assert ours["test"] == theirs["test"]


def evaluated(finished, tmp_path, *overrides):
    checkpoint = finished[0] / "checkpoints/best.ckpt"
    given = (f"ckpt={checkpoint}", "bootstrap=10", *overrides)
    evaluate(compose_config(*given, run_dir=tmp_path / "other", name="evaluate"))
    return json.loads((tmp_path / "other/metrics.json").read_text())


def test_evaluate_takes_all_of_other_micrographs_and_leaves_the_baselines_out(finished, tmp_path):
    write_blobs(tmp_path / "data/10001", count=2)
    found = evaluated(finished, tmp_path, f"data.root={tmp_path}/data")
    assert found["n_micrographs"] == 2
    assert "10001" in (tmp_path / "other/predictions.csv").read_text()
    models = found["test"]["label"]
    assert [name for name, scores in models.items() if scores is None] == ["majority", "iciness", "logistic"]


def test_evaluate_keeps_the_split_of_the_training_on_its_own_folder(finished, blobs, tmp_path):
    found = evaluated(finished, tmp_path, f"data.root={blobs}")
    assert found["n_micrographs"] == json.loads((finished[0] / "metrics.json").read_text())["n_micrographs"]


def test_settings_of_the_training_data_do_not_reach_other_data():
    training = {"_target_": "a", "root": "x", "frame": "top", "entries": ["1"], "margin": 3, "patch": 16,
                "pixel_sizes": {"1": 2}, "jobs": 2, "simulation": {}, "cache": "c"}  # fmt: skip
    expected = {**ELSEWHERE, "root": "y", "patch": 16, "cache": "c", "margin": 5}
    assert changed_data(training, {"root": "y", "margin": 5}) == expected
    assert changed_data(training, {"frame": "flip_x"}) == training | {"frame": "flip_x"}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("bootstrap=0", "bootstrap=0: must be at least 1"),
        ("data.frame=mirrored", "data.frame=mirrored: choose from"),
        ("data.margin=-1", "data.margin=-1: must be at least 0"),
        ("data.entries=3", "data.entries=3: must be a list or null"),
    ],
)
def test_evaluate_checks_its_values(finished, tmp_path, override, said):
    with pytest.raises(InputError, match=said):
        evaluated(finished, tmp_path, override)


def test_other_data_without_bad_picks_is_refused(finished, tmp_path):
    write_blobs(tmp_path / "data/10001", count=1)
    for path in (tmp_path / "data/10001/ground_truth/false_positives").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="holds no BAD pick"):
        evaluated(finished, tmp_path, f"data.root={tmp_path}/data")
