"""`cryoice dashboard`: what is made for whom, and what is said when it cannot be."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cryoice.cli import app
from loopback_wandb import ENTITY, LoopbackServer
from test_wandb_online import environ


def run_dashboard(environment, *arguments):
    command = [sys.executable, "-c", "from cryoice.cli import app; app()", "dashboard", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def nobody(home):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    return kept | {"HOME": str(home), "NETRC": str(home / "none")}


@pytest.mark.slow
def test_workspace_and_report_arrive_and_their_addresses_are_told(tmp_path):
    with LoopbackServer() as server:
        done = run_dashboard(environ(server, tmp_path), "--group", 'a "sweep"')
    assert done.returncode == 0, done.stderr
    workspace, report = done.stdout.split()
    assert workspace.startswith(f"{server.url}/{ENTITY}/cryoice?nw=")
    assert report.startswith(f"{server.url}/{ENTITY}/cryoice/reports/")
    (sent,) = server.variables("UpsertView2")
    sections = json.loads(sent["spec"])["section"]["panelBankConfig"]["sections"]
    assert [one["name"] for one in sections] == ["Sweep", "Training", "Evaluation", "Data"]
    (sent,) = server.variables("upsertView")
    assert json.dumps({"value": 'a "sweep"'})[1:-1] in sent["spec"].replace('":"', '": "')


@pytest.mark.slow
def test_a_server_that_is_gone_is_one_line(tmp_path):
    with LoopbackServer() as server:
        gone = environ(server, tmp_path)
    done = run_dashboard(gone, "--entity", "tester")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: W&B: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_without_a_key_one_line_says_how_to_log_in(tmp_path):
    done = run_dashboard(nobody(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().splitlines() == [
        "error: W&B: not logged in; run `wandb login`, or set WANDB_API_KEY, or use --dry-run FILE"
    ]


def in_this_process(*arguments):
    return CliRunner().invoke(app, ["dashboard", *map(str, arguments)])


def test_a_report_is_about_one_sweep():
    done = in_this_process("--group", "a", "--sweep", "b")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.strip() == "error: --group, --sweep: a report is about one of them; give one"


@pytest.mark.filterwarnings("ignore:Pydantic V1 style")  # within wandb-workspaces
def test_a_dry_run_needs_no_account(tmp_path, monkeypatch):
    for name, value in nobody(tmp_path).items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name.startswith("WANDB")]:
        monkeypatch.delenv(name)
    done = in_this_process("--dry-run", tmp_path / "new/specs.json")
    assert done.exit_code == 0, done.output
    assert set(json.loads((tmp_path / "new/specs.json").read_text())) == {"workspace", "report"}
    assert in_this_process("--sweep", "me/cryoice/ab12", "--dry-run", tmp_path / "s.json").exit_code == 0
    assert '"value": "ab12"' in json.dumps(json.loads((tmp_path / "s.json").read_text()))
