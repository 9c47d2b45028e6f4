"""``cryoice relion`` as RELION runs it: in the project's folder, by one line, heard of by files alone."""

import csv
import errno
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
import starfile
import torch
from benchmarks.relion import compare
from benchmarks.relion_project import MICROGRAPHS, PARTICLES
from matplotlib.figure import Figure
from typer.testing import CliRunner

from bright_blocks import brightness_model
from cryoice.cli import app
from cryoice.files.relion_job import ABORT_NOW, ABORTED, FAILURE, OUTPUT_NODES, SUCCESS
from cryoice.mask import model as model_module
from cryoice.project import clean_picks, mask_batch, mask_one, relion_run
from relion_lists import JOB, TOP, image, name, write_relion_project

BOTH = ("--in_mics", MICROGRAPHS, "--in_parts", PARTICLES, "--max_bad", "0.05", "--distance", "0")
FULL = ("m02_score.mrc", "micrographs.star", "particles.star", "logfile.pdf", OUTPUT_NODES)
LISTS = ("micrographs.star", "micrographs_rejected.star", "particles.star", "particles_rejected.star")


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())
    monkeypatch.setattr(relion_run, "plot_log", lambda rows, **options: Figure())


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(write_relion_project(tmp_path / "project"))
    return Path()


def run(*words, job=JOB):
    return CliRunner().invoke(app, ["relion", "--o", f"{job}/", *map(str, words), "--j", "1"])


def markers(job=JOB):
    return {path.name for path in Path(job).glob("RELION_JOB_*")}


def rows(file, job=JOB):
    """Return the first word with a slash of each row: micrographs by name, particles by image."""
    lines = (Path(job) / file).read_text().splitlines()
    return [next(word for word in line.split() if "/" in word) for line in lines if "/" in line]


def nodes(job=JOB):
    (table,) = starfile.read(Path(job) / OUTPUT_NODES, always_dict=True).values()
    return dict(zip(table["rlnPipeLineNodeName"], table["rlnPipeLineNodeTypeLabel"], strict=True))


def times(job=JOB):
    return {path: path.stat().st_mtime_ns for path in Path(job, "masks").glob("m[0-9]*")}


def contents(job=JOB):
    return {file: Path(job, file).read_bytes() for file in LISTS}


@pytest.mark.usefixtures("project")
def test_a_job_selects_micrographs_cleans_particles_and_tells_relion_of_them():
    result = run(*BOTH)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert markers() == {SUCCESS}
    assert rows("micrographs.star") == [name(1), name(3)]
    assert rows("micrographs_rejected.star") == [name(0), name(2)]
    bad = [image(number, 1) for number in (0, 2)]  # on the block's first pixel; one row up all is clean
    assert rows("particles_rejected.star") == bad
    assert rows("particles.star") == [
        image(number, place) for number in range(4) for place in (1, 2, 3) if image(number, place) not in bad
    ]
    assert nodes() == {
        f"{JOB}/micrographs.star": "MicrographGroupMetadata.star.relion",
        f"{JOB}/particles.star": "ParticleGroupMetadata.star.relion",
        f"{JOB}/logfile.pdf": "LogFile.pdf.relion",
    }
    assert all(Path(node).is_file() for node in nodes())
    assert Path(JOB, "logfile.pdf").read_bytes().startswith(b"%PDF")
    assert not Path(JOB, "failures.csv").exists()
    assert [line.split(",")[0] for line in result.stdout.splitlines()[:4]] == [
        f"{number} of 4 micrographs" for number in (1, 2, 3, 4)
    ]
    assert result.stdout.splitlines()[4:] == [
        "4 micrographs masked: 2 accepted, 2 rejected; 0 failed",
        "12 particles: 10 accepted (0 unsure), 2 rejected",
    ]


