import numpy as np
import pytest
from PIL import Image

from cryoice.errors import InputError
from cryoice.files.corrections import COLUMNS, Corrections
from cryoice.files.micrograph import write_mrc
from cryoice.files.micrograph_list import list_micrographs
from cryoice.files.mrc import read_mrc
from cryoice.learn.own_masks import Field, MaskLabels
from cryoice.mask.regions import enlarge
from cryoice.project.mask_folder import MaskFolder
from cryoice.project.mended_masks import mend_masks, reviewed
from mask_folder import marked_mask, write_mask_folder

SIDE = (20, 25)
FACTOR = 4


@pytest.fixture
def project(tmp_path):
    """Micrographs of 80 x 100 px of 2 Å, their masks at 8 Å/px; a region on each."""
    rng = np.random.default_rng(0)
    shape = (SIDE[0] * FACTOR, SIDE[1] * FACTOR)
    for stem in "abc":
        path = tmp_path / f"Movies/{stem}.mrc"
        path.parent.mkdir(exist_ok=True)
        write_mrc(path, rng.normal(size=shape).astype(np.float32), pixel_size=2.0)
    masks = {stem: marked_mask((4, 7), (4, 8), (15, 3)) for stem in "abc"}
    write_mask_folder(tmp_path / "masks", masks, names={stem: f"Movies/{stem}.mrc" for stem in "abc"})
    return tmp_path


def mend(project, *rows, kept=None, micrographs="Movies", masks="masks"):
    path = project / "corrections.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    listed = list_micrographs([project / micrographs], angpix=None).micrographs
    folder = MaskFolder.read(project / masks)
    return mend_masks(folder, Corrections.read(path), listed, project / "mended", kept=kept)


def grey(path):
    return np.asarray(Image.open(path))


def test_only_what_was_corrected_is_written(project):
    done = mend(
        project,
        "Movies/a.mrc,a,verdict,,,,rejected",
        "Movies/b.mrc,b,region,16,32,,support",
        "Movies/b.mrc,b,verdict,,,,accepted",
    )
    assert (done.stems, done.actions, done.failures) == (("b",), 1, ())
    assert [path.name for path in (project / "mended").iterdir()] == ["b_mask.png"]
    found = grey(project / "mended/b_mask.png")
    assert found.shape == SIDE
    assert np.argwhere(found == 3).tolist() == [[4, 7], [4, 8]]
    assert np.argwhere(found == 2).tolist() == [[15, 3]]


def test_a_mask_of_full_size_is_mended_as_a_small_one(project):
    row = "Movies/b.mrc,b,disc,{},{},9,crystalline"
    small = mend(project, row.format(17, 45))
    whole, found = project / "whole", grey(project / "mended/b_mask.png")
    masks = {stem: marked_mask((4, 7), (4, 8), (15, 3)) for stem in "b"}
    write_mask_folder(whole, masks, names={"b": "Movies/b.mrc"})
    mask = enlarge(masks["b"], (80, 100))
    write_mrc(whole / "b_mask.mrc", mask, pixel_size=2.0)
    assert read_mrc(whole / "b_mask.mrc")[0].shape == (80, 100)
    assert mend(project, row.format(17, 45), masks="whole") == small
    assert np.array_equal(grey(project / "mended/b_mask.png"), found)
    assert (found == 1).any()


def test_a_marked_pixel_reaches_the_view_that_is_learnt_from(project):
    mend(project, "Movies/c.mrc,c,disc,12,88,3,crystalline", "Movies/c.mrc,c,whole,,,,right")
    labels = MaskLabels.find(project / "mended", ["Movies/c.mrc"])
    for view in (SIDE, (40, 50)):
        marked = np.argwhere(labels.label("Movies/c.mrc", Field((80, 100), 2.0, view)) == 1)
        centre = marked.mean(axis=0) * (80 / view[0], 100 / view[1])
        assert centre == pytest.approx((12, 88), abs=2.1)


def test_a_mended_mask_is_kept_and_drawn_over_its_micrograph(project):
    done = mend(project, "Movies/a.mrc,a,disc,40,50,30,support", kept=project / "kept")
    assert done.stems == ("a",)
    learnt, kept = (project / f"{folder}/a_mask.png" for folder in ("mended", "kept"))
    assert learnt.read_bytes() == kept.read_bytes()
    assert not (project / "mended/a.png").exists()
    picture = grey(project / "kept/a.png").astype(int)
    scale = round(560 / max(SIDE))
    assert picture.shape[1:] == (SIDE[1] * scale, 3)
    red, green, blue = picture[10 * scale, 12 * scale + scale // 2]
    assert len({red, green, blue}) > 1  # coloured in the disc
    red, green, blue = picture[scale // 2, scale // 2]
    assert red == green == blue


def test_what_cannot_be_followed_is_a_line_each_and_costs_its_micrograph_alone(project):
    done = mend(
        project,
        "Movies/a.mrc,a,whole,,,,right",
        "Movies/a.mrc,a,disc,1,2,0,clean",
        "Movies/b.mrc,b,region,16,500,,clean",
        "Movies/x.mrc,x,whole,,,,clean",
        "Movies/x.mrc,x,whole,,,,right",
        "Other/z.mrc,c,whole,,,,right",
        "elsewhere/c.mrc,c,whole,,,,support",
    )
    assert done.stems == ("c",)
    path = project / "corrections.csv"
    assert done.failures == (
        f"{path}: line 3: radius 0 Å must be above 0",
        f"{path}: line 5: 'Movies/x.mrc' is not in {project / 'masks'}",
        f"{path}: line 7: 'Other/z.mrc' is not in {project / 'masks'}",
        "a is left out: one of its rows cannot be followed",
        "b is left out: line 4: row 16, column 500 lie off the micrograph of 80 x 100 px",
    )


def test_a_micrograph_that_is_not_given_is_named(project):
    done = mend(
        project,
        "Movies/a.mrc,a,whole,,,,right",
        "Movies/b.mrc,b,whole,,,,right",
        micrographs="Movies/b.mrc",
    )
    assert done.stems == ("b",)
    assert done.failures == ("a is left out: none of the micrographs given",)


def test_no_name_in_a_file_leads_out_of_the_folder(project):
    done = mend(project, "../../a.mrc,../../a,whole,,,,right", "Movies/a.mrc,../a,whole,,,,right")
    assert done.stems == ()
    assert len(done.failures) == 2
    assert not list(project.glob("*.png"))


@pytest.mark.parametrize("folder", ["Movies/../masks", "Movies"])
def test_neither_masks_nor_micrographs_are_replaced(folder, project):
    with pytest.raises(InputError, match=r"holds (the masks themselves|a.mrc itself); choose another folder"):
        mend(project, "Movies/a.mrc,a,whole,,,,right", kept=project / folder)


def test_a_verdict_alone_makes_a_micrograph_reviewed(project):
    path = project / "corrections.csv"
    path.write_text(f"{','.join(COLUMNS)}\nMovies/a.mrc,a,verdict,,,,rejected\n")
    done, faults = reviewed(MaskFolder.read(project / "masks"), Corrections.read(path))
    assert (list(done), faults) == (["a"], [])
