import json
from pathlib import Path

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.micrograph import read_micrograph, write_mrc
from cryoice.files.micrograph_list import ListedMicrograph, list_micrographs, resolve_pixel_size
from cryoice.files.pixel_size_doubts import counted

RAMP = np.arange(15, dtype=np.float32).reshape(3, 5)


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def star(path, names, *, groups=None, sizes=None, column="rlnMicrographName"):
    """Write a table as RELION 3.1 does; groups are the rows' optics groups, sizes those of the groups."""
    path.parent.mkdir(parents=True, exist_ok=True)
    groups = groups or ["1"] * len(names)
    lines = []
    if sizes is not None:
        lines += [
            "# version 30001",
            "",
            "data_optics",
            "",
            "loop_",
            "_rlnOpticsGroupName #1",
            "_rlnOpticsGroup #2",
        ]
        lines += ["_rlnMicrographPixelSize #3"]
        lines += [f"opticsGroup{group} {group} {size}" for group, size in sizes.items()]
    lines += [
        "",
        "# version 30001",
        "",
        "data_micrographs",
        "",
        "loop_",
        f"_{column} #1",
        "_rlnOpticsGroup #2",
    ]
    lines += [f"{name} {group}" for name, group in zip(names, groups, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a RELION project of two micrographs; the current folder is another one."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    root = tmp_path / "project"
    touch(root / "MotionCorr/job002/Movies/a1.mrc", root / "MotionCorr/job002/Movies/a2.mrc")
    return root


A1, A2 = "MotionCorr/job002/Movies/a1.mrc", "MotionCorr/job002/Movies/a2.mrc"


def test_files_are_taken_in_their_order_with_the_pixel_size_left_to_the_header(tmp_path):
    paths = [tmp_path / "b.mrc", tmp_path / "a.frames.mrc.gz", tmp_path / "c.tif", tmp_path / "d.eer"]
    touch(*paths)
    listed = list_micrographs(paths, angpix=None)
    assert [item.path for item in listed.micrographs] == paths
    assert [item.name for item in listed.micrographs] == [str(path) for path in paths]
    assert [item.stem for item in listed.micrographs] == ["b", "a.frames", "c", "d"]
    assert {(item.pixel_size, item.rows) for item in listed.micrographs} == {(None, ())}
    assert (listed.failures, listed.doubts, listed.star, listed.block) == ((), (), None, None)


def test_a_folder_gives_the_micrographs_directly_in_it_by_number(tmp_path):
    touch(
        *(tmp_path / name for name in ("a10.mrc", "a2.mrc", "b.TIF", "notes.txt", ".hidden.mrc", "sub/c.mrc"))
    )
    touch(*(tmp_path / name for name in ("a2.png", "alone.png")))
    listed = list_micrographs([tmp_path], angpix=None)
    assert [item.path.name for item in listed.micrographs] == ["a2.mrc", "a10.mrc", "alone.png", "b.TIF"]
    assert (listed.failures, listed.doubts) == ((), ())


def test_of_a_folder_outputs_are_passed_over_by_its_records_and_not_by_their_names(tmp_path):
    touch(*(tmp_path / name for name in ("a.mrc", "grid_ice.mrc", "b_mask.mrc", "b_score.mrc", "b.png")))
    listed = list_micrographs([tmp_path], angpix=None)
    named = ["a.mrc", "b.png", "b_mask.mrc", "b_score.mrc", "grid_ice.mrc"]
    assert [item.path.name for item in listed.micrographs] == named
    assert listed.doubts == ()
    (tmp_path / ".cryoice").mkdir()
    record = {"outputs": ["b_mask.mrc", "b_score.mrc", "b.png"]}
    (tmp_path / ".cryoice/b.json").write_text(json.dumps(record))
    (tmp_path / ".cryoice/damaged.json").write_text("{")
    listed = list_micrographs([tmp_path], angpix=None)
    assert [item.path.name for item in listed.micrographs] == ["a.mrc", "grid_ice.mrc"]
    assert listed.doubts == (f"{tmp_path}: 3 files are passed over, outputs of cryoice mask",)
    for name in ("a.mrc", "grid_ice.mrc"):
        (tmp_path / name).unlink()
    [(_, reason)] = list_micrographs([tmp_path], angpix=None).failures
    assert reason.startswith("only outputs of cryoice mask lie directly in it")


def test_a_file_that_a_star_file_lists_twice_keeps_both_rows(project):
    path = star(project / "m.star", [A1, A2, str(project / A1)], sizes={"1": 0.85})
    listed = list_micrographs([path], angpix=None)
    assert [(item.name, item.rows) for item in listed.micrographs] == [(A1, (0, 2)), (A2, (1,))]
    assert listed.failures == ()


def test_a_file_listed_twice_with_different_pixel_sizes_fails_the_second_time(project):
    path = star(project / "m.star", [A1, A1], groups=["1", "2"], sizes={"1": 0.85, "2": 1.7})
    listed = list_micrographs([path], angpix=None)
    assert [(item.rows, item.pixel_size) for item in listed.micrographs] == [((0,), 0.85)]
    assert listed.failures == ((A1, "listed twice with different pixel sizes; give --angpix"),)
    assert [item.rows for item in list_micrographs([path], angpix=0.9).micrographs] == [(0, 1)]


def test_an_optics_group_that_the_star_file_does_not_describe_is_named(project):
    path = star(project / "m.star", [A1, A2], groups=["1", "3"], sizes={"1": 0.85})
    listed = list_micrographs([path], angpix=None)
    assert [item.pixel_size for item in listed.micrographs] == [0.85, None]
    said = "m.star: no pixel size of optics group 3 in data_optics, so that of the header is used"
    assert listed.doubts == (f"{said} (1 micrograph)",)
    assert "group 3" not in " ".join(list_micrographs([path], angpix=0.85).doubts)


def test_a_star_file_without_rows_is_refused(project):
    with pytest.raises(InputError, match=r"m\.star: lists no micrographs; give a list with rows"):
        list_micrographs([star(project / "m.star", [], sizes={"1": 0.85})], angpix=None)


OPTICS_OF_ONE = "data_optics\n\n_rlnOpticsGroup  1\n_rlnMicrographPixelSize  0.85\n\n"


def test_optics_written_without_a_loop_are_read_and_such_a_micrograph_is_named(project):
    path = project / "m.star"
    row = f"_rlnMicrographName #1\n_rlnOpticsGroup #2\n{A1} 1\n"
    path.write_text(f"{OPTICS_OF_ONE}data_micrographs\n\nloop_\n{row}")
    assert [item.pixel_size for item in list_micrographs([path], angpix=None).micrographs] == [0.85]
    path.write_text(f"{OPTICS_OF_ONE}data_micrographs\n\n_rlnMicrographName  {A1}\n_rlnOpticsGroup  1\n")
    with pytest.raises(InputError, match=r"m\.star: its one micrograph stands outside a loop_"):
        list_micrographs([path], angpix=None)


def test_a_folder_without_micrographs_says_that_sub_folders_are_not_entered(tmp_path):
    touch(tmp_path / "sub/c.mrc")
    listed = list_micrographs([tmp_path], angpix=None)
    assert listed.micrographs == ()
    [(name, reason)] = listed.failures
    assert name == str(tmp_path)
    assert reason == "no micrograph lies directly in it; sub-folders are not entered, name them"


def test_what_is_missing_or_no_micrograph_fails_and_the_rest_goes_on(tmp_path):
    touch(tmp_path / "a.mrc", tmp_path / "notes.txt", tmp_path / ".mrc")
    paths = [tmp_path / name for name in ("gone.mrc", "a.mrc", "notes.txt", ".mrc")]
    listed = list_micrographs(paths, angpix=None)
    assert [item.stem for item in listed.micrographs] == ["a"]
    reasons = dict(listed.failures)
    assert reasons[str(tmp_path / "gone.mrc")] == "no such file"
    assert reasons[str(tmp_path / "notes.txt")].startswith("not a micrograph; give one of .mrc")
    assert reasons[str(tmp_path / ".mrc")].startswith("not a micrograph")


def test_files_of_one_name_have_outputs_of_their_own_called_by_a_hash_of_their_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [Path("x/a.mrc"), Path("y/a.mrc"), Path("y/a.tif"), Path("y/b.mrc")]
    touch(*paths)
    listed = list_micrographs(paths, angpix=None)
    assert listed.failures == ()
    # sha256sum of y/a.mrc and of y/a.tif
    assert [item.stem for item in listed.micrographs] == ["a", "a_088bb8", "a_7dc344", "b"]


def test_a_file_given_twice_is_taken_once(tmp_path):
    path = tmp_path / "a.mrc"
    touch(path)
    listed = list_micrographs([path, tmp_path, tmp_path / ".." / tmp_path.name / "a.mrc"], angpix=None)
    assert [item.path for item in listed.micrographs] == [path]
    assert listed.failures == ()


def test_names_in_a_star_file_are_found_from_the_projects_folder(project):
    path = star(project / "CtfFind/job003/micrographs_ctf.star", [A2, A1], sizes={"1": 0.85})
    listed = list_micrographs([path], angpix=None)
    assert [item.name for item in listed.micrographs] == [A2, A1]
    assert [item.path for item in listed.micrographs] == [project / A2, project / A1]
    assert [(item.stem, item.rows, item.pixel_size) for item in listed.micrographs] == [
        ("a2", (0,), 0.85),
        ("a1", (1,), 0.85),
    ]
    assert (listed.failures, listed.doubts, listed.block) == ((), (), "micrographs")
    assert listed.star is not None
    assert listed.star.path == path


def test_the_current_folder_comes_before_the_star_files(project, tmp_path):
    touch(tmp_path / "elsewhere" / A1)
    [item] = list_micrographs([star(project / "m.star", [A1])], angpix=1.5).micrographs
    assert item.path.resolve() == tmp_path / "elsewhere" / A1


def test_rows_that_name_no_file_or_a_frame_of_a_stack_fail(project):
    path = star(
        project / "m.star", ["000001@stack.mrcs", "gone.mrc", A1, str(project / A2), "x" * 5000 + ".mrc"]
    )
    listed = list_micrographs([path], angpix=None)
    assert [item.rows for item in listed.micrographs] == [(2,), (3,)]
    assert [name for name, _ in listed.failures[:2]] == ["000001@stack.mrcs", "gone.mrc"]
    assert listed.failures[0][1] == "m.star lists a frame of a stack; list single micrographs"
    assert "m.star lists it, but there is no such file; run in the RELION project's" in listed.failures[1][1]
    assert len(listed.failures) == 3


def test_a_stem_holds_no_folder_whatever_a_star_file_says(project):
    touch(project.parent / "outside.mrc")
    [item] = list_micrographs([star(project / "m.star", ["../outside.mrc"])], angpix=None).micrographs
    assert item.stem == "outside"


def test_each_optics_group_has_its_pixel_size_and_a_difference_is_named(project):
    path = star(project / "m.star", [A1, A2], groups=["2", "1"], sizes={"1": 0.85, "2": 1.06, "3": 5})
    listed = list_micrographs([path], angpix=None)
    assert [item.pixel_size for item in listed.micrographs] == [1.06, 0.85]
    assert listed.doubts == (
        "m.star: the optics groups differ in Å/px (2: 1.06, 1: 0.85); each micrograph gets its own group's",
    )


def test_a_pixel_size_of_relion_3_0_is_the_detectors_over_the_magnification(project):
    path = project / "m.star"
    columns = ["_rlnMicrographName #1", "_rlnMagnification #2", "_rlnDetectorPixelSize #3"]
    rows = [f"{A1} 50000.0 5.0", f"{A2} 0 5.0"]  # 5 µm over 50000 are 1 Å
    path.write_text("\n".join(["", "data_", "", "loop_", *columns, *rows]) + "\n")
    listed = list_micrographs([path], angpix=None)
    assert [item.pixel_size for item in listed.micrographs] == [1.0, None]
    assert listed.block == ""


def test_a_star_file_without_pixel_sizes_leaves_them_to_the_headers(project):
    for sizes in (None, {"1": 0}, {"1": "nan"}, {"7": 0.85, "8": 0.85}):
        listed = list_micrographs([star(project / "m.star", [A1], sizes=sizes)], angpix=None)
        assert [item.pixel_size for item in listed.micrographs] == [None]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (
            1.0,
            "m.star says exactly 1 Å/px, as if nobody had set it; give --angpix if it is another"
            " (2 micrographs)",
        ),
        (85, "m.star says 85 Å/px, outside 0.1-20; check the unit (2 micrographs)"),
    ],
)
def test_a_doubtful_pixel_size_in_a_star_file_is_one_line_with_a_count(project, size, said):
    listed = list_micrographs([star(project / "m.star", [A1, A2], sizes={"1": size})], angpix=None)
    assert listed.doubts == (said,)


