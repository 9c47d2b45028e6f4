"""Hydra's callback keeps the table of a sweep; single runs are left alone."""

import json
import math
import subprocess
import sys

import pytest
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from cryoice.errors import InputError
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
        {
            "hydra": {
                "mode": RunMode[mode],
                "sweep": {"dir": str(folder)},
                "sweeper": {"_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"},
                "runtime": {"output_dir": str(folder / "1")},
                "overrides": {"task": ["patch=65"]},
            }
        }
    )


def test_the_end_of_a_sweep_writes_and_prints_its_table(sweep, capsys):
    SweepTable().on_multirun_end(config(sweep), config_name="train")
    printed = capsys.readouterr().out
    assert "patch" in printed
    assert "0.900 [0.800" in printed
    assert str(sweep / "sweep.md") in printed
    assert (sweep / "sweep.csv").exists()


def test_a_sweep_kept_by_wandb_tells_how_to_make_its_report(sweep, capsys):
    told = config(sweep)
    told["name"], told["logger"] = "train", {"kind": "wandb", "group": None, "project": "mine"}
    SweepTable().on_multirun_end(told)
    assert f"cryoice dashboard --project mine --group {sweep.name}-train\n" in capsys.readouterr().out


@pytest.mark.parametrize("error", [InputError("patch=65: odd"), RuntimeError("patch=65:\n odd")])
def test_a_failed_job_is_told_in_a_line_and_counts_as_nan(sweep, caplog, error):
    done = JobReturn(status=JobStatus.FAILED, _return_value=error)
    SweepTable().on_job_end(config(sweep), done)
    kind = "" if isinstance(error, InputError) else "RuntimeError: "
    assert caplog.messages == [f"job 1 (patch=65) failed: {kind}patch=65: odd"]
    assert (sweep / "1/failure.txt").read_text().splitlines()[0] == f"{kind}patch=65: odd"
    assert math.isnan(done.return_value)
    assert "| failed |" in (sweep / "sweep.md").read_text()


def test_a_sweep_with_a_failed_job_ends_with_status_1(sweep, capsys):
    (sweep / "1/failure.txt").write_text("patch=65: odd\n")
    with pytest.raises(SystemExit, match="1 of 2 jobs failed: 1;"):
        SweepTable().on_multirun_end(config(sweep))
    assert "failed" in capsys.readouterr().out


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
