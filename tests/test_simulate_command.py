import errno
import json
import os

import numpy as np
import pytest
import starfile
from PIL import Image
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.files.cryoppp import find_entries
from cryoice.simulate import dataset
from cryoice.simulate.presets import PRESETS
from marked_micrograph import simulate_marked

SMALL = ("--size", "256x300", "--angpix", "4", "--jobs", "1")


def run(*arguments):
    return CliRunner().invoke(app, ["simulate", *(str(argument) for argument in arguments)])


@pytest.fixture
def _quick(monkeypatch):
    monkeypatch.setattr(dataset, "simulate_micrograph", simulate_marked)


@pytest.mark.usefixtures("_quick")
def test_the_help_has_an_example_that_works_and_names_the_presets(tmp_path, monkeypatch):
    told = " ".join(run("--help").stdout.replace("│", " ").split())
    assert "cryoice simulate -o coarse -n 100 --angpix 4 --size 1024x1024" in told
    assert all(name in told for name in PRESETS)
    monkeypatch.chdir(tmp_path)
    assert (
        run("-o", "coarse", "-n", "2", "--angpix", "4", "--size", "1024x1024", "--jobs", "1").exit_code == 0
    )


def test_simulated_micrographs_come_with_everything_that_was_promised(tmp_path):
    result = run(
        "-o", tmp_path / "sim", "-n", "3", "--seed", "5", "--size", "256", "--angpix", "6", "--jobs", "1"
    )
    assert result.exit_code == 0, result.output
    assert result.stderr == ""  # no bar where there is no terminal
    sim = tmp_path / "sim"
    names = [micrograph.name for entry in find_entries(sim) for micrograph in entry.micrographs]
    assert len(names) == 3
    assert len(starfile.read(sim / "micrographs.star")["micrographs"]) == 3
    assert len(starfile.read(sim / "particles.star")["particles"]) > 0
    assert len(list(sim.glob("*/ground_truth/masks/*.mrc"))) == 3
    assert json.loads((sim / "dataset.json").read_text())["settings"]["seed"] == 5
    with Image.open(sim / "contact_sheet.png") as sheet:
        assert np.asarray(sheet.convert("L")).std() > 10


@pytest.mark.usefixtures("_quick")
def test_flags_take_the_place_of_the_preset_s_settings(tmp_path):
    result = run(
        "-o", tmp_path / "a", "-n", "3", "--preset", "embedded", "--seed", "7", "--size", "256x300",
        "--angpix", "4", "--protein", "rod", "--protein", "ring", "--jobs", "1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    manifest = json.loads((tmp_path / "a/dataset.json").read_text())
    settings = manifest["settings"]
    assert (manifest["micrographs"], settings["seed"], settings["pixel_size"]) == (3, 7, 4.0)
    assert (settings["size"], settings["proteins"]) == ([256, 300], ["rod", "ring"])
    assert [entry.name for entry in find_entries(tmp_path / "a")] == ["synthetic-ring", "synthetic-rod"]


@pytest.mark.usefixtures("_quick")
def test_one_number_is_the_side_of_a_square(tmp_path):
    assert run("-o", tmp_path / "a", "-n", "1", "--size", "320", "--jobs", "1").exit_code == 0
    assert json.loads((tmp_path / "a/dataset.json").read_text())["settings"]["size"] == [320, 320]


@pytest.mark.usefixtures("_quick")
def test_a_finished_folder_is_left_alone_and_said_to_be_there(tmp_path):
    first = run("-o", tmp_path / "a", "-n", "2", *SMALL)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = run("-o", tmp_path / "a", "-n", "2", *SMALL)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_after_ctrl_c_it_says_what_is_done_and_the_same_command_continues(tmp_path, monkeypatch):
    made = []

    def stopped_at_the_third(*arguments):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(arguments)
        return simulate_marked(*arguments)

    monkeypatch.setattr(dataset, "simulate_micrograph", stopped_at_the_third)
    result = run("-o", tmp_path / "a", "-n", "4", *SMALL)
    assert result.exit_code == 130
    assert result.stderr == "stopped: 2 of 4 micrographs are done; the same command continues\n"
    assert not list(tmp_path.rglob(".partial*"))
    monkeypatch.setattr(dataset, "simulate_micrograph", simulate_marked)
    before = sorted(tmp_path.rglob("*.mrc"))
    times = [path.stat().st_mtime_ns for path in before]
    assert run("-o", tmp_path / "a", "-n", "4", *SMALL).exit_code == 0
    assert [path.stat().st_mtime_ns for path in before] == times
    assert run("-o", tmp_path / "b", "-n", "4", *SMALL).exit_code == 0
    for path in (tmp_path / "b").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "a" / path.relative_to(tmp_path / "b")).read_bytes()


