"""A program that was stopped says how to continue it, and that command does."""

import shlex
import signal
import subprocess
import sys
import time

import pytest
import torch

from cryoice.experiment import run as run_module
from training import CONF, compose_config, run_program, tiny

EPOCHS = 12


def test_the_command_that_continues_a_job_of_a_sweep_is_a_single_run(tmp_path):
    job = ("data=cryoppp", "data.root=x", "patch=32")
    for mode, more in (("RUN", ""), ("MULTIRUN", " hydra.mode=RUN")):
        compose_config(*job, run_dir=tmp_path, mode=mode)
        said = run_module._continuation(tmp_path / "last.ckpt")
        assert said == f"python train.py {' '.join(job)}{more} ckpt={tmp_path}/last.ckpt"


@pytest.mark.slow
def test_a_killed_program_says_how_to_continue_and_does(blobs, cache, tmp_path):
    overrides = tiny(blobs, cache, f"trainer.max_epochs={EPOCHS}", f"patience={EPOCHS}", "logger=none")
    command = [sys.executable, "train.py", *overrides, f"hydra.run.dir={tmp_path}/a"]
    with subprocess.Popen(command, cwd=CONF.parent, stderr=subprocess.PIPE, text=True) as process:
        last = tmp_path / "a/checkpoints/last.ckpt"
        wait_for(last, process)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in said
    before, _, line = said.strip().splitlines()[-1].partition("to continue: ")
    assert before == "WARNING: "
    program, script, *printed = shlex.split(line)
    assert (program, script) == ("python", "train.py")
    done = run_program("train", *printed, f"hydra.run.dir={tmp_path}/b")
    assert done.returncode == 0, done.stderr
    assert f"resuming from {last}" in done.stderr
    epochs = [
        torch.load(tmp_path / run / "checkpoints/last.ckpt", weights_only=True)["epoch"] for run in "ab"
    ]
    assert epochs[0] < epochs[1] == EPOCHS - 1
    assert (tmp_path / "b/metrics.json").exists()


def wait_for(path, process):
    """Return when ``path`` exists: the training has begun."""
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
