"""A sweep goes on behind jobs that fail, and started again in its folder runs what is missing."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock
from omegaconf import OmegaConf

from cryoice.experiment.sweep_job import FAILURE, GOING_ON, LOCK
from cryoice.experiment.sweep_program import sweep_begins

APP = Path(__file__).with_name("sweep_app.py")
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
TPE = ("hydra/sweeper=optuna", "hydra.sweeper.sampler.seed=0", "hydra.sweeper.direction=maximize")


def sweep(folder, *overrides, **environment):
    return subprocess.run(
        [sys.executable, str(APP), "-m", *overrides],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def ran(folder):
    """Return the patches of the jobs that ran to their end, in the order in which they did."""
    path = folder / "out/ran.txt"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def told(folder):
    """Return the status of each job by its patch."""
    with (folder / "out/sweep.csv").open() as rows:
        return {int(row["patch"]): row["status"] for row in csv.DictReader(rows)}


def test_a_sweep_started_again_runs_only_what_is_missing(tmp_path):
    first = sweep(tmp_path, "patch=1,2,3")
    assert first.returncode == 0, first.stderr
    again = sweep(tmp_path, "seconds=0.0", "patch=3,2,1,4", "name=other")
    assert again.returncode == 0, again.stderr
    assert ran(tmp_path) == [1, 2, 3, 4]
    assert again.stdout.count("done before, skipped") == 3
    assert told(tmp_path) == dict.fromkeys((1, 2, 3, 4), "done")


@pytest.mark.slow
def test_a_changed_grid_never_takes_the_folder_of_other_settings(tmp_path):
    sweep(tmp_path, "patch=1,2")
    sweep(tmp_path, "patch=5,1", "seconds=0.001,0.0")
    configs = [OmegaConf.load(tmp_path / f"out/{number}/.hydra/config.yaml") for number in range(5)]
    assert [(config["patch"], config["seconds"]) for config in configs] == [
        (1, 0.0), (2, 0.0), (5, 0.001), (5, 0.0), (1, 0.001),
    ]  # fmt: skip
    assert ran(tmp_path) == [1, 2, 5, 5, 1]
    assert not (tmp_path / "out/5").exists()


def test_a_failed_job_is_told_in_one_line_and_the_others_go_on(tmp_path):
    done = sweep(tmp_path, "patch=1,2,3", NO_MEMORY_AT="2")
    assert done.returncode == 1
    assert ran(tmp_path) == [1, 3]
    assert "job 1 (patch=2) failed: MemoryError: cannot allocate 2 GB\n" in done.stdout
    assert "Traceback" not in done.stdout
    assert done.stderr.splitlines() == [
        "error: 1 of 3 jobs failed: 1; the same command in the same hydra.sweep.dir runs them again"
    ]
    assert (tmp_path / "out/1/failure.txt").read_text().startswith("MemoryError: cannot allocate 2 GB\nTrac")
    assert told(tmp_path) == {1: "done", 2: "failed", 3: "done"}


@pytest.mark.slow
def test_a_job_that_failed_is_tried_again_and_its_failure_forgotten(tmp_path):
    sweep(tmp_path, "patch=1,2", NO_MEMORY_AT="2")
    done = sweep(tmp_path, "patch=1,2")
    assert done.returncode == 0, done.stderr
    assert ran(tmp_path) == [1, 2]
    assert not (tmp_path / "out/1/failure.txt").exists()


@pytest.mark.parametrize("more", [(), TPE])
def test_an_unknown_key_ends_a_sweep_before_its_first_job_in_one_line(tmp_path, more):
    done = sweep(tmp_path, "patch=1,2", "pach=64,128", *more)
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if "A new study created" not in line]
    assert said == ["error: pach: no such key; did you mean patch?"]
    assert not (tmp_path / "out/0").exists()


def test_a_folder_that_cannot_be_made_ends_a_sweep_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    done = sweep(tmp_path, "patch=1,2", "hydra.sweep.dir=file/out")
    assert done.returncode == 1
    assert done.stderr.startswith("error: hydra.sweep.dir=file/out: cannot be made (Not a directory)")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_sweep_goes_on_behind_a_killed_worker(tmp_path):
    done = sweep(tmp_path, "patch=1,2,3,4", *JOBLIB, KILLED_AT="1")
    assert done.returncode == 1
    assert {3, 4} <= set(ran(tmp_path)) <= {2, 3, 4}
    assert "a worker was killed; the sweep goes on with the other jobs" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert told(tmp_path)[1] == "failed"
    again = sweep(tmp_path, "patch=1,2,3,4", *JOBLIB)
    assert again.returncode == 0, again.stderr
    assert sorted(ran(tmp_path)) == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_sweep_killed_amid_its_jobs_and_started_at_once_runs_none_twice(tmp_path):
    given = ("patch=1,2,3,4", "seconds=2.0", *JOBLIB)
    with subprocess.Popen([sys.executable, str(APP), "-m", *given], cwd=tmp_path) as program:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out/pids.txt").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        program.send_signal(signal.SIGKILL)
    again = sweep(tmp_path, *given)
    assert again.returncode == 0, again.stderr
    assert sorted(ran(tmp_path)) == [1, 2, 3, 4]
    assert not [pid for pid in (tmp_path / "out/pids.txt").read_text().split() if lives(pid)]


def lives(pid):
    """Return whether a process is there and no zombie."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


@pytest.mark.slow
def test_a_study_started_again_goes_on_where_it_stopped(tmp_path):
    space = ("patch=range(1,50)", "lr=tag(log, interval(1e-4, 1e-2))", "hydra.sweeper.n_jobs=2", *TPE)
    sampler = "hydra.sweeper.sampler.n_startup_trials=3"
    for trials in (6, 8):
        done = sweep(tmp_path, *space, sampler, f"hydra.sweeper.n_trials={trials}")
        assert done.returncode == 0, done.stderr
        assert len(ran(tmp_path)) == trials
    whole = sweep(tmp_path, *space, sampler, "hydra.sweeper.n_trials=8", "hydra.sweep.dir=whole")
    assert whole.returncode == 0, whole.stderr
    assert (tmp_path / "whole/ran.txt").read_text() == (tmp_path / "out/ran.txt").read_text()


def test_what_an_earlier_start_left_counts_neither_as_failed_nor_as_killed(tmp_path, monkeypatch):
    monkeypatch.delenv(GOING_ON, raising=False)
    for name, left in (("0", FAILURE), ("1", LOCK), ("2", LOCK)):
        (tmp_path / name).mkdir()
        (tmp_path / name / left).write_text("")
    with FileLock(tmp_path / "2" / LOCK):  # another start is at it
        sweep_begins(tmp_path)
        assert (tmp_path / "2" / LOCK).exists()
    assert not (tmp_path / "0" / FAILURE).exists()
    assert not (tmp_path / "1" / LOCK).exists()


def test_a_sweep_that_goes_on_keeps_its_failures(tmp_path, monkeypatch):
    monkeypatch.setenv(GOING_ON, "1")
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / FAILURE).write_text("killed")
    sweep_begins(tmp_path)
    assert (tmp_path / "0" / FAILURE).read_text() == "killed"
