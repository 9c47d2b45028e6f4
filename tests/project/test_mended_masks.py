import numpy as np
import pytest
from PIL import Image

from cryoice.errors import InputError, OutputError
from cryoice.files.corrections import COLUMNS, Corrections
from cryoice.files.micrograph import write_mrc
from cryoice.files.micrograph_list import list_micrographs
from cryoice.files.mrc import read_mrc
from cryoice.learn.own_masks import Field, MaskLabels
from cryoice.mask.regions import enlarge
from cryoice.project.mask_folder import MaskFolder
from cryoice.project.mended_masks import mend_masks
from cryoice.project.review_pictures import mask_digest
from cryoice.project.review_rows import reviewed
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
    listed = micrographs
    if isinstance(micrographs, str):
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
    labels = MaskLabels.find(project / "mended", {"Movies/c.mrc": "c"})
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
        "elsewhere/c.mrc,c,whole,,,,support",
    )
    assert done.stems == ("c",)
    path = project / "corrections.csv"
    assert done.failures == (
        f"{path}: line 3: radius 0 Å must be above 0",
        f"{path}: line 5: 'Movies/x.mrc' is not in {project / 'masks'}",
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
    review = reviewed(MaskFolder.read(project / "masks"), Corrections.read(path))
    assert (list(review.done), review.failures) == (["a"], ())


def two_grids(folder):
    """Write and mask a micrograph of the same name in two folders; return both."""
    for grid in ("gridA", "gridB"):
        write_mrc(folder / grid / "a.mrc", np.zeros((80, 100), dtype=np.float32), pixel_size=2.0)
    listed = list_micrographs([folder / "gridA", folder / "gridB"], angpix=None).micrographs
    names = {one.stem: one.name for one in listed}
    write_mask_folder(folder / "masks", {stem: marked_mask((4, 7)) for stem in names}, names=names)
    return listed


def test_micrographs_of_one_name_in_two_folders_learn_from_their_own_corrections(tmp_path):
    listed = two_grids(tmp_path)
    rows = [
        f"{listed[0].name},{listed[0].stem},whole,,,,support",
        f"{listed[1].name},{listed[1].stem},whole,,,,clean",
    ]
    done = mend(tmp_path, *rows, micrographs=listed)
    assert done.failures == ()
    labels = MaskLabels.find(tmp_path / "mended", {one.name: one.stem for one in listed})
    found = [labels.label(one.name, Field((80, 100), 2.0, SIDE)) for one in listed]
    assert [np.unique(label).tolist() for label in found] == [[3], [0]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Movies/c.mrc,cc,disc,1,2,9,clean", "'Movies/c.mrc' and the stem 'cc' are not of one mask in "),
        ("Other/z.mrc,c,disc,1,2,9,clean", "'Other/z.mrc' and the stem 'c' are not of one mask in "),
        ("Movies/c.mrc", "kind '' is none of "),
    ],
)
def test_a_row_that_means_a_micrograph_by_one_of_its_names_spoils_it(row, said, project):
    done = mend(project, "Movies/c.mrc,c,whole,,,,support", row, "Movies/b.mrc,b,whole,,,,right")
    assert done.stems == ("b",)
    assert done.failures[0].startswith(f"{project / 'corrections.csv'}: line 3: {said}")
    assert done.failures[1:] == ("c is left out: one of its rows cannot be followed",)


@pytest.mark.parametrize("given", ["gridB", "gridB/a.mrc"])
def test_a_micrograph_of_the_same_name_is_not_taken_for_the_one_that_was_corrected(given, tmp_path):
    both = two_grids(tmp_path)
    done = mend(tmp_path, f"{both[0].name},{both[0].stem},whole,,,,support", micrographs=given)
    assert done.stems == ()
    assert done.failures == (f"{both[0].stem} is left out: none of the micrographs given",)


def test_corrections_of_another_mask_are_not_followed(project):
    masked = MaskFolder.read(project / "masks").masked[0]
    own = mask_digest(masked, *masked.read())
    row = "Movies/a.mrc,a,region,16,32,,support,{}"
    header = f"{','.join(COLUMNS)},digest"
    for digest, stems in (
        (own, ("a",)),
        ("", ("a",)),
        ("0123456789ab", ()),
    ):
        path = project / "corrections.csv"
        path.write_text(f"{header}\n{row.format(digest)}\n", encoding="utf-8")
        listed = list_micrographs([project / "Movies"], angpix=None).micrographs
        folder = MaskFolder.read(project / "masks")
        done = mend_masks(folder, Corrections.read(path), listed, project / "mended", kept=None)
        assert done.stems == stems
    [told] = done.failures
    assert told == (
        f"a is left out: its mask in {project / 'masks'} has changed since it was corrected; correct it again"
    )


def test_a_folder_that_cannot_be_written_is_the_whole_fault(project):
    (project / "taken").write_text("")
    with pytest.raises(OutputError, match="taken"):
        mend(project, "Movies/a.mrc,a,whole,,,,right", kept=project / "taken")
    assert not (project / "mended").exists()


def test_masks_of_an_earlier_run_are_told_of(project):
    mend(project, "Movies/a.mrc,a,whole,,,,right", "Movies/b.mrc,b,whole,,,,right", kept=project / "kept")
    done = mend(project, "Movies/a.mrc,a,whole,,,,right", kept=project / "kept")
    assert done.failures == (
        f"{project / 'kept'}: 1 masks are of earlier runs, such as b_mask.png; they are not learnt from",
    )


def test_the_pixel_sizes_of_the_masks_are_told(project):
    assert mend(project, "Movies/a.mrc,a,whole,,,,right").pixel_sizes == {2.0}