@pytest.mark.usefixtures("_quick")
def test_a_lost_contact_sheet_is_drawn_again(tmp_path):
    run("-o", tmp_path / "a", "-n", "2", *SMALL)
    (tmp_path / "a/contact_sheet.png").unlink()
    assert run("-o", tmp_path / "a", "-n", "2", *SMALL).exit_code == 0
    assert (tmp_path / "a/contact_sheet.png").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--size", "0x100"), "--size: 0 must be a whole number of at least 256"),
        (("--size", "abc"), "--size: abc is no size; write HxW in px, such as 4096x4096"),
        (("--size", "100"), "--size: 100 must be a whole number of at least 256"),
        (("--size", "512x-3"), "--size: 512x-3 is no size"),
        (("--size", "20001x512"), "--size: 20001x512 is too large; at most 20000 px a side"),
        (("--angpix", "0"), "--angpix: 0.0 must be a number from 0.2 to 10"),
        (("--angpix", "10.5"), "--angpix: 10.5 must be a number from 0.2 to 10"),
        (("--angpix", "nan"), "--angpix: nan must be a number"),
        (("--preset", "nope"), f"preset nope: is unknown; choose from {', '.join(PRESETS)}"),
        (("--protein", "nope"), "--protein: nope is unknown; choose from"),
        (("--micrographs", "0"), "--micrographs: 0 must be a whole number of at least 1"),
        (("--jobs", "0"), "--jobs: 0 must be a whole number of at least 1"),
        (("--seed", "-1"), "--seed: -1 must be a whole number of at least 0"),
    ],
)
def test_a_wrong_flag_is_one_line_that_names_it(arguments, said, tmp_path):
    result = run("-o", tmp_path / "sim", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {said}")
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("_quick")
def test_a_folder_that_cannot_be_used_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("")
    assert run("-o", tmp_path / "done", "-n", "1", *SMALL).exit_code == 0
    for folder, arguments, said in (
        ("file", (), "file: is a file, not a folder; choose another name"),
        ("file/below", (), "cannot be written (Not a directory); choose another folder"),
        ("full", (), "full: holds other files; choose a new or an empty folder"),
        ("done", ("--seed", "3"), "done: holds a data set of seed 0, not 3; choose another folder"),
    ):
        result = run("-o", tmp_path / folder, "-n", "1", *SMALL, *arguments)
        assert result.exit_code == 1
        assert said in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def full_disk(*arguments, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    ("function", "named"),
    [
        ("mrcfile.new", "globular-0000.mrc"),
        ("matplotlib.figure.Figure.savefig", "contact_sheet.png"),
    ],
)
def test_a_full_disk_is_one_line_that_names_the_file(function, named, tmp_path, monkeypatch):
    monkeypatch.setattr(function, full_disk)
    result = run("-o", tmp_path / "a", "-n", "1", "--protein", "globular", *SMALL)
    assert result.exit_code == 1
    assert f"{named}: cannot be written (No space left on device); make room" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_too_little_memory_is_one_line(tmp_path, monkeypatch):
    def greedy(*arguments):
        raise MemoryError

    monkeypatch.setattr(dataset, "simulate_micrograph", greedy)
    result = run("-o", tmp_path / "a", "-n", "1", *SMALL)
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (1, 1)
    assert "--jobs: 1 at once need more memory; set fewer, or a smaller --size" in result.stderr
