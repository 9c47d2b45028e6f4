"""A run that is continued stays one run in W&B, and what it sent before is not overwritten."""

import json
import os
import subprocess
import sys

import pytest

from cryoice.errors import InputError
from cryoice.experiment import run as run_module
from cryoice.experiment import tracking
from loopback_wandb import LoopbackServer
from training import compose_config, tiny

SETTINGS = {
    **{"kind": "wandb", "project": "cryoice", "group": None, "tags": []},
    **{"init_timeout": 20, "finish_timeout": 10},
}
SCRIPT = """
import json, pathlib, sys
from cryoice.experiment.tracking import finish, make_logger
folder, before = pathlib.Path(sys.argv[2]), sys.argv[3:]
loggers = make_logger(json.loads(sys.argv[1]), run_dir=folder, name="run", config={},
                      continues=pathlib.Path(before[0]) if before else None)
for logger in loggers:
    logger.log_metrics({"train/loss": 0.5}, step=3)
finish(loggers, exit_code=0)
"""


def start(server, home, *folders):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    environ = kept | server.environ() | {"HOME": str(home), "NETRC": str(home / "none")}
    command = [sys.executable, "-c", SCRIPT, json.dumps(SETTINGS), *map(str, folders)]
    subprocess.run(command, env=environ, check=True, stdin=subprocess.DEVNULL)


@pytest.mark.slow
def test_a_continued_run_goes_on_where_it_stopped(tmp_path):
    with LoopbackServer() as server:
        start(server, tmp_path, tmp_path / "a")
        start(server, tmp_path, tmp_path / "b", tmp_path / "a")
    assert len({one["name"] for one in server.variables("UpsertBucket")}) == 1
    name = "wandb-history.jsonl"
    sent = [body["files"][name] for body in server.streamed if name in (body.get("files") or {})]
    assert [one["offset"] for one in sent] == [0, 1]
    assert [json.loads(line)["_step"] for one in sent for line in one["content"]] == [0, 1]


def test_the_newest_online_run_of_a_folder_is_continued_whatever_its_id(tmp_path):
    assert tracking._continued(None) == tracking._continued(tmp_path) == {}
    for name in (
        "run-20260101_120000-first",
        "run-20260102_120000-ice-lr-3",
        "offline-run-20260103_120000-x",
    ):
        (tmp_path / "wandb" / name).mkdir(parents=True)
    assert tracking._continued(tmp_path)["id"] == "ice-lr-3"


@pytest.mark.parametrize("resumes", [True, False])
def test_what_a_run_continues_is_the_folder_of_its_checkpoint(resumes, blobs, cache, tmp_path, monkeypatch):
    given = []

    def make_logger(settings, **told):
        given.append(told["continues"])
        raise InputError("enough")

    last = tmp_path / "a/checkpoints/last.ckpt" if resumes else None
    monkeypatch.setattr(run_module, "checkpoint_to_resume", lambda settings, run_dir: last)
    monkeypatch.setattr(run_module, "make_logger", make_logger)
    with pytest.raises(InputError, match="enough"):
        run_module.train(compose_config(*tiny(blobs, cache), run_dir=tmp_path / "b"))
    assert given == [tmp_path / "a" if resumes else None]
