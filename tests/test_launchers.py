"""Sweeps run in other processes and on clusters as they do in one."""

import subprocess
import sys

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from submitit.slurm import slurm

from cryoice.schema import register
from test_sweep_program import JOBLIB, ran, sweep, told
from training import CONF, run_program, tiny

SLURM = (
    "hydra/launcher=submitit_slurm", "hydra.launcher.partition=gpu", "hydra.launcher.gpus_per_node=1",
    "hydra.launcher.cpus_per_task=8", "hydra.launcher.mem_gb=32", "hydra.launcher.timeout_min=240",
    "hydra.launcher.array_parallelism=4",
)  # fmt: skip


def launcher(*overrides):
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", overrides=list(overrides), return_hydra_config=True)
    return OmegaConf.to_container(config.hydra.launcher)


@pytest.mark.parametrize("preset", ["patch_depth_lr", "patch_depth_lr_random", "patch_depth_lr_tpe"])
@pytest.mark.parametrize("name", ["joblib", "submitit_local", "submitit_slurm"])
def test_every_launcher_composes_with_every_sweep(name, preset):
    target = launcher(f"hydra/launcher={name}", f"experiment={preset}")["_target_"]
    assert target.startswith(f"hydra_plugins.hydra_{name.partition('_')[0]}_launcher.")


def test_what_slurm_is_asked_for_stands_in_its_script(tmp_path, monkeypatch):
    """The launcher hands its config to submitit's executor, as here; `sbatch` itself is not needed."""
    monkeypatch.setattr(slurm.SlurmExecutor, "affinity", classmethod(lambda cls: 2))
    import submitit

    given = launcher(*SLURM)
    names = ("partition", "array_parallelism", "signal_delay_s")
    shared = ("timeout_min", "cpus_per_task", "gpus_per_node", "tasks_per_node", "mem_gb", "nodes")
    executor = submitit.AutoExecutor(tmp_path, cluster="slurm")
    executor.update_parameters(
        name="train", **{key: given[key] for key in shared}, **{f"slurm_{key}": given[key] for key in names}
    )
    text = executor._executor._make_submission_file_text("train", "uid")
    for asked in ("--partition=gpu", "--gpus-per-node=1", "--cpus-per-task=8", "--mem=32GB", "--time=240"):
        assert f"#SBATCH {asked}\n" in text


@pytest.mark.slow
def test_jobs_side_by_side_fail_and_continue_as_one_by_one(tmp_path):
    done = sweep(tmp_path, "patch=1,2,3", *JOBLIB, NO_MEMORY_AT="2")
    assert done.returncode == 1
    assert sorted(ran(tmp_path)) == [1, 3]
    assert told(tmp_path) == {1: "done", 2: "failed", 3: "done"}
    assert done.stderr.splitlines()[-1].startswith("error: 1 of 3 jobs failed: 1;")
    assert sweep(tmp_path, "patch=1,2,3", *JOBLIB).returncode == 0
    assert sorted(ran(tmp_path)) == [1, 2, 3]


def test_a_job_beside_others_may_start_processes_as_simulating_does(tmp_path):
    done = sweep(tmp_path, "patch=1,2", *JOBLIB, POOLED="1")
    assert done.returncode == 0, done.stderr
    assert sorted(ran(tmp_path)) == [1, 2]


@pytest.mark.slow
def test_a_process_of_submitit_that_is_killed_leaves_the_others(tmp_path):
    local = ("patch=1,2,3", "hydra/launcher=submitit_local")
    done = sweep(tmp_path, *local, KILLED_AT="1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "a job was killed by the system; to continue the sweep: python " in done.stderr
    again = sweep(tmp_path, *local)
    assert again.returncode == 0, again.stderr
    assert sorted(ran(tmp_path)) == [1, 2, 3]


@pytest.mark.slow
def test_submitit_trains_in_processes_of_its_own(blobs, cache, tmp_path):
    overrides = (
        *tiny(blobs, cache, "trainer.max_epochs=1", "patch=16,0"),
        f"hydra.sweep.dir={tmp_path}/sweep",
    )
    done = run_program("train", "-m", "hydra/launcher=submitit_local", *overrides)
    assert done.returncode == 1
    assert (tmp_path / "sweep/0/metrics.json").exists()
    assert (tmp_path / "sweep/1/failure.txt").read_text() == "patch=0: must be at least 8 px\n"
    assert "job 1 failed: patch=0: must be at least 8 px" in done.stdout


@pytest.mark.slow
def test_workers_of_joblib_share_the_cores():
    code = (
        "import os\nfrom joblib import Parallel, delayed\n"
        "def threads(_):\n    import torch\n    return torch.get_num_threads()\n"
        "print(sum(Parallel(n_jobs=2, backend='loky')(delayed(threads)(i) for i in range(2)))"
        " <= max(2, os.cpu_count()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
