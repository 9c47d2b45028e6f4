"""A run is recorded without an account, a network or a prompt, and rerun without trouble."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cryoice.errors import InputError
from cryoice.experiment import run_log
from cryoice.experiment.lineage import log_checkpoint_artifact
from cryoice.experiment.tracking import finish, make_logger, resolve_wandb_mode
from cryoice.experiment.wandb_tables import log_curves
from wandb_records import exit_code

WANDB = {
    "kind": "wandb",
    "project": "cryoice",
    "group": "sweep",
    "tags": ["test"],
    "init_timeout": 5,
    "finish_timeout": 20,
    "table": 4,
}


@pytest.mark.parametrize(
    ("environ", "has_key", "mode"),
    [
        ({}, False, "offline"),
        ({}, True, "online"),
        ({"WANDB_MODE": "online"}, False, "offline"),
        ({"WANDB_MODE": "offline"}, True, "offline"),
        ({"WANDB_MODE": "dryrun"}, True, "offline"),
        ({"WANDB_MODE": "DISABLED"}, True, "disabled"),
        ({"WANDB_MODE": "disabled"}, False, "disabled"),
        ({"WANDB_MODE": ""}, True, "online"),
    ],
)
def test_the_mode_is_the_users_but_offline_without_a_key(environ, has_key, mode):
    assert resolve_wandb_mode(environ, has_key=has_key) == mode


def test_an_unknown_mode_or_kind_is_named(tmp_path):
    with pytest.raises(InputError, match="WANDB_MODE: 'of' is not a mode"):
        resolve_wandb_mode({"WANDB_MODE": "of"}, has_key=True)
    with pytest.raises(InputError, match=r"logger\.kind: 'tensorboard' is unknown"):
        make_logger({"kind": "tensorboard"}, run_dir=tmp_path, name="run", config={})


def test_none_writes_nothing(tmp_path):
    assert make_logger({"kind": "none"}, run_dir=tmp_path, name="run", config={}) == []
    assert finish([], exit_code=0) is None
    assert not list(tmp_path.iterdir())


def test_a_second_start_keeps_the_first_history(tmp_path):
    for value in (1.0, 2.0):
        loggers = make_logger({"kind": "csv"}, run_dir=tmp_path, name="run", config={})
        loggers[0].log_metrics({"train/loss": value}, step=0)
        assert finish(loggers, exit_code=0) is None
    texts = [path.read_text() for path in sorted(tmp_path.glob("history/version_*/metrics.csv"))]
    assert [text.splitlines()[1] for text in texts] == ["0,1.0", "0,2.0"]


@pytest.mark.parametrize("kind", ["csv", "none"])
def test_csv_and_none_do_without_wandb(kind, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)  # an import would fail
    loggers = make_logger({"kind": kind}, run_dir=tmp_path, name="run", config={})
    run_log.log_results(loggers, results())
    log_curves(loggers, predictions())
    assert finish(loggers, exit_code=0) is None


def results():
    interval = {"estimate": 0.9, "low": 0.8, "high": None}
    return {
        "test": {"label": {"network": {"auroc": interval}, "majority": {"auroc": interval}, "iciness": None}}
    }


def predictions(labels=(0, 1, 0, 1)):
    return pd.DataFrame({"label": labels, "probability": [0.1, 0.8, 0.6, 0.7]})


def test_results_become_flat_names_without_nulls():
    assert run_log.flat_results(results()) == {
        "test/auroc": 0.9,
        "test/auroc_low": 0.8,
        "test/majority/auroc": 0.9,
    }


def test_an_offline_run_holds_config_metrics_pictures_and_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.chdir(tmp_path)
    checkpoint = tmp_path / "best.ckpt"
    checkpoint.write_bytes(b"weights")
    picture = tmp_path / "curves.png"
    Image.new("L", (4, 4)).save(picture)
    loggers = make_logger(WANDB, run_dir=tmp_path / "run", name="first", config={"patch": 64})
    for logger in loggers:
        logger.log_metrics({"train/loss": 0.5}, step=3)
    run_log.log_figures(loggers, {"curves": picture})
    patches = np.random.default_rng(0).normal(size=(2, 8, 8))
    run_log.log_samples(loggers, {"real": patches}, captions=["GOOD 0.10", "BAD 0.90"])
    log_curves(loggers, predictions())
    log_curves(loggers, predictions(labels=(1, 1, 1, 1)))
    run_log.log_results(loggers, results())
    monitor = {"metric": "val/auroc", "mode": "max", "value": 0.9}
    log_checkpoint_artifact(loggers, checkpoint, monitor=monitor, commit="abc", data="0123")
    said = finish(loggers, exit_code=0)
    (folder,) = (tmp_path / "run/wandb").glob("offline-run-*")
    assert f"wandb leet {folder.relative_to(tmp_path)}" in said
    assert f"wandb sync {folder.relative_to(tmp_path)}" in said
    (record,) = folder.glob("run-*.wandb")
    assert exit_code(record) == 0
    raw = record.read_bytes()
    for held in (
        b"sweep",
        b"first",
        b"patch",
        b"test/auroc_low",
        b"train/loss",
        b"trainer/global_step",
        b"model-",
        b"charts/roc",
    ):
        assert held in raw, held
    assert len(list(folder.glob("files/media/images/**/*.png"))) == 3


def test_two_jobs_are_two_runs_even_when_the_first_was_left_open(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    make_logger(WANDB, run_dir=tmp_path, name="0", config={})
    finish(make_logger(WANDB, run_dir=tmp_path, name="1", config={}), exit_code=0)
    assert len(list(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))) == 2


def test_disabled_leaves_the_csv_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    loggers = make_logger(WANDB, run_dir=tmp_path, name="run", config={})
    for logger in loggers:
        logger.log_metrics({"train/loss": 0.5}, step=0)
    run_log.log_results(loggers, results())
    assert finish(loggers, exit_code=0) is None
    assert list(tmp_path.glob("history/version_0/metrics.csv"))


SCRIPT = """
import json, logging, pathlib, sys
logging.basicConfig()
from cryoice.experiment.tracking import finish, make_logger
settings, folder = json.loads(sys.argv[1]), pathlib.Path(sys.argv[2])
print(finish(make_logger(settings, run_dir=folder, name="run", config={}), exit_code=0))
"""


def run_without_network(tmp_path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(WANDB), str(tmp_path / "run")],
        env=kept | {"HOME": str(tmp_path), "NETRC": str(tmp_path / "none")} | environ,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_a_key_without_a_network_goes_offline_in_seconds(tmp_path):
    start = time.perf_counter()
    done = run_without_network(tmp_path, WANDB_API_KEY="0" * 40, WANDB_BASE_URL="http://127.0.0.1:9")
    assert time.perf_counter() - start < 25  # 5 s of it are the time-out, the rest imports
    assert "W&B run (offline)" in done.stdout
    assert "W&B does not start online" in done.stderr
    assert not list(tmp_path.glob("run/wandb/run-*"))


@pytest.mark.slow
def test_no_key_goes_offline_without_a_question(tmp_path):
    assert "W&B run (offline)" in run_without_network(tmp_path).stdout
