"""W&B's sweep: its config is sound, and the command that an agent builds trains into the agent's run."""

import json
import subprocess
import sys

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from cryoice.experiment.limits import check_values
from cryoice.experiment.settings import plain_settings
from training import CONF, compose_config, tiny
from wandb_records import records_in

SWEEP = yaml.safe_load((CONF / "sweep/wandb.yaml").read_text("utf-8"))


def agents_command(values):
    """Return what `wandb agent` starts for a set of parameters: W&B's own code fills in the macros."""
    flags = create_sweep_command_args({"args": {key: {"value": value} for key, value in values.items()}})
    filled = {
        "${env}": [], "${interpreter}": [sys.executable], "${program}": [SWEEP["program"]],
        **{f"${{{name}}}": words for name, words in flags.items() if isinstance(words, list)},
    }  # fmt: skip
    parts = [filled.get(part, [part]) for part in create_sweep_command(list(SWEEP["command"]))]
    return [word for part in parts for word in part]


def test_the_keys_are_those_that_sweeps_have():
    known = {"name", "description", "project", "entity", "program", "method", "metric", "early_terminate",
             "run_cap", "parameters", "command"}  # fmt: skip
    assert set(SWEEP) <= known
    assert SWEEP["method"] == "bayes"
    assert SWEEP["early_terminate"]["type"] == "hyperband"
    rate = SWEEP["parameters"]["optimizer.lr"]
    assert rate["distribution"] == "log_uniform_values"
    assert 0 < rate["min"] < rate["max"]


def test_what_is_sought_is_what_runs_are_judged_by(tmp_path):
    monitor = plain_settings(compose_config(run_dir=tmp_path))["monitor"]
    assert monitor["metric"] == SWEEP["metric"]["name"]
    assert {"max": "maximize", "min": "minimize"}[monitor["mode"]] == SWEEP["metric"]["goal"]


@pytest.mark.parametrize("place", [0, -1])
def test_the_extreme_parameters_compose(place, tmp_path):
    values = {key: one["values"][place] for key, one in SWEEP["parameters"].items() if "values" in one}
    values["optimizer.lr"] = SWEEP["parameters"]["optimizer.lr"][("min", "max")[place]]
    overrides = agents_command(values)[2:]
    settings = plain_settings(compose_config(*overrides, run_dir=tmp_path))
    check_values(settings)
    assert settings["patch"] == values["patch"]
    assert settings["model"]["depth"] == values["model.depth"]
    assert settings["optimizer"]["lr"] == values["optimizer.lr"]


@pytest.mark.slow
def test_an_agents_run_is_joined(blobs, cache, tmp_path, monkeypatch):
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text(json.dumps({"wandb_version": 1, "optimizer.lr": {"value": 0.00123}}))
    for name, value in {"MODE": "offline", "SWEEP_ID": "sweep42", "RUN_ID": "run42",
                        "SWEEP_PARAM_PATH": str(parameters)}.items():  # fmt: skip
        monkeypatch.setenv(f"WANDB_{name}", value)
    told = agents_command({"optimizer.lr": 0.00123, "patch": 24})
    small = [
        word for word in tiny(blobs, cache, "trainer.max_epochs=1", "logger=wandb") if word[:6] != "patch="
    ]
    command = [*told, *small, "data.margin=30", f"hydra.run.dir={tmp_path}/run"]
    done = subprocess.run(command, cwd=CONF.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (record,) = tmp_path.glob("run/wandb/offline-run-*-run42/run-run42.wandb")
    (run,) = [one.run for one in records_in(record) if one.WhichOneof("record_type") == "run"][:1]
    assert (run.run_id, run.sweep_id) == ("run42", "sweep42")
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert config["optimizer"]["lr"] == config["optimizer.lr"] == 0.00123
