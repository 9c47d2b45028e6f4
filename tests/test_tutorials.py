"""The tutorials in ``docs/`` do what they say: every command block runs, in order, where its reader works.

To add a tutorial: a line in `TUTORIALS` that names the file and the fixture (here or in ``conftest.py``) that
returns the folder in which its reader begins: small and coarse, so that each command takes no time. The
fixture ``simulated`` has micrographs, picks and masks for it.

What runs is what stands between fences without a language or with ``bash``, a line at a time (a backslash
joins lines), and between fences with ``python``. Any other language (``text``, ``star``) is only shown.
``cryoice ...``, ``python train.py`` and ``python evaluate.py`` run in this process, any other line in bash,
and all must end with status 0, or with that of a comment behind the line: ``# exits with 2``. A fixture may
bring what a tutorial needs of other programs.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.relion_project import write_project
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.files.corrections import Corrections
from cryosparc_project import write_cryosparc_project
from tutorial_folders import cryoppp_reader, own_micrographs, run_python
from watch_session import write_session

DOCS = Path(__file__).parents[1] / "docs"
TUTORIALS = {
    "relion.md": "relion_project",
    "own_labels.md": "own_labels",
    "cryoppp.md": "cryoppp",
    "many_machines.md": "relion_project",
    "cryosparc.md": "cryosparc_project",
    "watch.md": "session",
}

FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
STATUS = re.compile(r"#.*exits with (\d+)")
FOR_BASH = re.compile(r"[|&;<>$`]")


@pytest.fixture
def relion_project(simulated, tmp_path):
    return write_project(simulated, tmp_path / "project")


@pytest.fixture
def cryosparc_project(simulated, tmp_path):
    return write_cryosparc_project(simulated, tmp_path / "project")


@pytest.fixture
def session(tmp_path, monkeypatch):
    return write_session(tmp_path / "session", monkeypatch)


@pytest.fixture
def own_labels(simulated, tmp_path, monkeypatch):
    return own_micrographs(simulated, tmp_path / "own", monkeypatch)


@pytest.fixture
def cryoppp(tmp_path, monkeypatch):
    yield from cryoppp_reader(tmp_path, monkeypatch)


def blocks(name):
    """Language and text of each block that runs."""
    found = FENCE.findall((DOCS / name).read_text("utf-8"))
    return [(language, text) for language, text in found if language in ("", "bash", "python")]


def commands(text):
    """Lines of a block that are commands, each with the status that it ends with."""
    lines = text.replace("\\\n", " ").splitlines()
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            told = STATUS.search(line)
            yield line, int(told[1]) if told else 0


def matching(word, line):
    """Return the names here that a word with ``*`` stands for where it has no quotes, or the word."""
    open_to_the_shell = "*" in word and f"'{word}'" not in line
    return (sorted(map(str, Path().glob(word))) or [word]) if open_to_the_shell else [word]


def run(line):
    """Return status and output of a command line, run in the current folder."""
    words = shlex.split(line, comments=True)
    if words[0] == "python":
        return run_python(words[1:])
    if words[0] == "cryoice" and not FOR_BASH.search(line.partition("#")[0]):
        given = [name for word in words[1:] for name in matching(word, line)]
        done = CliRunner().invoke(app, given)
        return done.exit_code, done.output + repr(done.exception or "")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line], env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", TUTORIALS)
def test_every_command_of_a_tutorial_runs(name, request, monkeypatch):
    monkeypatch.chdir(request.getfixturevalue(TUTORIALS[name]))
    assert blocks(name)
    for language, text in blocks(name):
        if language == "python":
            exec(compile(text, name, "exec"), {})
            continue
        for line, expected in commands(text):
            status, output = run(line)
            assert status == expected, f"{line}\n{output}"


@pytest.mark.parametrize("name", TUTORIALS)
def test_every_link_of_a_tutorial_leads_somewhere(name):
    links = re.findall(r"\]\((?!https?://)([^)#]+)", (DOCS / name).read_text("utf-8"))
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_the_corrections_that_a_tutorial_shows_can_be_followed(tmp_path):
    text = (DOCS / "own_labels.md").read_text("utf-8")
    [shown] = re.findall(r"```text\n(micrograph,stem,kind.*?)```", text, re.DOTALL)
    (tmp_path / "corrections.csv").write_text(shown)
    found = Corrections.read(tmp_path / "corrections.csv")
    assert found.faults == ()
    assert len(found.actions) == 4
