"""``cryoice clean`` on files as RELION and cryoSPARC write them: counts, columns, uids, faults."""

import csv

import numpy as np
import pytest
import starfile
from typer.testing import CliRunner

from cryoice.cli import app
from mask_folder import marked_mask, write_mask_folder

PARTICLES = """
# version 50001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographPixelSize #3
_rlnImageSize #4
_rlnImagePixelSize #5
opticsGroup1            1     2.000000          18     2.000000


# version 50001

data_particles

loop_
_rlnCoordinateX #1
_rlnCoordinateY #2
_rlnMicrographName #3
_rlnOpticsGroup #4
_rlnDefocusU #5
   16.000000    12.000000 MotionCorr/job002/Movies/a.mrc            1 10863.857422
   50.000000    50.000000 MotionCorr/job002/Movies/a.mrc            1 1.0863e+04
   16.000000    12.000000 MotionCorr/job002/Movies/b.mrc            1 10863.857422

"""


@pytest.fixture
def masks(tmp_path):
    """Masks of micrographs of 80 x 100 px; pixel (3, 4) of a's, rows 10-13 and columns 14-17, is bad."""
    return write_mask_folder(tmp_path / "masks", {"a": marked_mask((3, 4)), "b": marked_mask()})


def clean(*words):
    return CliRunner().invoke(app, ["clean", *map(str, words), "--distance", "0"])


def test_a_relion_file_loses_rows_and_gains_a_score_only(tmp_path, masks):
    source = tmp_path / "particles.star"
    source.write_text(PARTICLES)
    good, bad = tmp_path / "good.star", tmp_path / "bad.star"
    done = clean(source, "--masks", masks, "-o", good, "--rejected", bad)
    assert done.exit_code == 0, done.output
    head, rows = PARTICLES.split("_rlnDefocusU #5\n")
    for path, kept in ((good, [(1, 0.125), (2, 0.125)]), (bad, [(0, 0.75)])):
        top, body = path.read_text().split("_rlnDefocusU #5\n_cryoiceScore #6\n_cryoiceVerdict #7\n")
        assert top == head
        lines = body.strip("\n").split("\n")
        assert [line.rsplit(maxsplit=2)[0] for line in lines] == [
            rows.split("\n")[row].rstrip() for row, _ in kept
        ]
        table = starfile.read(path)["particles"]
        assert np.atleast_1d(table["cryoiceScore"]).tolist() == [score for _, score in kept]
        assert np.atleast_1d(table["cryoiceVerdict"]).tolist() == [path.stem] * len(kept)


def test_a_file_that_was_cleaned_before_keeps_its_columns_and_gets_new_values(tmp_path, masks):
    once, twice, source = (tmp_path / f"{name}.star" for name in ("once", "twice", "particles"))
    source.write_text(PARTICLES)
    assert clean(source, "--masks", masks, "-o", once).exit_code == 0
    once.write_text(once.read_text().replace("0.1250 good", "9 old"))
    assert clean(once, "--masks", masks, "-o", twice).exit_code == 0
    assert twice.read_text() == once.read_text().replace("9 old", "0.1250 good")


def test_unsure_particles_stay_or_go_as_the_mask_says_and_are_marked(tmp_path):
    """The band of the mask reaches over both scores of a's pixels, and over neither of b's."""
    marked = {"a": marked_mask((3, 4)), "b": marked_mask((3, 4))}
    masks = write_mask_folder(tmp_path / "masks", marked, band=(0.1, 0.8))
    summary = masks / "summary.csv"
    row = next(line for line in summary.read_text().splitlines() if ",b," in line)
    summary.write_text(summary.read_text().replace(row, row.replace("0.1,0.8", "0.3,0.7")))
    source, good, bad = (tmp_path / f"{name}.star" for name in ("particles", "good", "bad"))
    source.write_text(PARTICLES + "1 1 c.mrc 1 0\n")
    done = clean(source, "--masks", masks, "-o", good, "--rejected", bad)
    assert done.exit_code == 1  # c has no mask
    verdicts = [
        [line.split()[-1] for line in path.read_text().splitlines() if ".mrc" in line] for path in (good, bad)
    ]
    assert verdicts == [["unsure", "unsure"], ["unsure", "bad"]]  # a and c; a and b
    assert [word for word in done.stdout.split() if word.isdigit()] == ["4", "2", "2", "2", "0", "1"]