@pytest.mark.usefixtures("project")
def test_every_cell_of_both_lists_is_as_relion_wrote_it_and_what_is_new_stands_behind():
    run(*BOTH)
    new = {MICROGRAPHS: ("micrographs", "rlnMicrographName", 11), PARTICLES: ("particles", "rlnImageName", 2)}
    for source, (kind, key, columns) in new.items():
        files = (Path(JOB, f"{kind}.star"), Path(JOB, f"{kind}_rejected.star"))
        assert compare(Path(source), *files, key=key).added == columns
        before = set(Path(source).read_text().splitlines())
        for line in files[0].read_text().splitlines():
            begin = next((old for old in before if old.strip() and line.startswith(old.rstrip())), None)
            assert begin is not None or not line.strip() or line.startswith("_cryoice")


@pytest.mark.usefixtures("project")
def test_particles_alone_have_their_micrographs_masked_and_no_others(tmp_path, monkeypatch):
    monkeypatch.chdir(write_relion_project(tmp_path / "other", named=(0, 3)))
    result = run("--in_parts", PARTICLES, "--distance", "0", "--max_bad", "0.05")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert {path.name[:3] for path in times()} == {"m00", "m03"}
    assert list(nodes()) == [f"{JOB}/particles.star", f"{JOB}/logfile.pdf"]
    assert rows("particles_rejected.star") == [image(0, 1)]
    found = starfile.read(Path(JOB, "micrographs.star"), always_dict=True)
    assert found["optics"]["rlnVoltage"].tolist() == [300.0, 200.0]
    assert found["micrographs"]["rlnMicrographName"].tolist() == [name(3)]
    assert found["micrographs"]["rlnOpticsGroup"].tolist() == [2]


@pytest.mark.usefixtures("project")
def test_masks_of_an_earlier_job_clean_particles_and_none_is_made():
    run("--in_mics", MICROGRAPHS)
    later = "External/job022"
    result = run("--in_parts", PARTICLES, "--masks", f"{JOB}/masks", "--distance", "0", job=later)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert list(nodes(later)) == [f"{later}/particles.star", f"{later}/logfile.pdf"]
    assert rows("particles_rejected.star", later) == [image(0, 1), image(2, 1)]
    assert not Path(later, "masks").exists()
    for words, said in (
        (("--threshold", "0.4"), "error: --masks: those are made; leave out what decides how"),
        (("--in_mics", MICROGRAPHS), "error: --masks: cleans particles by masks that are made"),
    ):
        refused = run("--in_parts", PARTICLES, "--masks", f"{JOB}/masks", *words, job=later)
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
        assert refused.stderr.startswith(said)
        assert markers(later) == {FAILURE}


@pytest.mark.usefixtures("project")
def test_particles_of_a_micrograph_without_a_mask_are_not_judged_by_another_job_s():
    other = name(0).replace("job002", "job012")
    Path(PARTICLES).write_text(Path(PARTICLES).read_text().replace(name(0), other))
    result = run("--in_mics", MICROGRAPHS, "--in_parts", PARTICLES, "--distance", "0")
    assert (result.exit_code, markers()) == (0, {SUCCESS})
    assert f"{other}: no mask; give its micrograph to cryoice mask (3 coordinates)" in result.stderr
    assert rows("particles_rejected.star") == [image(2, 1)]
    alone = "External/job022"
    lines = Path(PARTICLES).read_text().splitlines(keepends=True)
    Path(PARTICLES).write_text("".join(line for line in lines if "job002" not in line))
    result = run("--in_parts", PARTICLES, "--masks", f"{JOB}/masks", job=alone)
    assert (result.exit_code, markers(alone)) == (1, {FAILURE})
    said = f"error: {JOB}/masks: none of the micrographs of {PARTICLES} is masked there by its name; "
    assert result.stderr.startswith(said)
    assert not Path(alone, "particles.star").exists()


@pytest.mark.usefixtures("project")
def test_micrographs_of_one_name_in_two_jobs_are_masked_and_their_particles_judged_each_by_its_own():
    other = name(1).replace("job002", "job012").replace("m01", "m00")
    Path(other).parent.mkdir(parents=True)
    shutil.copy(name(1), other)  # clean, where m00 of job002 is not
    text = Path(MICROGRAPHS).read_text()
    (line,) = (line for line in text.splitlines(keepends=True) if name(0) in line)
    Path(MICROGRAPHS).write_text(text.rstrip() + "\n" + line.replace(name(0), other))
    Path(PARTICLES).write_text(Path(PARTICLES).read_text().replace(name(2), other))
    result = run(*BOTH)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert rows("micrographs.star") == [name(1), name(3), other]
    assert rows("micrographs_rejected.star") == [name(0), name(2)]
    assert rows("particles_rejected.star") == [image(0, 1)]  # none of job012


