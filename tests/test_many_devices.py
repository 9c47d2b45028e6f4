"""Two processes train as one does, stop together, continue exactly and leave what one run leaves.

Here they meet over gloo on the CPU, started by the program, by torchrun, and by what stands in for SLURM.
"""

import json
import os
import socket
import sys
from pathlib import Path

import pytest
import torch

from cryoice.report.curves import read_history
from many_devices import ROOT, start
from pixel_training import tiny_pixels
from test_resume import BATCHES, assert_same_run, state
from training import tiny

pytestmark = pytest.mark.slow

DDP = ("trainer=ddp", "trainer.devices=2", "report=scores")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do shift; done
for ((task = 0; task < SLURM_NTASKS; task++)); do
    SLURM_PROCID=$task SLURM_LOCALID=$task SLURM_NODEID=0 SLURM_STEP_ID=0 "$@" & tasks+=($!)
done
status=0
for task in "${tasks[@]}"; do wait "$task" || status=$?; done
exit $status
"""
"""Starts every task on this machine; its options say nothing here."""


@pytest.fixture(scope="module")
def overrides(blobs, cache):
    return (*tiny(blobs, cache, "model.dropout=0.5", "optimizer.weight_decay=0.01"), *DDP)


@pytest.fixture(scope="module")
def by_torchrun(overrides, tmp_path_factory):
    """Return the folder of a whole run, where its processes agreed to put it."""
    cwd = tmp_path_factory.mktemp("torchrun")
    done = start(
        *overrides, "logger=wandb", by=TORCHRUN, program=ROOT / "train.py", cwd=cwd, WANDB_MODE="offline"
    )
    assert done.returncode == 0, done.stderr
    return cwd, done


@pytest.fixture(scope="module")
def stopped(overrides, tmp_path_factory):
    """Return the folder of a run of which one process alone got a signal."""
    folder = tmp_path_factory.mktemp("stopped")
    return folder, start(*overrides, f"hydra.run.dir={folder}", STOP_AT="1:1:1")


def slurm(folder):
    """Return the environment of a job of two tasks."""
    (folder / "srun").write_text(SRUN)
    (folder / "srun").chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = (str(folder), str(Path(sys.executable).parent), os.environ["PATH"])
    names = {"NTASKS": 2, "NTASKS_PER_NODE": 2, "NNODES": 1, "JOB_ID": 17, "JOB_NAME": "cryoice"}
    return {f"SLURM_{name}": str(value) for name, value in names.items()} | {
        "SLURM_NODELIST": "localhost", "MASTER_PORT": str(port), "PATH": os.pathsep.join(paths)
    }  # fmt: skip


def test_processes_that_torchrun_starts_are_one_run(by_torchrun):
    cwd, done = by_torchrun
    [folder] = cwd.glob("outputs/train/*")
    assert (folder / "metrics.json").is_file()
    assert [path.name for path in folder.glob("*.log")] == ["train.log"]
    assert len(list(folder.glob("wandb/offline-run-*"))) == 1
    assert [path.name for path in folder.glob("history/*")] == ["version_0"]
    for said in (done.stderr, (folder / "train.log").read_text()):
        assert said.count("too near its edge") == said.count("figures and numbers: ") == 1


def test_every_step_and_every_pick_is_recorded_once(by_torchrun):
    [folder] = by_torchrun[0].glob("outputs/train/*")
    losses = read_history(folder).dropna(subset="train/loss_step")["step"].tolist()
    assert losses == list(range(2 * BATCHES))
    picks = (folder / "predictions.csv").read_text().splitlines()
    assert len(set(picks)) == len(picks)


def test_a_signal_to_one_process_stops_all_of_them_behind_the_same_step(stopped):
    folder, done = stopped
    assert done.returncode == 143
    assert done.stderr.count("to continue: python train.py") == 1
    assert "Traceback" not in done.stderr
    assert state(folder)["global_step"] == BATCHES + 2
    assert not (folder / "metrics.json").exists()


def test_slurms_tasks_continue_a_stopped_run_as_if_it_never_stopped(
    overrides, stopped, by_torchrun, tmp_path
):
    folder, _ = stopped
    checkpoint = folder / "checkpoints/last.ckpt"
    given = (*overrides, f"ckpt={checkpoint}", f"hydra.run.dir={tmp_path}/run")
    done = start(*given, by=("bash",), program=ROOT / "docs/train.sbatch", **slurm(tmp_path))
    assert done.returncode == 0, done.stderr
    [whole] = by_torchrun[0].glob("outputs/train/*")
    assert_same_run(tmp_path / "run", whole)
    assert (tmp_path / "run/predictions.csv").read_text() == (whole / "predictions.csv").read_text()


def test_two_devices_compute_what_one_does(blobs, cache, tmp_path):
    sgd = ("optimizer._target_=torch.optim.SGD", "optimizer.lr=1", "model.dropout=0", "report=scores")
    for name, more in {"one": (), "two": DDP}.items():
        done = start(*tiny(blobs, cache, *sgd), *more, f"hydra.run.dir={tmp_path / name}", FROZEN="1")
        assert done.returncode == 0, done.stderr
    one, two = (state(tmp_path / name)["state_dict"] for name in ("one", "two"))
    assert one["net.stages.0.1.bias"].abs().max() > 1e-3  # 0 before the first step
    for key in one:
        torch.testing.assert_close(two[key], one[key], rtol=1e-4, atol=1e-5)
    first, second = (read_history(tmp_path / name).groupby("step").max() for name in ("one", "two"))
    assert second["val/auroc"].dropna().tolist() == pytest.approx(first["val/auroc"].dropna().tolist())
    assert second["val/loss"].dropna().tolist() == pytest.approx(
        first["val/loss"].dropna().tolist(), rel=1e-4
    )


def test_a_fault_of_all_processes_is_told_once_and_ends_them(overrides, tmp_path):
    fault = ("optimizer.lr=1e30", "trainer.gradient_clip_val=null", f"hydra.run.dir={tmp_path}")
    done = start(*overrides, *fault, program=ROOT / "train.py")
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if not line.startswith("WARNING: ")]
    assert lines == ["error: the training loss is nan; lower optimizer.lr or use trainer.precision=32-true"]


def test_pixels_train_on_two_devices(cache, tmp_path):
    others = ("hard_negatives", "support", "contamination", "crystalline", "clean")
    few = [one for one in tiny_pixels(cache) if not any(f".{name}." in one for name in others)]
    few += [f"~data.simulations.{name}" for name in others]
    given = (*few, "trainer=ddp", "trainer.max_epochs=1", f"hydra.run.dir={tmp_path}")
    done = start(*given, program=ROOT / "train.py")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "metrics.json").read_text())["n_micrographs"] > 0
    assert read_history(tmp_path)["val/miou"].dropna().between(0, 1).all()
