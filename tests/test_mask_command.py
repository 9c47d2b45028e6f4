import csv
import errno
import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import starfile
import tifffile
import typer
from PIL import Image
from typer.testing import CliRunner

import bright_blocks
from bright_blocks import BLOCK, brightness_model, noise_with_block, write_micrographs
from cryoice.files.micrograph import write_mrc
from cryoice.files.mrc import read_mrc
from cryoice.mask import model as model_module
from cryoice.mask_command import mask
from cryoice.project import mask_batch, mask_one
from cryoice.project.mask_folder import MaskFolder

app = typer.Typer()
app.command()(mask)

SHAPE = (40, 45)
EXPECTED = np.zeros(SHAPE)
EXPECTED[BLOCK] = 2
LISTS = ("summary.csv", "micrographs.star")
NO_OPTICS = (
    "warning: micrographs.star says --kV 300, --Cs 2.7, --Q0 0.1, which nobody gave; "
    "only RELION's CTF jobs need them"
)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def _quick_model(monkeypatch):
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())


def summary(folder):
    with (folder / "summary.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def failures(folder):
    with (folder / "failures.csv").open(newline="") as stream:
        return dict(list(csv.reader(stream))[1:])


def times(folder):
    """When each output of a micrograph was written."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("m[0-9]*.*")}


def outputs(folder):
    """Bytes of all outputs by name; records hold times and places, and so do not belong to them."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_help_shows_examples_and_what_the_numbers_mean():
    told = " ".join(run("--help").stdout.replace("│", " ").split())
    assert "cryoice mask CtfFind/job003/micrographs_ctf.star -o masks" in told
    assert "0 clean, 1 crystalline, 2 contamination, 3 support, 4 other, 255 no data" in told


def test_a_folder_becomes_masks_pictures_and_lists(tmp_path):
    write_micrographs(tmp_path / "in", 3)
    result = run(tmp_path / "in", "-o", tmp_path / "out", "--max-bad", "0.01")
    assert result.exit_code == 0, result.output
    assert result.stderr == f"{NO_OPTICS}\n"  # no bar where there is no terminal
    stems = ["m00", "m01", "m02"]
    wanted = {f"{stem}{end}" for stem in stems for end in ("_mask.mrc", "_score.mrc", ".png")} | set(LISTS)
    assert set(outputs(tmp_path / "out")) == wanted
    rows = summary(tmp_path / "out")
    assert [row["stem"] for row in rows] == stems
    first = rows[0]
    assert first["micrograph"] == str(tmp_path / "in/m00.mrc")
    assert (first["height"], first["width"], first["angpix"]) == ("40", "45", "8.0")
    assert (first["mask"], first["score"]) == ("m00_mask.mrc", "m00_score.mrc")
    assert float(first["contamination"]) == float(first["bad"]) == round(120 / 1800, 5)
    assert [first[name] for name in ("unsure", "unsure_from", "unsure_to")] == ["0.0", "0.3", "0.7"]
    assert (first["iciness"], first["ring_density"], first["verdict"]) == ("", "", "bad")
    assert (first["model"], first["views"]) == ("0" * 12, "context")
    shown = result.stdout
    assert [line.split()[-2] for line in shown.splitlines() if "bad" in line] == ["3"]
    assert "6.7 %" in shown
    assert "3 of 3 by context alone: pixels coarser than 1.72 Å" in shown


def test_without_a_star_file_the_list_is_one_that_relion_reads(tmp_path):
    for name, size in (("a", 8.0), ("b", 7.5), ("c", 8.0)):
        write_mrc(tmp_path / f"{name}.mrc", noise_with_block(), pixel_size=size)
    result = run(tmp_path, "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, f"{NO_OPTICS}\n")
    found = starfile.read(tmp_path / "out/micrographs.star", always_dict=True)
    assert found["optics"].to_dict("list") == {
        "rlnOpticsGroupName": ["opticsGroup1", "opticsGroup2"],
        "rlnOpticsGroup": [1, 2],
        "rlnMicrographPixelSize": [8.0, 7.5],
        "rlnVoltage": [300.0, 300.0],
        "rlnSphericalAberration": [2.7, 2.7],
        "rlnAmplitudeContrast": [0.1, 0.1],
    }
    table = found["micrographs"]
    assert table["rlnMicrographName"].tolist() == [str(tmp_path / f"{name}.mrc") for name in "abc"]
    assert table["rlnOpticsGroup"].tolist() == [1, 2, 1]
    assert table["cryoiceBadFraction"].tolist() == table["cryoiceContaminationFraction"].tolist()
    assert table["cryoiceBadFraction"][0] == pytest.approx(120 / 1800, abs=1e-5)
    assert table["cryoiceUnsureFraction"].tolist() == [0.0] * 3
    assert table["cryoiceVerdict"].tolist() == ["good"] * 3
    assert table["cryoiceViews"].tolist() == ["context"] * 3
    assert "rlnCtfIceRingDensity" not in table
    assert table["cryoiceRingDensity"].isna().all()


def test_the_lists_tell_where_the_spectra_counted(tmp_path):
    for name, size in (("fine", 1.6), ("coarse", 1.8)):
        array = np.random.default_rng(0).normal(size=(200, 210)).astype(np.float32)
        write_mrc(tmp_path / f"{name}.mrc", array, pixel_size=size)
    result = run(tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "1 of 2 by context alone: pixels coarser than 1.72 Å" in result.stdout
    told = {row["stem"]: row["views"] for row in summary(tmp_path / "out")}
    assert told == {"fine": "context+spectrum", "coarse": "context"}


def test_the_band_of_doubt_is_told_in_the_lists_and_found_again_and_a_new_one_masks_anew(tmp_path):
    write_micrographs(tmp_path / "in", 1)
    for number, (words, band) in enumerate(
        ((("--threshold", "0.4"), (0.24, 0.56)), (("--unsure", "0.5"), (0, 1)))
    ):
        result = run(tmp_path / "in", "-o", tmp_path / "out", *words)
        assert result.exit_code == 0, result.output
        table = starfile.read(tmp_path / "out/micrographs.star", always_dict=True)["micrographs"]
        assert table["cryoiceUnsureFraction"].tolist() == [float(number)]
        assert MaskFolder.read(tmp_path / "out").masked[0].unsure == band
    assert "100.0 %" in result.stdout
    refused = run(tmp_path / "in", "-o", tmp_path / "out", "--unsure", "0.6")
    assert refused.stderr.startswith("error: --unsure: 0.6 must be from 0 to 0.5")


def test_optics_that_are_given_stand_in_the_list_and_what_is_not_is_told(tmp_path):
    write_micrographs(tmp_path / "in", 1)
    result = run(tmp_path / "in", "-o", tmp_path / "out", "--kV", "200", "--Cs", "1.4")
    (optics,) = starfile.read(tmp_path / "out/micrographs.star", always_dict=True)["optics"].to_dict(
        "records"
    )
    assert (optics["rlnVoltage"], optics["rlnSphericalAberration"]) == (200.0, 1.4)
    assert result.stderr.startswith("warning: micrographs.star says --Q0 0.1, which nobody gave;")
    given = ("--kV", "200", "--Cs", "1.4", "--Q0", "0.07")
    again = run(tmp_path / "in", "-o", tmp_path / "out", *given)
    assert again.stderr == ""
    assert "of them done before" in again.stdout
    (optics,) = starfile.read(tmp_path / "out/micrographs.star", always_dict=True)["optics"].to_dict(
        "records"
    )
    assert optics["rlnAmplitudeContrast"] == 0.07
    (tmp_path / "list.star").write_text(f"data_\n\nloop_\n_rlnMicrographName #1\n{tmp_path}/in/m00.mrc\n")
    refused = run(tmp_path / "list.star", "-o", tmp_path / "out", *given)
    assert refused.stderr.startswith(f"error: --kV, --Cs, --Q0: {tmp_path / 'list.star'} tells of the optics")


STAR = """
# written by hand
data_optics

loop_
_rlnOpticsGroup #1
_rlnMicrographPixelSize #2
_rlnVoltage #3
1   8.000   300.0

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_rlnDefocusU #3
in/m02.mrc   1   12000.10
in/gone.mrc  1   13000.20   # lost
in/m00.mrc   1   11000.30
"""


def test_a_relion_list_keeps_its_blocks_rows_and_names(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 3)
    (tmp_path / "list.star").write_text(STAR)
    monkeypatch.chdir(tmp_path)
    result = run("list.star", "-o", "out")
    assert result.exit_code == 1
    text = (tmp_path / "out/micrographs.star").read_text()
    before = STAR.partition("in/m02.mrc")[0]
    assert text.startswith(before)
    rows = [line.split() for line in text[len(before) :].splitlines() if line.startswith("in/")]
    assert [row[:3] for row in rows] == [["in/m02.mrc", "1", "12000.10"], ["in/m00.mrc", "1", "11000.30"]]
    assert [row["micrograph"] for row in summary(tmp_path / "out")] == ["in/m02.mrc", "in/m00.mrc"]
    assert list(failures(tmp_path / "out")) == ["in/gone.mrc"]
    assert "in/gone.mrc: list.star lists it, but there is no such file" in result.stderr.splitlines()[0]


@pytest.mark.parametrize("suffix", [".mrc", ".mrc.gz", ".tif", ".png"])
def test_a_mask_runs_row_for_row_as_its_micrograph_does(suffix, tmp_path):
    array = noise_with_block()
    bytes_ = np.clip(128 + 8 * array, 0, 255).astype(np.uint8)
    path = tmp_path / f"m{suffix}"
    if suffix == ".png":
        Image.fromarray(bytes_).save(path)
    elif suffix == ".tif":
        tifffile.imwrite(path, array)
    else:
        write_mrc(tmp_path / "m.mrc", array, pixel_size=8.0)
        if suffix == ".mrc.gz":
            path.write_bytes(gzip.compress((tmp_path / "m.mrc").read_bytes()))
    assert run(path, "-o", tmp_path / "out", "--angpix", "8").exit_code == 0
    found, size = read_mrc(tmp_path / "out/m_mask.mrc")
    np.testing.assert_array_equal(found, EXPECTED)
    assert size == 8.0
    with Image.open(tmp_path / "out/m.png") as picture:  # row 0 at the top: the block is left of the middle
        assert picture.width > 500


def test_a_mask_of_full_size_has_the_micrograph_s_shape_and_pixel_size(tmp_path):
    fine = np.kron(noise_with_block(), np.ones((2, 2), dtype=np.float32))
    fine += np.random.default_rng(1).normal(size=fine.shape, scale=0.1).astype(np.float32)
    write_mrc(tmp_path / "m.mrc", fine, pixel_size=4.0)
    assert run(tmp_path / "m.mrc", "-o", tmp_path / "out", "--full-size").exit_code == 0
    found, size = read_mrc(tmp_path / "out/m_mask.mrc")
    score, score_size = read_mrc(tmp_path / "out/m_score.mrc")
    assert (found.shape, size) == ((80, 90), 4.0)
    assert (score.shape, score_size) == (SHAPE, 8.0)
    assert found[24, 58] == 2
    assert found[70, 20] == 0


def test_an_ice_map_lies_over_its_mask(tmp_path):
    array = np.random.default_rng(0).normal(size=(800, 640)).astype(np.float32)
    row, column = np.mgrid[:400, :320]
    array[:400, :320] += 2 * np.cos(2 * np.pi * (0.6 * row + 0.8 * column) / 3.67)  # ice, top left
    write_mrc(tmp_path / "m.mrc", array, pixel_size=1.0)
    assert run(tmp_path / "m.mrc", "-o", tmp_path / "out", "--angpix", "1").exit_code == 0
    ice, size = read_mrc(tmp_path / "out/m_ice.mrc")
    assert (ice.shape, size) == ((100, 80), 8.0)
    assert ice[20, 16] > 5
    assert ice[80, 64] < 3
    (row,) = summary(tmp_path / "out")
    assert float(row["iciness"]) > 0
    assert float(row["ring_density"]) > 0
    table = starfile.read(tmp_path / "out/micrographs.star", always_dict=True)["micrographs"]
    assert table["cryoiceRingDensity"][0] == pytest.approx(float(row["ring_density"]))


def test_what_is_done_is_left_alone_and_listed_again(tmp_path):
    paths = write_micrographs(tmp_path / "in", 4)
    assert run(*paths[:2], "-o", tmp_path / "out").exit_code == 0
    before = times(tmp_path / "out")
    again = run(*paths, "-o", tmp_path / "out")
    assert again.exit_code == 0
    assert {path: time for path, time in times(tmp_path / "out").items() if path in before} == before
    assert [row["stem"] for row in summary(tmp_path / "out")] == ["m00", "m01", "m02", "m03"]
    done = [line.split()[-2] for line in again.stdout.splitlines() if "done before" in line]
    assert done == ["2"]


@pytest.mark.parametrize(
    "flags",
    [("--threshold", "0.6"), ("--angpix", "7.9"), ("--full-size",), ("--no-overlay",)],
)
def test_another_setting_does_all_again(flags, tmp_path):
    write_micrographs(tmp_path / "in", 2)
    run(tmp_path / "in", "-o", tmp_path / "out")
    before = times(tmp_path / "out")
    assert run(tmp_path / "in", "-o", tmp_path / "out", *flags).exit_code == 0
    after = times(tmp_path / "out")
    assert all(after.get(path) != then for path, then in before.items())
    pictures = {path for path in after if path.suffix == ".png"}
    assert bool(pictures) == ("--no-overlay" not in flags)


def test_another_network_does_all_again(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 1)
    run(tmp_path / "in", "-o", tmp_path / "out")
    before = times(tmp_path / "out")
    other = brightness_model(digest="1" * 12)
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: other)
    run(tmp_path / "in", "-o", tmp_path / "out")
    assert all(after != before[path] for path, after in times(tmp_path / "out").items())


def test_a_changed_micrograph_and_a_lost_output_are_done_again_alone(tmp_path):
    paths = write_micrographs(tmp_path / "in", 3)
    run(tmp_path / "in", "-o", tmp_path / "out")
    before = times(tmp_path / "out")
    write_mrc(paths[0], noise_with_block(seed=9), pixel_size=8.0)
    (tmp_path / "out/m01_score.mrc").unlink()
    run(tmp_path / "in", "-o", tmp_path / "out")
    after = times(tmp_path / "out")
    assert {path.name[:3] for path, then in before.items() if after[path] != then} == {"m00", "m01"}


def test_one_job_and_two_give_the_same_bytes(tmp_path):
    write_micrographs(tmp_path / "in", 5)
    for jobs in ("1", "2"):
        assert run(tmp_path / "in", "-o", tmp_path / jobs, "--jobs", jobs).exit_code == 0
    assert outputs(tmp_path / "1") == outputs(tmp_path / "2")


def test_bad_input_is_a_line_each_and_the_rest_is_done(tmp_path):
    folder = tmp_path / "in"
    good, truncated, web = write_micrographs(folder, 3)
    truncated.write_bytes(truncated.read_bytes()[:5000])
    web.write_text("<?xml version='1.0'?><Error/>")
    (folder / "empty.mrc").write_bytes(b"")
    write_mrc(folder / "nan.mrc", np.full(SHAPE, np.nan, dtype=np.float32), pixel_size=8.0)
    write_mrc(folder / "unset.mrc", noise_with_block(), pixel_size=0.0)
    (folder / "notes.txt").write_text("")
    given = [*sorted(folder.iterdir()), tmp_path / "gone.mrc"]
    result = run(*given, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert [row["stem"] for row in summary(tmp_path / "out")] == ["m00"]
    reasons = failures(tmp_path / "out")
    said = {
        folder / "m01.mrc": "truncated",
        folder / "m02.mrc": "a download error",
        folder / "empty.mrc": "",
        folder / "nan.mrc": "no pixel is a number",
        folder / "unset.mrc": "its header tells no pixel size; give --angpix",
        folder / "notes.txt": "not a micrograph",
        tmp_path / "gone.mrc": "no such file",
    }
    assert set(reasons) == {str(path) for path in said}
    lines = result.stderr.splitlines()
    for path, part in said.items():
        assert part in reasons[str(path)]
        assert f"{path}: {reasons[str(path)]}" in lines
    assert "7 to mend" in result.stderr
    (tmp_path / "out/failures.csv").touch()
    assert run(good, "-o", tmp_path / "out").exit_code == 0
    assert not (tmp_path / "out/failures.csv").exists()


def test_a_fault_of_ours_costs_one_micrograph_only(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 3)
    seen = []

    def fails_once(*arguments, **options):
        seen.append(arguments)
        if len(seen) == 2:
            raise MemoryError("Unable to allocate\n8 EiB")
        return masked(*arguments, **options)

    masked = mask_one.mask_level
    monkeypatch.setattr(mask_one, "mask_level", fails_once)
    result = run(tmp_path / "in", "-o", tmp_path / "out", "--jobs", "1")
    assert result.exit_code == 1
    assert failures(tmp_path / "out") == {
        str(tmp_path / "in/m01.mrc"): "MemoryError: Unable to allocate 8 EiB"
    }
    assert len(summary(tmp_path / "out")) == 2


def test_when_all_failed_there_are_empty_lists(tmp_path):
    result = run(tmp_path / "gone.mrc", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert summary(tmp_path / "out") == []
    assert (tmp_path / "out/micrographs.star").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--angpix", "0"), "--angpix: 0 Å/px is impossible"),
        (("--angpix", "-1"), "--angpix: -1 Å/px is impossible"),
        (("--threshold", "1.5"), "--threshold: 1.5 must be between 0 and 1"),
        (("--classes", "ice"), "--classes: ice must be of crystalline, contamination"),
        (("--max-bad", "2"), "--max-bad: 2 is no share of the area; give 0 to 1"),
        (("--jobs", "0"), "--jobs: 0 must be a whole number of at least 1"),
    ],
)
def test_a_wrong_flag_is_one_line_and_nothing_is_written(flags, said, tmp_path):
    write_micrographs(tmp_path / "in", 1)
    result = run(tmp_path / "in", "-o", tmp_path / "out", *flags)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {said}")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 3)
    (tmp_path / "file").write_text("")
    (tmp_path / "micrographs.star").write_text(STAR)
    monkeypatch.chdir(tmp_path)
    for given, folder, said in (
        ("in", "file", "file: cannot be written (Not a directory); choose another folder"),
        ("in", "file/below", "file/below: cannot be written (Not a directory); choose another folder"),
        ("in", "in", "in: holds m00.mrc itself; choose another folder for masks"),
        ("micrographs.star", ".", ".: holds micrographs.star itself; choose another folder for masks"),
    ):
        result = run(given, "-o", folder)
        assert result.exit_code == 1
        assert result.stderr.splitlines()[-1].startswith(f"error: {said}")
    assert (tmp_path / "micrographs.star").read_text() == STAR


def test_a_doubtful_pixel_size_is_told_once_for_all(tmp_path):
    write_micrographs(tmp_path / "in", 3, pixel_size=1.0, side=(300, 300))
    result = run(tmp_path / "in", "-o", tmp_path / "out")
    line, optics = result.stderr.splitlines()
    assert optics == NO_OPTICS
    assert line.startswith("warning: the header says exactly 1 Å/px")
    assert line.endswith("(3 micrographs)")
    assert run(tmp_path / "in", "-o", tmp_path / "out").stderr == result.stderr  # nor is it lost when skipped


def test_after_ctrl_c_it_says_what_is_done_and_the_same_command_continues(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 5)
    run_all = mask_batch.MaskBatch.run

    def stopped_after_two(batch, *, jobs):
        for number, outcome in enumerate(run_all(batch, jobs=jobs)):
            yield outcome
            if number == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(mask_batch.MaskBatch, "run", stopped_after_two)
    result = run(tmp_path / "in", "-o", tmp_path / "out", "--jobs", "1")
    assert result.exit_code == 130
    done = len(summary(tmp_path / "out"))
    assert 2 <= done < 5
    assert result.stderr == f"stopped: {done} of 5 micrographs are done; the same command continues\n"
    before = times(tmp_path / "out")
    monkeypatch.setattr(mask_batch.MaskBatch, "run", run_all)
    assert run(tmp_path / "in", "-o", tmp_path / "out").exit_code == 0
    after = times(tmp_path / "out")
    assert {path: after[path] for path in before} == before
    assert run(tmp_path / "in", "-o", tmp_path / "other").exit_code == 0
    assert outputs(tmp_path / "out") == outputs(tmp_path / "other")


def test_a_full_disk_stops_the_batch_in_one_line_and_lists_what_is_done(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 4)
    replace, refused = Path.replace, []

    def full(path, target):
        if Path(target).name == "m01_score.mrc" and not refused:
            refused.append(target)
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full)
    result = run(tmp_path / "in", "-o", tmp_path / "out", "--jobs", "1")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {tmp_path / 'out/m01_score.mrc'}: cannot be written (No space left on")
    assert line.endswith("; what is masked stays, the same command continues")
    assert "m01" not in {row["stem"] for row in summary(tmp_path / "out")} >= {"m00"}
    assert not (tmp_path / "out/failures.csv").exists()
    assert run(tmp_path / "in", "-o", tmp_path / "out").exit_code == 0
    assert len(summary(tmp_path / "out")) == 4


@pytest.mark.slow
def test_a_killed_program_leaves_nothing_half_written_and_the_same_command_continues(tmp_path):
    write_micrographs(tmp_path / "in", 20)
    command = slow_program(tmp_path)
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while len(records(tmp_path / "out")) < 6 and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    done = records(tmp_path / "out")
    assert 6 <= len(done) < 20
    (tmp_path / "out/.partial-dead.mrc").write_bytes(b"half")
    written = [
        tmp_path / "out" / name for record in done for name in json.loads(record.read_text())["outputs"]
    ]
    before = {path: path.stat().st_mtime_ns for path in written}
    for path in (path for path in written if path.suffix == ".mrc"):
        assert read_mrc(path)[0].shape == SHAPE
    subprocess.run(command, check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in written} == before
    subprocess.run([*command[:-1], str(tmp_path / "other")], check=True, capture_output=True)
    assert outputs(tmp_path / "out") == outputs(tmp_path / "other")


@pytest.mark.slow
def test_an_interrupted_program_ends_in_one_line_and_status_130(tmp_path):
    write_micrographs(tmp_path / "in", 20)
    command = slow_program(tmp_path)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not records(tmp_path / "out"):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    done = len(records(tmp_path / "out"))
    assert said == f"stopped: {done} of 20 micrographs are done; the same command continues\n"
    assert len(summary(tmp_path / "out")) == done < 20


def slow_program(folder: Path):
    """Return the command that masks what is in ``folder`` with a slow network."""
    places = [str(folder / "in"), "-o", str(folder / "out")]
    return [sys.executable, bright_blocks.__file__, "0.1", "mask", *places]


def records(folder: Path):
    return sorted(path for path in (folder / ".cryoice").glob("*.json") if path.name[0] != ".")  # whole ones