def test_angpix_overrides_the_star_file_and_says_so_beyond_one_percent(project):
    path = star(project / "m.star", [A1, A2], groups=["1", "2"], sizes={"1": 0.85, "2": 0.84})
    listed = list_micrographs([path], angpix=0.8501)
    assert [item.pixel_size for item in listed.micrographs] == [0.8501, 0.8501]
    assert listed.doubts == ("m.star says 0.84 Å/px, but 0.8501 was given and is used (1 micrograph)",)
    assert list_micrographs([path], angpix=0.845).doubts == ()


def test_an_unusual_angpix_is_named_and_an_impossible_one_refused(tmp_path):
    touch(tmp_path / "a.mrc")
    assert list_micrographs([tmp_path], angpix=106).doubts == (
        "--angpix says 106 Å/px, outside 0.1-20; check the unit",
    )
    assert list_micrographs([tmp_path], angpix=1.0).doubts == ()
    for angpix in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match=r"--angpix: .* is impossible; give one above 0"):
            list_micrographs([tmp_path], angpix=angpix)


def test_other_star_files_are_refused_with_what_to_give(project):
    movies = star(project / "movies.star", [A1], column="rlnMicrographMovieName")
    with pytest.raises(
        InputError, match=r"movies\.star: lists movies; give the STAR file of the micrographs"
    ):
        list_micrographs([movies], angpix=None)
    particles = project / "particles.star"
    particles.write_text(f"data_particles\n\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n{A1} 1.0\n")
    with pytest.raises(
        InputError, match=r"particles\.star: lists particles; give the STAR file of their micro"
    ):
        list_micrographs([particles], angpix=None)
    other = star(project / "other.star", [A1], column="rlnSomething")
    with pytest.raises(InputError, match=r"other\.star: has no column _rlnMicrographName; give"):
        list_micrographs([other], angpix=None)
    with pytest.raises(InputError, match=r"gone\.star: no such file"):
        list_micrographs([project / "gone.star"], angpix=None)
    with pytest.raises(InputError, match=r"movies\.star: is not alone; give one list, or micrographs"):
        list_micrographs([project / A1, movies], angpix=None)