def test_cryosparc_uids_and_fields_stay(tmp_path, masks):
    fields = [
        ("uid", "<u8"),
        ("location/micrograph_path", "S60"),
        ("location/micrograph_shape", "<u4", (2,)),
        ("location/center_x_frac", "<f4"),
        ("location/center_y_frac", "<f4"),
        ("pick_stats/ncc_score", "<f4"),
    ]
    rows = np.zeros(3, dtype=fields)
    rows["uid"] = [2**63 + 5, 7, 9]
    rows["location/micrograph_path"] = [b"J2/motioncorrected/123456789012345678901_a_patch_aligned.mrc"] * 3
    rows["location/micrograph_shape"] = (80, 100)
    rows["location/center_x_frac"], rows["location/center_y_frac"] = [0.16, 0.5, 0.9], [0.15, 0.5, 0.9]
    rows["pick_stats/ncc_score"] = [0.1, 0.2, 0.3]
    source, good, bad = (tmp_path / f"{name}.cs" for name in ("picks", "good", "bad"))
    with source.open("wb") as stream:
        np.save(stream, rows)
    done = clean(source, "--masks", masks, "-o", good, "--rejected", bad)
    assert done.exit_code == 0, done.output
    for path, kept in ((good, [1, 2]), (bad, [0])):
        with path.open("rb") as stream:
            found = np.load(stream, allow_pickle=False)
        assert found.dtype == rows.dtype
        assert found.tobytes() == rows[kept].tobytes()


def test_several_files_go_into_a_folder_and_faults_into_a_table(tmp_path, masks):
    picks = tmp_path / "picks"
    picks.mkdir()
    (picks / "a.box").write_text("7 3 18 18\n41 41 18 18\n")
    (picks / "b.box").write_text("")
    (picks / "c.box").write_text("1 1 18 18\n")
    done = clean(picks, "--masks", masks, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert (tmp_path / "out/a.box").read_text() == "41 41 18 18\n"
    assert (tmp_path / "out/c.box").read_text() == "1 1 18 18\n"
    with (tmp_path / "out_failures.csv").open() as stream:
        failures = {row["file"]: row["reason"] for row in csv.DictReader(stream)}
    assert set(failures) == {str(picks / "b.box"), "c"}
    assert "holds no coordinates" in failures[str(picks / "b.box")]
    assert failures["c"].startswith("no mask")


def test_a_broken_file_does_not_stop_the_others(tmp_path, masks):
    good, broken = tmp_path / "a.box", tmp_path / "b.box"
    good.write_text("41 41 18 18\n")
    broken.write_text("not a box\n")
    done = clean(broken, good, "--masks", masks, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert (tmp_path / "out/a.box").exists()
    assert not (tmp_path / "out/b.box").exists()
    again = clean(good, tmp_path / "a.box", "--masks", masks, "-o", tmp_path / "out")
    assert "would be written twice" in again.stderr


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["-o", "a.star"], "would replace its input"),
        (["-o", "b.box"], "stays a .star file"),
        (["-o", "b.star", "--classes", "ice"], "--classes: ice is unknown; choose from crystalline"),
        (["-o", "b.star", "--angpix", "0"], "--angpix: 0 is no pixel size"),
        (["-o", "b.star", "--masks", "nowhere"], "holds no summary.csv"),
    ],
)
def test_wrong_words_are_one_line(tmp_path, masks, monkeypatch, words, fault):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.star").write_text(PARTICLES)
    done = clean("a.star", "--masks", masks, *words)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert fault in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.star", "masks"]