def stop_after(number, monkeypatch, stop):
    """Call ``stop`` when so many micrographs are done."""
    run_all = mask_batch.MaskBatch.run

    def stopped(batch, *, jobs):
        for done, outcome in enumerate(run_all(batch, jobs=jobs), start=1):
            if done == number:
                stop()
            yield outcome

    monkeypatch.setattr(mask_batch.MaskBatch, "run", stopped)


def raise_ctrl_c():
    raise KeyboardInterrupt


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("stop", "status"),
    [
        (lambda: Path(JOB, ABORT_NOW).touch(), 2),
        (raise_ctrl_c, 130),
        (lambda: signal.raise_signal(signal.SIGTERM), 143),
    ],
    ids=["abort", "Ctrl-C", "SIGTERM"],
)
def test_a_stopped_job_lists_what_is_done_and_continues_without_masking_it_again(stop, status, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        stop_after(2, patch, stop)
        result = run(*BOTH)
    assert (result.exit_code, result.stderr) == (status, "")
    assert signal.getsignal(signal.SIGTERM) is before
    assert markers() == {ABORTED}
    done = len({path.name[:3] for path in times()})
    assert 2 <= done < 4
    said = f"stopped: {done} of 4 micrographs are done; continue the job for the rest"
    assert result.stdout.splitlines()[-1] == said
    listed = rows("micrographs.star") + rows("micrographs_rejected.star")
    assert sorted(listed) == [name(number) for number in range(done)]
    assert not Path(JOB, "particles.star").exists()
    assert list(nodes()) == [f"{JOB}/micrographs.star"]
    masked = times()
    again = run(*BOTH)
    assert (again.exit_code, again.stderr, markers()) == (0, "", {SUCCESS})
    assert {path: times()[path] for path in masked} == masked
    assert run(*BOTH, job="External/job022").exit_code == 0
    assert contents() == contents("External/job022")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_a_signal_stops_has_its_marker_before_it_finishes_and_to_its_end(number, monkeypatch):
    seen, list_done = [], relion_run.RelionRun._list_done

    def watched(*arguments, **options):
        seen.append(markers())
        return list_done(*arguments, **options)

    monkeypatch.setattr(relion_run.RelionRun, "_list_done", watched)
    stop_after(2, monkeypatch, lambda: signal.raise_signal(number))
    assert run(*BOTH).exit_code == 128 + number
    assert (seen, markers()) == ([{ABORTED}], {ABORTED})


@pytest.mark.usefixtures("project")
def test_a_stopped_job_stays_aborted_though_its_lists_cannot_be_written(monkeypatch):
    replace = Path.replace

    def full(path, target):
        if Path(target).name in LISTS:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full)
    stop_after(2, monkeypatch, lambda: signal.raise_signal(signal.SIGTERM))
    result = run(*BOTH)
    assert (result.exit_code, markers()) == (143, {ABORTED})
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {JOB}/masks/micrographs.star: cannot be written (No space left")


@pytest.mark.usefixtures("project")
def test_a_job_that_is_unwanted_before_it_begins_makes_nothing():
    Path(JOB, ABORT_NOW).touch()
    result = run(*BOTH)
    assert result.exit_code == 2
    assert [path.name for path in Path(JOB).iterdir()] == [ABORTED]


@pytest.mark.usefixtures("project")
def test_a_job_aborted_while_it_cleans_has_listed_its_micrographs(monkeypatch):
    judge = clean_picks.judge_positions

    def abort(*arguments, **options):
        Path(JOB, ABORT_NOW).touch()
        return judge(*arguments, **options)

    monkeypatch.setattr(clean_picks, "judge_positions", abort)
    assert run(*BOTH).exit_code == 2
    assert markers() == {ABORTED}
    assert rows("micrographs.star") == [name(1), name(3)]
    assert not Path(JOB, "particles.star").exists()


@pytest.mark.usefixtures("project")
def test_a_finished_job_that_is_run_again_and_aborted_has_no_lists_of_the_run_before(monkeypatch):
    run(*BOTH)
    stop_after(2, monkeypatch, lambda: Path(JOB, ABORT_NOW).touch())
    assert run(*BOTH).exit_code == 2
    assert list(nodes()) == [f"{JOB}/micrographs.star"]
    left = {path.name for path in Path(JOB).iterdir()}
    assert left == {ABORTED, OUTPUT_NODES, "micrographs.star", "micrographs_rejected.star", "masks"}


@pytest.mark.usefixtures("project")
def test_a_job_run_again_with_less_to_do_keeps_nothing_that_it_did_not_make():
    run("--in_parts", PARTICLES)
    Path(name(3)).unlink()
    run(*BOTH)
    assert not Path(JOB, "micrographs_of_particles.star").exists()
    assert Path(JOB, "failures.csv").exists()
    lines = Path(MICROGRAPHS).read_text().splitlines(keepends=True)
    Path(MICROGRAPHS).write_text("".join(line for line in lines if "m03" not in line))
    assert run("--in_mics", MICROGRAPHS).exit_code == 0
    assert list(nodes()) == [f"{JOB}/micrographs.star", f"{JOB}/logfile.pdf"]
    assert not list(Path(JOB).glob("particles*"))
    assert not Path(JOB, "failures.csv").exists()


@pytest.mark.usefixtures("project")
def test_a_job_that_cannot_begin_leaves_what_the_run_before_made():
    run(*BOTH)
    before = contents()
    assert run(*BOTH, "--threshold", "2").exit_code == 1
    Path(JOB, ABORT_NOW).touch()
    assert run(*BOTH).exit_code == 2
    assert contents() == before


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("renamed", [("micrographs.star",), LISTS, (*LISTS, "logfile.pdf", OUTPUT_NODES)])
def test_a_job_whose_outputs_relion_has_renamed_is_continued(renamed):
    run(*BOTH)
    before, masked = contents(), times()
    for file in renamed:
        Path(JOB, file).rename(Path(JOB, f"{file}.old"))
    assert (run(*BOTH).exit_code, markers()) == (0, {SUCCESS})
    assert (contents(), times()) == (before, masked)
    assert list(nodes()) == [
        f"{JOB}/{file}" for file in ("micrographs.star", "particles.star", "logfile.pdf")
    ]


@pytest.mark.usefixtures("project")
def test_another_max_bad_lists_anew_and_masks_nothing():
    run("--in_mics", MICROGRAPHS, "--max_bad", "0.05")
    before = times()
    assert run("--in_mics", MICROGRAPHS, "--max_bad", "0.5").exit_code == 0
    assert times() == before
    assert rows("micrographs.star") == [name(number) for number in range(4)]
    assert rows("micrographs_rejected.star") == []


@pytest.mark.usefixtures("project")
def test_a_list_that_has_grown_is_continued():
    whole = Path(MICROGRAPHS).read_text()
    Path(MICROGRAPHS).write_text("".join(line for line in whole.splitlines(True) if "m03" not in line))
    assert run("--in_mics", MICROGRAPHS).exit_code == 0
    before = times()
    Path(MICROGRAPHS).write_text(whole)
    assert run("--in_mics", MICROGRAPHS).exit_code == 0
    assert {path: times()[path] for path in before} == before
    assert rows("micrographs.star") == [name(number) for number in range(4)]


@pytest.mark.usefixtures("project")
def test_a_job_goes_on_without_what_fails_and_says_so_in_a_line_each():
    Path(name(1)).unlink()
    Path(name(3)).write_bytes(b"")
    result = run(*BOTH)
    assert (result.exit_code, markers()) == (0, {SUCCESS})
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"{name(1)}: micrographs_ctf.star lists it, but there is no such file")
    assert lines[1].startswith(f"{name(3)}: ")
    assert [line.partition(": ")[0] for line in lines] == [name(1), name(3), "warning", name(1), name(3)]
    assert "no mask; give its micrograph to cryoice mask (3 coordinates)" in lines[3]
    with Path(JOB, "failures.csv").open(newline="") as stream:
        assert [row["file"] for row in csv.DictReader(stream)] == [name(1), name(3)] * 2
    assert rows("micrographs.star") == []
    kept = [image(number, place) for number in (1, 3) for place in (1, 2, 3)]
    assert set(kept) <= set(rows("particles.star"))  # nothing is known against them
    shutil.copy(name(0), name(1))
    shutil.copy(name(0), name(3))
    assert run(*BOTH).stderr.startswith("warning: no micrograph is accepted")
    assert not Path(JOB, "failures.csv").exists()