def test_a_thousand_rows_are_listed_without_opening_a_micrograph(project):
    names = [f"MotionCorr/job002/Movies/m{number}.mrc" for number in range(1000)]
    touch(*(project / name for name in names))
    path = star(project / "CtfFind/job003/m.star", names, sizes={"1": 0.85})
    listed = list_micrographs([path], angpix=0.9)
    assert len(listed.micrographs) == 1000  # empty files: opening one would fail
    assert listed.doubts == ("m.star says 0.85 Å/px, but 0.9 was given and is used (1000 micrographs)",)


def listed_with(tmp_path, pixel_size):
    return ListedMicrograph(tmp_path / "a.mrc", "a.mrc", "a", pixel_size, ())


@pytest.mark.parametrize(
    ("given", "header", "size", "doubt"),
    [
        (None, 0.85, 0.85, None),
        (None, 1.0, 1.0, "the header says exactly 1 Å/px, as if nobody"),
        (None, 0.05, 0.05, "the header says 0.05 Å/px, outside 0.1-20"),
        (0.85, None, 0.85, None),
        (0.85, 0.858, 0.85, None),
        (0.85, 0.87, 0.85, "the header says 0.87 Å/px, but 0.85 was given and is used"),
        (0.85, 1.0, 0.85, "the header says 1 Å/px, but 0.85 was given and is used"),
        (1.0, 1.0, 1.0, None),
    ],
)
def test_what_was_given_comes_before_the_header(tmp_path, given, header, size, doubt):
    settled, said = resolve_pixel_size(listed_with(tmp_path, given), header)
    assert settled == size
    assert (said is None) == (doubt is None)
    assert doubt is None or (said is not None and said.startswith(doubt))


def test_a_micrograph_whose_pixel_size_nobody_tells_fails(tmp_path):
    with pytest.raises(InputError, match=r"a\.mrc: its header tells no pixel size; give --angpix"):
        resolve_pixel_size(listed_with(tmp_path, None), None)


def test_equal_doubts_are_counted():
    assert counted(["x", "y", "x"]) == ("x (2 micrographs)", "y (1 micrograph)")


def test_a_written_micrograph_settles_by_its_header(tmp_path):
    write_mrc(tmp_path / "a.mrc", RAMP, pixel_size=0.85)
    [item] = list_micrographs([tmp_path], angpix=None).micrographs
    assert resolve_pixel_size(item, read_micrograph(item.path).pixel_size) == (0.85, None)
