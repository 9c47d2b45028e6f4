"""Trainings of a sweep that was killed go on where they were; what is done costs next to nothing."""

import signal
import subprocess
import sys

import pytest
import torch

from test_stopped_program import wait_for
from training import CONF, run_program, tiny

EPOCHS = 40  # enough that none ends before it is killed


@pytest.mark.slow
def test_a_killed_training_of_a_sweep_goes_on_from_its_last_epoch(blobs, cache, tmp_path):
    overrides = tiny(blobs, cache, f"trainer.max_epochs={EPOCHS}", f"patience={EPOCHS}", "report=scores")
    given = ("-m", *overrides, "seed=0,1", f"hydra.sweep.dir={tmp_path}")
    command = [sys.executable, "train.py", *given]
    last = tmp_path / "0/checkpoints/last.ckpt"
    with subprocess.Popen(command, cwd=CONF.parent, stderr=subprocess.PIPE, text=True) as program:
        wait_for(last, program)
        program.send_signal(signal.SIGKILL)
    assert not (tmp_path / "0/metrics.json").exists()
    done = run_program("train", *given)
    assert done.returncode == 0, done.stderr
    assert f"resuming from {last}" in done.stderr
    assert torch.load(last, weights_only=True)["epoch"] == EPOCHS - 1
    assert sorted(path.parent.name for path in tmp_path.glob("*/metrics.json")) == ["0", "1"]

    again = subprocess.run(
        [sys.executable, "-X", "importtime", *command[1:]],
        cwd=CONF.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert again.stderr.count("done before, skipped") == 2
    assert not [line for line in again.stderr.splitlines() if line.rpartition("|")[2].strip() == "torch"]
