"""``cryoice clean`` from end to end in every format: one pick on a marked pixel goes, the other one stays."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from cryoice.cli import app
from mask_folder import marked_mask, write_mask_folder

MICROGRAPH = "MotionCorr/job002/Movies/a.mrc"
IN_CRYOSPARC = b"J2/motioncorrected/012345678901234567890_a_patch_aligned_doseweighted.mrc"

RELION_30 = (
    "\n# RELION; version 3.0.8\n\ndata_\n\nloop_ \n_rlnMicrographName #1 \n_rlnCoordinateX #2 \n"
    "_rlnCoordinateY #3 \n_rlnMagnification #4 \n_rlnDetectorPixelSize #5 \n"
)
RELION_31 = (
    "\n# version 30001\n\ndata_optics\n\nloop_ \n_rlnOpticsGroup #1 \n_rlnMicrographPixelSize #2 \n"
    "_rlnImagePixelSize #3 \n_rlnImageSize #4 \n           1     2.000000     4.000000           32 \n \n\n"
    "# version 30001\n\ndata_particles\n\nloop_ \n_rlnMicrographName #1 \n_rlnCoordinateX #2 \n"
    "_rlnCoordinateY #3 \n_rlnOpticsGroup #4 \n"
)
RELION_5 = (
    "\n# version 50001\n\ndata_general\n\n_rlnTomoSubTomosAre2DStacks    1\n \n"
    "\n# version 50001\n\ndata_optics\n\nloop_ \n_rlnOpticsGroup #1 \n_rlnMicrographPixelSize #2 \n"
    "           1     2.000000 \n \n\n# version 50001\n\ndata_particles\n\nloop_ \n_rlnMicrographName #1 \n"
    "_rlnCoordinateX #2 \n_rlnCoordinateY #3 \n_rlnOpticsGroup #4 \n"
)
CBOX = (
    "\ndata_global\n\n_version 1.0 \n\ndata_cryolo\n\nloop_\n_CoordinateX #1\n_CoordinateY #2\n"
    "_CoordinateZ #3\n_Width #4\n_Height #5\n_Confidence #6\n"
)
TOPAZ = "image_name\tx_coord\ty_coord\tscore"
CRYOPPP = "X-Coordinate,Y-Coordinate,Diameter"

TEXT = {
    "relion 3.0": (
        "p.star",
        RELION_30,
        " #6\n",
        f"{MICROGRAPH}    16.000000    12.000000 10000.000000     2.000000",
        f"{MICROGRAPH}    50.000000    50.000000 1.000000e+04     2.000000",
    ),
    "relion 3.1": (
        "p.star",
        RELION_31,
        " #5\n",
        f"{MICROGRAPH}    16.000000    12.000000            1",
        f"{MICROGRAPH}    50.0    50            1",
    ),
    "relion 5": (
        "p.star",
        RELION_5,
        " #5\n",
        f"{MICROGRAPH}    16.000000    12.000000            1",
        f"{MICROGRAPH}    50.0    50            1",
    ),
    "cbox": ("a.cbox", CBOX, " #7\n", "7.0 3.0 <NA> 18 18 0.91", "41.0 41.0 <NA> 18 18 0.5"),
}
"""Name of the file, its text above the rows, the end of the score's label, the row that goes, that stays."""


@pytest.fixture
def masks(tmp_path):
    """Masks of a micrograph of 80 x 100 px, 2 Å each; rows 10-13, columns 14-17 are bad."""
    return write_mask_folder(tmp_path / "masks", {"a": marked_mask((3, 4))}, names={"a": MICROGRAPH})


@pytest.fixture
def clean(tmp_path, masks):
    def run(source, *words, exit_code=0):
        """Clean one file; give the folders' paths to the accepted and the rejected file."""
        good, bad = (tmp_path / kind / source.name for kind in ("good", "bad"))
        given = (source, "--masks", masks, "-o", good, "--rejected", bad, "--distance", "0", *words)
        done = CliRunner().invoke(app, ["clean", *map(str, given)])
        assert done.exit_code == exit_code, done.output
        return good, bad

    return run


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind", TEXT)
def test_a_table_in_the_form_of_star_gains_a_score_and_loses_a_row(tmp_path, clean, kind):
    name, head, label, gone, stays = TEXT[kind]
    good, bad = clean(written(tmp_path, name, f"{head}{gone} \n{stays} \n \n"))
    second = f" #{int(label.strip(' #')) + 1}\n"
    labels = f"{head}_cryoiceScore{label}_cryoiceVerdict{second}"
    assert good.read_text() == f"{labels}{stays} 0.1250 good \n \n"
    assert bad.read_text() == f"{labels}{gone} 0.7500 bad \n \n"


def test_topaz_gains_a_score_and_loses_a_row(tmp_path, clean):
    good, bad = clean(written(tmp_path, "t.txt", f"{TOPAZ}\na\t16\t12\t4.25\na\t50\t50\t-1e-3\n"))
    header = f"{TOPAZ}\tcryoiceScore\tcryoiceVerdict"
    assert good.read_text() == f"{header}\na\t50\t50\t-1e-3\t0.1250\tgood\n"
    assert bad.read_text() == f"{header}\na\t16\t12\t4.25\t0.7500\tbad\n"


