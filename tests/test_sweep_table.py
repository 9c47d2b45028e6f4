"""Hydra's callback keeps the table of a sweep; single runs are left alone."""

import json
import logging
import subprocess
import sys

import pytest
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from cryoice.sweep_table import SweepTable, main


@pytest.fixture
def sweep(tmp_path):
    scores = {
        name: {"estimate": 0.9, "low": 0.8, "high": 0.95} for name in ("auroc", "accuracy", "f1", "loss")
    }
    for number in range(2):
        (tmp_path / f"{number}/.hydra").mkdir(parents=True)
        (tmp_path / f"{number}/.hydra/overrides.yaml").write_text(f"- patch={64 + number}\n")
    (tmp_path / "0/metrics.json").write_text(json.dumps({"test": {"label": {"network": scores}}}))
    return tmp_path


def config(folder, mode="MULTIRUN"):
    from hydra.types import RunMode

    return OmegaConf.create(
        {"hydra": {"mode": RunMode[mode], "sweep": {"dir": str(folder)}, "job": {"num": 1}}}
    )


def test_the_end_of_a_sweep_writes_and_prints_its_table(sweep, capsys):
    SweepTable().on_multirun_end(config(sweep), config_name="train")
    printed = capsys.readouterr().out
    assert "patch" in printed
    assert "0.900 [0.800" in printed
    assert str(sweep / "sweep.md") in printed
    assert (sweep / "sweep.csv").exists()


def test_a_failed_job_is_told_with_the_table_so_far(sweep, caplog):
    with caplog.at_level(logging.WARNING):
        SweepTable().on_job_end(config(sweep), JobReturn(status=JobStatus.FAILED))
    assert f"job 1 failed; the sweep so far: {sweep / 'sweep.md'}" in caplog.text


def test_a_single_run_writes_no_table(sweep):
    SweepTable().on_job_end(config(sweep, "RUN"), JobReturn(status=JobStatus.COMPLETED))
    assert not (sweep / "sweep.md").exists()


def test_the_command_rebuilds_a_table_or_says_why_not(sweep, capsys):
    assert main([str(sweep)]) == 0
    assert main([str(sweep / "nowhere")]) == 1
    assert main([]) == 1
    assert "no job folders" in capsys.readouterr().err


def test_a_start_does_not_wait_for_heavy_imports():
    code = (
        "import sys, cryoice.sweep_table; sys.exit(any(name in sys.modules for name in ('pandas', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


APP = """
import json, hydra
from pathlib import Path
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base="1.3", config_path=None)
def main(config):
    if config.patch == 2:
        raise ValueError("broken")
    scores = {name: {"estimate": config.patch / 10, "low": None, "high": None}
              for name in ("auroc", "accuracy", "f1", "loss")}
    folder = Path(HydraConfig.get().runtime.output_dir)
    (folder / "metrics.json").write_text(json.dumps({"test": {"label": {"network": scores}}}))

main()
"""


def test_a_sweep_with_a_failing_job_leaves_its_table(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    arguments = ["app.py", "-m", "+patch=1,2,3", "hydra.sweep.dir=out"]
    callback = "+hydra.callbacks.sweep_table._target_=cryoice.sweep_table.SweepTable"
    done = subprocess.run(
        [sys.executable, *arguments, callback], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    lines = (tmp_path / "out/sweep.md").read_text("utf-8").splitlines()
    assert [line.split(" | ")[:2] for line in lines[4:]] == [["| 2", "3"], ["| 0", "1"], ["| 1", "2"]]
