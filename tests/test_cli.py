import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cryoice import __version__
from cryoice.cli import app
from entry_builder import write_entry

REAL = Path(__file__).parents[2] / "shared/data/cryoppp"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_version_is_the_packages():
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout == f"cryoice {__version__}\n"


def test_no_command_shows_the_help():
    assert "check" in run().output


def test_the_help_of_check_has_an_example():
    result = run("check", "--help")
    assert result.exit_code == 0
    assert "cryoice check data/cryoppp --entries 10061,10146" in result.stdout


def test_the_command_line_starts_without_anything_heavy():
    heavy = {"torch", "numpy", "scipy", "pandas", "mrcfile", "PIL", "matplotlib"}
    code = "import sys, cryoice.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert heavy & set(loaded.split()) == set()


def test_a_sound_entry_passes(tmp_path):
    write_entry(tmp_path / "10000")
    result = run("check", tmp_path)
    assert result.exit_code == 0
    assert "75 GOOD, 30 BAD" in result.stdout
    assert result.stdout.splitlines()[-1] == "10000: fine"
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_wrong_frame_fails_and_is_named(tmp_path):
    write_entry(tmp_path / "10000", frame="top")
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert 'trouble: 10000: the picks fit frame "top"' in result.stdout
    assert run("check", tmp_path, "--frame", "top").exit_code == 0


def test_several_entries_end_in_a_table_of_verdicts(tmp_path):
    write_entry(tmp_path / "10000")
    write_entry(tmp_path / "10001", frame="flip_x")
    result = run("check", tmp_path)
    assert result.exit_code == 1
    verdicts = result.stdout[result.stdout.index("verdict") :]
    assert "10000 │ fine" in verdicts
    assert "10001 │ 1 to mend" in verdicts
    assert run("check", tmp_path, "--entries", "10000").exit_code == 0


def test_an_unreadable_micrograph_is_named_and_fails(tmp_path):
    folder = write_entry(tmp_path / "10000")
    (folder / "micrographs/m1.mrc").write_text("<?xml version='1.0'?>")
    result = run("check", folder)
    assert result.exit_code == 1
    assert "1 unusable" in result.stdout
    assert "m1.mrc: holds an XML or HTML page, a download error; fetch the file again" in result.stdout


def test_an_entry_without_micrographs_fails_and_the_others_are_shown(tmp_path):
    (tmp_path / "10000/micrographs").mkdir(parents=True)
    write_entry(tmp_path / "10001")
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "10000/micrographs: no micrographs; fetch them" in result.stdout
    verdicts = result.stdout[result.stdout.index("verdict") :]
    assert "10000 │ 1 to mend" in verdicts
    assert "10001 │ fine" in verdicts


def test_micrographs_without_pick_files_pass_with_a_note(tmp_path):
    folder = write_entry(tmp_path / "10000")
    (folder / "ground_truth/particle_coordinates/m1.csv").unlink()
    (folder / "ground_truth/false_positives/m1_false_positives.csv").unlink()
    result = run("check", folder)
    assert result.exit_code == 0
    assert "note: 10000: no pick file for m1" in result.stdout


def test_an_unknown_pixel_size_fails_until_it_is_given(tmp_path):
    write_entry(tmp_path / "10000", pixel_size=0.0)
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "data.pixel_sizes={10000:...}" in result.stdout
    assert run("check", tmp_path, "--angpix", "10").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere: no such folder"),
        ((".", "--entries", "10009"), "no entry 10009; there are 10000"),
        ((".", "--frame", "up"), "data.frame=up: unknown; choose one of auto"),
        ((".", "--angpix", "0"), "10000: pixel size 0 Å/px is impossible"),
    ],
)
def test_a_fault_is_one_line_on_the_error_stream(tmp_path, monkeypatch, arguments, said):
    write_entry(tmp_path / "10000", count=1)
    monkeypatch.chdir(tmp_path)
    result = run("check", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real entries")
def test_the_real_entry_passes():
    result = run("check", REAL)
    assert result.exit_code == 0
    assert "3259 GOOD, 3259 BAD" in result.stdout
    assert "84 px = 126 Å" in result.stdout