def test_cryoppp_counts_rows_from_the_last_one(tmp_path, clean):
    good, bad = clean(written(tmp_path, "a.csv", f"{CRYOPPP}\r\n16,67,84\r\n50,29,84\r\n"))  # 79 - 12 = 67
    header = f"{CRYOPPP},cryoiceScore,cryoiceVerdict"
    assert good.read_bytes().decode() == f"{header}\r\n50,29,84,0.1250,good\r\n"
    assert bad.read_bytes().decode() == f"{header}\r\n16,67,84,0.7500,bad\r\n"


def test_bare_columns_lose_a_row_and_have_their_scores_beside_them(tmp_path, clean):
    good, bad = clean(written(tmp_path, "a.coord", "16 12\n# a note\n50.0\t50\n"))
    assert good.read_text() == "# a note\n50.0\t50\n"
    assert bad.read_text() == "16 12\n# a note\n"
    scores = good.with_name("a.coord_scores.csv").read_text()
    assert scores == "x,y,cryoiceScore,cryoiceVerdict\n50.0,50.0,0.1250,good\n"


def test_an_info_of_eman2_loses_a_box_only(tmp_path, clean):
    gone, stays = [16, 12, "manual"], [50, 50.0, "auto", 0.7]
    info = {"quality": 5, "boxes": [gone, stays], "ctf": [512, {"defocus": 1.25}]}
    good, bad = clean(written(tmp_path, "a_info.json", json.dumps(info)))
    assert json.loads(good.read_text()) == info | {"boxes": [stays]}
    assert json.loads(bad.read_text()) == info | {"boxes": [gone]}
    assert good.with_name("a_info.json_scores.csv").read_text().endswith("\n50.0,50.0,0.1250,good\n")


def saved(path, **columns):
    """Write a data set of cryoSPARC, whose fields have a slash for two underscores."""
    rows = np.zeros(
        2, dtype=[(name.replace("__", "/"), value.dtype, value.shape[1:]) for name, value in columns.items()]
    )
    for name, value in columns.items():
        rows[name.replace("__", "/")] = value
    with path.open("wb") as stream:
        np.save(stream, rows)
    return rows


def test_a_group_loses_a_particle_in_both_of_its_data_sets(tmp_path, clean):
    blobs = saved(
        tmp_path / "particles.cs", uid=np.array([7, 2**63], dtype="<u8"), blob__idx=np.array([1, 0])
    )
    locations = saved(
        tmp_path / "passthrough.cs",
        uid=np.array([2**63, 7], dtype="<u8"),
        location__micrograph_path=np.array([IN_CRYOSPARC] * 2),
        location__micrograph_shape=np.array([[80, 100]] * 2, dtype="<u4"),
        location__center_x_frac=np.array([0.16, 0.5], dtype="<f4"),
        location__center_y_frac=np.array([0.15, 0.625], dtype="<f4"),
    )
    results = "  blob:\n    metafile: '>particles.cs'\n    num_items: 2\n"
    results += "  location:\n    metafile: '>passthrough.cs'\n    num_items: 2\n"
    good, bad = clean(written(tmp_path, "p.csg", f"group:\n  type: particle\nresults:\n{results}"))
    for path, row in ((good, 1), (bad, 0)):
        uid = locations["uid"][row]
        found = {name: np.load(path.with_name(f"p_{name}.cs")) for name in ("particles", "passthrough")}
        assert found["passthrough"].tobytes() == locations[row : row + 1].tobytes()
        assert found["particles"].tobytes() == blobs[blobs["uid"] == uid].tobytes()
        expected = results.replace(">", ">p_").replace("num_items: 2", "num_items: 1")
        assert path.read_text() == f"group:\n  type: particle\nresults:\n{expected}"


def test_rows_may_count_from_the_other_end(tmp_path, clean):
    source = written(tmp_path, "a.coord", "16 67\n16 12\n")
    assert clean(source, "--flip-y")[0].read_text() == "16 12\n"
    assert clean(source, "--no-flip-y")[0].read_text() == "16 67\n"


def test_coordinates_may_count_in_other_pixels(tmp_path, clean):
    source = written(tmp_path, "a.coord", "8 6\n16 12\n")
    assert clean(source, "--angpix", "4")[0].read_text() == "16 12\n"
    assert clean(source)[0].read_text() == "8 6\n"


@pytest.mark.parametrize(("box", "stays"), [(14, "26 12\n60 60\n"), (18, "60 60\n")])
def test_a_box_that_reaches_an_artifact_goes(tmp_path, clean, box, stays):
    source = written(tmp_path, "a.coord", "26 12\n60 60\n")  # 8 px from the bad square, which ends at 18
    assert clean(source, "--from-box", "--box-size", box)[0].read_text() == stays
    assert clean(source)[0].read_text() == "26 12\n60 60\n"


def test_picks_of_a_micrograph_without_a_mask_may_be_rejected(tmp_path, clean):
    source = written(tmp_path, "other.coord", "50 50\n")
    good, bad = clean(source, "--unmasked", "reject", exit_code=1)
    assert (good.read_text(), bad.read_text()) == ("", "50 50\n")
    good, bad = clean(source, exit_code=1)
    assert (good.read_text(), bad.read_text()) == ("50 50\n", "")