@pytest.mark.usefixtures("project")
def test_a_job_without_any_micrograph_has_failed():
    shutil.rmtree("MotionCorr")
    result = run(*BOTH)
    assert (result.exit_code, markers()) == (1, {FAILURE})
    lines = result.stderr.splitlines()
    assert lines[-1] == "error: none of the 4 micrographs could be masked; see above"
    assert len(lines) == 5


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--in_mics, --in_parts: give micrographs, particles or both on RELION's Input tab"),
        (("--in_mics", "gone.star"), "gone.star: no such file"),
        (("--in_mics", PARTICLES), f"{PARTICLES}: lists particles; give the STAR file of their micrographs"),
        (("--in_mics", "MotionCorr"), "--in_mics: MotionCorr is no STAR file"),
        (("--in_parts", MICROGRAPHS), f"{MICROGRAPHS}: no table with the columns rlnCoordinateX"),
        ((*BOTH, "--threshold", "abc"), "Invalid value for '--threshold': "),
        ((*BOTH, "--threshold", "2"), "--threshold: 2 must be between 0 and 1"),
        ((*BOTH, "--tresh", "0.2"), "No such option: --tresh"),
        ((*BOTH, "--classes", "ice"), "--classes: ice must be of crystalline"),
        ((*BOTH, "--j", "0"), "--j: 0 must be a whole number of at least 1"),
        (("--in_movies", "a.star"), "No such option: --in_movies"),
    ],
)
def test_what_is_wrong_is_one_line_and_marks_the_job_as_failed(words, said):
    Path(JOB, SUCCESS).touch()
    result = CliRunner().invoke(app, ["relion", "--o", f"{JOB}/", "--j", "1", *words])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {said}")
    assert len(result.stderr.splitlines()) == 1
    assert markers() == {FAILURE}


