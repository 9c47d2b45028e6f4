import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import bright_blocks
from bright_blocks import brightness_model, write_micrographs
from cryoice.files.recorded_outputs import RECORDS_FOLDER
from cryoice.mask import model as model_module
from cryoice.project.watch_run import WatchRun
from cryoice.watch_command import watch

app = typer.Typer()
app.command()(watch)

ONCE = ("--settle", "0", "--stop-after", "0")
OPTICS = ("--kV", "300", "--Cs", "2.7", "--Q0", "0.1")


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def _quick_model(monkeypatch):
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())


def summary(folder):
    with (folder / "summary.csv").open(newline="") as stream:
        return [row["stem"] for row in csv.DictReader(stream)]


def test_the_help_shows_examples_and_how_it_ends():
    told = " ".join(run("--help").stdout.replace("│", " ").split())
    assert "cryoice watch MotionCorr/job002/corrected_micrographs.star -o masks" in told
    assert "130 after Ctrl-C, 143 after SIGTERM" in told


def test_what_is_there_is_masked_and_the_same_command_continues(tmp_path):
    write_micrographs(tmp_path / "in/Grid_1", 2)
    words = (tmp_path / "in", "-o", tmp_path / "out", "--recursive", *ONCE, *OPTICS)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{tmp_path / 'out'}: 2 masked; summary.csv, micrographs.star")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("m0*")}
    assert len(written) == 6
    assert (tmp_path / "out/watch.png").stat().st_size > 10_000
    (path,) = write_micrographs(tmp_path / "more", 1)
    path.rename(tmp_path / "in/m02.mrc")
    assert run(*words).exit_code == 0
    assert summary(tmp_path / "out") == ["m00", "m01", "m02"]
    assert {path: path.stat().st_mtime_ns for path in written} == written
    log = (tmp_path / "out/watch.log").read_text().splitlines()
    assert sum(" masked " in line for line in log) == 3


def test_what_is_doubtful_is_told_once(tmp_path):
    write_micrographs(tmp_path / "in", 2, pixel_size=1.0, side=(300, 300))
    result = run(tmp_path / "in", "-o", tmp_path / "out", *ONCE)
    optics, size = result.stderr.splitlines()
    assert optics.startswith("warning: micrographs.star says --kV 300, --Cs 2.7, --Q0 0.1, which nobody gave")
    folder, others = size.removeprefix("warning: ").split(", and maybe others: ")  # whichever was done first
    assert Path(folder) in (tmp_path / "in/m00.mrc", tmp_path / "in/m01.mrc")
    assert others.startswith("the header")


def test_a_star_file_s_list_keeps_its_columns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "in", 1)
    Path("list.star").write_text(
        "data_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\nin/m00.mrc 12000.10\n"
    )
    assert run("list.star", "-o", "out", *ONCE).exit_code == 0
    assert "in/m00.mrc 12000.10 " in Path("out/micrographs.star").read_text()
    assert "in/m00.mrc 12000.10 " in Path("out/accepted.star").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("in", "--jobs", "0"), "--jobs: 0 must be"),
        (("in", "--settle", "-1"), "--settle: -1 must be 0 or more"),
        (("in", "--stop-after", "nan"), "--stop-after: nan must be 0 or more"),
        (("in", "--angpix", "0"), "--angpix: 0 Å/px is impossible"),
        (("in", "--on-warning", "no-such-program"), "--on-warning: 'no-such-program': no such program"),
        (("in/m00.mrc",), "in/m00.mrc: is no folder and no STAR file"),
        (("list.star", "--recursive"), "--pattern, --exclude, --recursive: list.star lists its micrographs"),
        (("list.star", "--kV", "300"), "--kV, --Cs, --Q0: list.star tells of the optics itself"),
        (("out",), "out: holds masks; choose another folder"),
        (("out/micrographs.star",), "out: holds micrographs.star itself"),
    ],
)
def test_a_wrong_flag_is_one_line_and_nothing_is_written(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "in", 1)
    result = run("-o", "out", *ONCE, *words)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {said}")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_watch_that_runs_keeps_others_out_and_one_that_is_killed_goes_on_where_it_was(
    tmp_path, monkeypatch
):
    write_micrographs(tmp_path / "in", 3)
    words = [sys.executable, bright_blocks.__file__, "0.2", "watch", "in", "-o", "out", "--jobs", "1"]
    records = tmp_path / "out" / RECORDS_FOLDER
    with subprocess.Popen([*words, "--settle", "0.2"], cwd=tmp_path) as process:
        wait_for(lambda: list(records.glob("*.json")), process)
        refused = run(tmp_path / "in", "-o", tmp_path / "out", *ONCE)
        process.kill()
    assert "another cryoice is at work there" in refused.stderr
    before = {path: path.stat().st_mtime_ns for path in records.glob("*.json")}
    assert 1 <= len(before) < 3
    monkeypatch.chdir(tmp_path)
    assert run("in", "-o", "out", *ONCE).exit_code == 0
    assert summary(tmp_path / "out") == ["m00", "m01", "m02"]
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_exit_status_tells_the_signal(number, tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 1)
    monkeypatch.setattr(WatchRun, "run", lambda self, *, interval: number)
    result = run(tmp_path / "in", "-o", tmp_path / "out", *OPTICS)
    assert result.exit_code == 128 + number
    assert result.stderr == f"stopped by {number.name}: 0 masked, 0 waiting; the same command continues\n"


def wait_for(there, process):
    deadline = time.monotonic() + 120
    while not there():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


HEAD = "data_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n"


@pytest.fixture
def followed(tmp_path, monkeypatch):
    """Return a list of two that a watch has followed to its end, in the current folder, and its bytes."""
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "in", 2)
    path = Path("list.star")
    path.write_text(HEAD + "in/m00.mrc 1.0\nin/m01.mrc 2.0\n")
    assert run(path, "-o", "out", *ONCE, "--max-bad", "1").exit_code == 0
    return path


def kept():
    return {
        name: Path("out", name).read_bytes() for name in ("accepted.star", "micrographs.star", "summary.csv")
    }


@pytest.mark.parametrize("text", [None, HEAD[:-9], HEAD])
def test_a_watch_begun_again_without_its_list_leaves_all_lists_and_ends_with_1(text, followed):
    before = kept()
    if text is None:
        followed.unlink()
    else:
        followed.write_text(text)
    result = run(followed, "-o", "out", *ONCE, "--max-bad", "1")
    assert result.exit_code == 1
    assert kept() == before
    assert b"in/m01.mrc 2.0 " in before["accepted.star"]
    assert result.stdout == "out: 0 masked; list.star was never read, the lists are as they were\n"


def test_with_no_time_to_wait_a_list_without_a_last_line_end_is_masked_all_the_same(followed, monkeypatch):
    followed.write_text(HEAD + "in/m00.mrc 1.0\nin/m01.mrc 2.0")
    result = run(followed, "-o", "anew", "--settle", "0.2", "--stop-after", "0")
    assert (result.exit_code, result.stderr) == (
        0,
        "list.star: is being written; waiting for it\nit is there now\n",
    )
    assert summary(Path("anew")) == ["m00", "m01"]