@pytest.mark.usefixtures("project")
def test_without_a_folder_there_is_one_line():
    result = CliRunner().invoke(app, ["relion", "--in_mics", MICROGRAPHS, "--o"])
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "--o" in result.stderr


@pytest.mark.usefixtures("project")
def test_a_folder_that_cannot_be_written_is_one_line_and_nothing_is_lost(monkeypatch):
    run(*BOTH)
    before = contents()
    Path("file").touch()
    blocked = run(*BOTH, job="file/job022")
    assert (blocked.exit_code, len(blocked.stderr.splitlines())) == (1, 1)

    def read_only(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", read_only)
    monkeypatch.setattr(tempfile, "mkstemp", read_only)
    for words in (BOTH, (*BOTH, "--threshold", "abc")):
        result = run(*words)
        assert result.exit_code == 1
        said = f"error: {JOB}: cannot be written (Read-only file system); mark the job"
        assert result.stderr.splitlines()[-1].startswith(said)
    assert contents() == before


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("file", FULL)
def test_a_full_disk_is_one_line_and_the_next_run_goes_on_from_there(file, monkeypatch):
    replace, refused = Path.replace, []

    def full(path, target):
        if Path(target).name == file and not refused:
            refused.append(target)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full)
    result = run(*BOTH)
    told = [line for line in result.stderr.splitlines() if "No space left on device" in line]
    assert len(told) == 1
    assert file in told[0]
    assert (result.exit_code, markers()) == (1, {FAILURE})
    if file == "m02_score.mrc":
        assert result.stdout.splitlines()[-1].startswith("stopped: ")
        assert name(1) in Path(JOB, "micrographs.star").read_text()
        assert not Path(JOB, "particles.star").exists()
    assert not list(Path(JOB).rglob(".partial*"))
    before = times()
    assert (run(*BOTH).exit_code, markers()) == (0, {SUCCESS})
    assert {path: times()[path] for path in before if "m02" not in path.name} == {
        path: then for path, then in before.items() if "m02" not in path.name
    }
    assert len(rows("micrographs_rejected.star")) == 2


@pytest.mark.usefixtures("project")
def test_a_disk_that_stays_full_is_one_line_and_stops_the_job_at_once(monkeypatch):
    replace, refused = Path.replace, []

    def full(path, target):
        if refused or Path(target).name == "m01_mask.mrc":
            refused.append(Path(target).name)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        result = run(*BOTH)
    assert (result.exit_code, markers()) == (1, {FAILURE})
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {JOB}/masks/m01_mask.mrc: cannot be written (No space left on device)")
    assert not {"m03_mask.mrc", "m03_score.mrc"} & set(refused)
    assert run(*BOTH).exit_code == 0
    assert len(rows("micrographs.star")) == 2


@pytest.mark.usefixtures("project")
def test_a_full_gpu_fails_the_job_in_one_line_that_says_what_to_do(monkeypatch):
    mask_level, seen = mask_one.mask_level, []

    def full(*arguments, **options):
        seen.append(arguments)
        if len(seen) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.\nSee docs")
        return mask_level(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(mask_one, "mask_level", full)
        result = run(*BOTH)
    assert (result.exit_code, markers()) == (1, {FAILURE})
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert "the device is out of memory; mask fewer at once (--jobs, in RELION fewer threads)" in line
    assert name(0) in Path(JOB, "micrographs_rejected.star").read_text()
    assert not Path(JOB, "failures.csv").exists()


@pytest.mark.usefixtures("project")
def test_a_fault_of_ours_marks_the_job_as_failed_and_is_told_whole(monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr(relion_run, "plot_log", broken)
    result = run(*BOTH)
    assert isinstance(result.exception, ZeroDivisionError)
    assert markers() == {FAILURE}
    assert list(nodes()) == [f"{JOB}/micrographs.star", f"{JOB}/particles.star"]


@pytest.mark.usefixtures("project")
def test_fields_left_empty_and_what_relion_adds_do_no_harm():
    empty = ("--threshold", "--model", "", "--from_box", "No", "--no-overlay", "Yes", "--masks")
    result = run(*BOTH, *empty, "--pipeline_control", f"{JOB}/")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert not list(Path(JOB, "masks").glob("*.png"))


@pytest.mark.usefixtures("project")
def test_rows_may_count_from_the_other_end_and_pixels_may_be_told():
    assert run(*BOTH, "--flip_y", "--angpix", "8").exit_code == 0
    assert rows("particles_rejected.star") == []
    lines = Path(PARTICLES).read_text().splitlines(keepends=True)
    mirrored = f"{39 - TOP:12.6f}"  # of 40 rows
    Path(PARTICLES).write_text("".join(line.replace(f"{TOP:12.6f}", mirrored) for line in lines))
    assert run(*BOTH, "--flip_y", "--angpix", "8").exit_code == 0
    assert rows("particles_rejected.star") == [image(0, 1), image(2, 1)]
    result = run(*BOTH, "--angpix", "7.5")
    assert result.exit_code == 0
    told = result.stderr.splitlines()
    assert told
    assert all(line.startswith("warning: ") and "7.5" in line for line in told)


def test_a_long_job_tells_how_far_it_is_in_twenty_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(write_relion_project(tmp_path / "project", micrographs=44))
    result = run("--in_mics", MICROGRAPHS, "--no_overlay")
    assert result.exit_code == 0
    told = [line for line in result.stdout.splitlines() if " of 44 micrographs" in line]
    assert len(told) == 20
    assert told[-1].startswith("44 of 44 micrographs, ")
