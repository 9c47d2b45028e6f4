import time

import pytest

from cryoice.errors import InputError
from cryoice.files.names import match_micrographs

UID, OTHER_UID = "013218873190254871234", "002918873190254871234"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("m1.mrc", "m1.mrc"),
        ("m1", "m1.mrc"),
        ("MotionCorr/job002/Micrographs/m1.mrc", "/data/project/m1.mrc"),
        ("m1", "a/m1.mrc.gz"),
        ("Micrographs/m1.mrc", "movies/m1.eer"),
        ("m1_autopick", "MotionCorr/job002/m1.mrc"),
        ("m1_manualpick", "m1.tiff"),
        ("m1_info", "m1.mrc"),
        (f"J7/imported/{UID}_m1_patch_aligned_doseweighted.mrc", "Micrographs/m1.mrc"),
        ("Micrographs/m1.mrc", f"J2/motioncorrected/{UID}_m1_patch_aligned_doseweighted.mrc"),
        (f"J7/imported/{UID}_m1.mrc", f"J2/motioncorrected/{OTHER_UID}_m1_patch_aligned.mrc"),
        ("grid 1 square 2.mrc", "17_grid 1 square 2_DW.mrc"),
        ("20170629_00021_frameImage", "m/20170629_00021_frameImage_fractions_DW.MRC"),
        ("m.1.frames", "m.1.mrc"),
    ],
)
def test_folders_endings_and_uids_are_seen_through(name, known):
    matches = match_micrographs([name], ["other.mrc", known, "m11.mrc"])
    assert matches.pairs == {name: known}
    assert matches.missing == ()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("MotionCorr/job002/grid1/a.mrc", "MotionCorr/job002/grid2/a.mrc"),
        ("MotionCorr/job002/grid1/a.mrc", "grid2/a.mrc"),
        ("grid1/a.mrc", "grid2/a.mrc"),
        ("/data/grid1/a.mrc", "/scratch/grid2/a.mrc"),
        ("/data/one/a.mrc", "/data/two/a.mrc"),
        ("MotionCorr/job002/one/a.mrc", "/data/project/MotionCorr/job002/two/a.mrc"),
        ("MotionCorr/job002/a.mrc", "MotionCorr/job002/day2/a.mrc"),
        ("MotionCorr/job002/2_a.mrc", "MotionCorr/job002/a.mrc"),
        ("job002/2_a.mrc", "job002/a.mrc"),
        ("m/2_001.mrc", "m/001.mrc"),
        ("MotionCorr/job002/Movies/2_a.mrc", "MotionCorr/job010/Movies/a.mrc"),
        (f"J2/motioncorrected/{UID}_a.mrc", f"J2/motioncorrected/{OTHER_UID}_a.mrc"),
    ],
)
def test_a_micrograph_that_was_never_masked_gets_no_other_ones_mask(name, known):
    for one, two in ((name, known), (known, name)):
        matches = match_micrographs([one], [two])
        assert (matches.pairs, matches.missing) == ({}, (one,))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        (f"J2/motioncorrected/0{UID}_a_patch_aligned_doseweighted.mrc", "MotionCorr/job002/Movies/a.mrc"),
        ("MotionCorr/job002/Movies/a.mrc", "MotionCorr/job010/Movies/a.mrc"),
        ("Extract/job018/Movies/a.mrc", "MotionCorr/job002/Movies/a.mrc"),
        ("MotionCorr/job002/Movies/a.mrc", "/data/project/MotionCorr/job002/Movies/a.mrc"),
        ("../project/MotionCorr/job002/Movies/a.mrc", "MotionCorr/job002/Movies/a.mrc"),
        ("./Movies/a.mrc", "Movies/a.mrc"),
        ("Movies/a.mrc", "MotionCorr/job002/Movies/a.mrc"),
        ("Movies/a.tiff", "Movies/a.mrc"),
        ("m/a_noDW.mrc", "m/a.mrc"),
        (f"m/{UID}_a.mrc", "m/a.mrc"),
        ("m/123456789012345_a.mrc", "m/a.mrc"),
        (f"J2/motioncorrected/{UID}_a.mrc", f"J9/motioncorrected/{OTHER_UID}_a.mrc"),
        ("grid1/a.mrc", "a"),
    ],
)
def test_the_same_micrograph_of_another_job_or_root_is_found(name, known):
    for one, two in ((name, known), (known, name)):
        assert match_micrographs([one], [two]).pairs == {one: two}


def test_two_jobs_that_made_a_micrograph_are_ambiguous():
    known = ["MotionCorr/job002/Movies/a.mrc", "MotionCorr/job010/Movies/a.mrc"]
    assert match_micrographs(known[:1], known).pairs == {known[0]: known[0]}
    with pytest.raises(InputError, match=r"may be any of .*job002/Movies/a\.mrc, .*job010/Movies/a\.mrc;"):
        match_micrographs(["MotionCorr/job003/Movies/a.mrc"], known)


def test_names_that_mean_no_known_micrograph_are_missing_in_order():
    matches = match_micrographs(["z", "a", "z", "b"], ["a.mrc", "c.mrc"])
    assert matches.pairs == {"a": "a.mrc"}
    assert matches.missing == ("z", "b")


def test_numbers_of_real_names_are_no_uids():
    assert match_micrographs(["11_foil.mrc"], ["12_foil.mrc"]).missing == ("11_foil.mrc",)
    names = ["20170629_101530_1.mrc", "20170630_101530_1.mrc"]
    assert match_micrographs(names, names[:1]).missing == ("20170630_101530_1.mrc",)


def test_the_surer_name_takes_the_micrograph():
    matches = match_micrographs(["a_DW.mrc", "a.mrc", "7_a.mrc"], ["x/a.mrc"])
    assert matches.pairs == {"a.mrc": "x/a.mrc"}
    assert matches.missing == ("a_DW.mrc", "7_a.mrc")


def test_a_plain_and_a_weighted_sum_stay_apart():
    known = ["a.mrc", "a_DW.mrc"]
    assert match_micrographs(["m/a", "m/a_DW"], known).pairs == {"m/a": "a.mrc", "m/a_DW": "a_DW.mrc"}
    assert match_micrographs([f"{UID}_a_DW"], known).pairs == {f"{UID}_a_DW": "a_DW.mrc"}


def test_equal_names_in_two_folders_are_told_apart_by_the_folders():
    names = ["MotionCorr/job002/grid1/a.mrc", "MotionCorr/job002/grid2/a.mrc"]
    known = ["/data/grid2/a.mrc", "/data/grid1/a.mrc"]
    assert match_micrographs(names, known).pairs == {names[0]: known[1], names[1]: known[0]}
    assert match_micrographs(names[:1], known).pairs == {names[0]: known[1]}
    one = match_micrographs(names, known[:1])
    assert (one.pairs, one.missing) == ({names[1]: known[0]}, (names[0],))


def test_a_name_that_may_mean_several_micrographs_lists_them():
    with pytest.raises(
        InputError, match=r"^a: may be any of grid1/a\.mrc, grid2/a\.mrc; name it with its fo"
    ):
        match_micrographs(["a"], ["grid1/a.mrc", "b.mrc", "grid2/a.mrc"])
    with pytest.raises(
        InputError, match=r"a\.mrc: may be any of 1_a\.mrc, 2_a\.mrc, .*, 5_a\.mrc and 2 more;"
    ):
        match_micrographs(["a.mrc"], [f"{number}_a.mrc" for number in range(1, 8)])


def test_a_micrograph_that_several_names_may_mean_lists_them():
    with pytest.raises(InputError, match=r"^a: any of 1_a\.mrc, 2_a\.mrc may mean it; mask each"):
        match_micrographs(["1_a.mrc", "2_a.mrc"], ["a"])


def test_a_thousand_names_are_matched_with_a_thousand_others_at_once():
    names = [f"J7/imported/{10**20 + number}_m{number}_patch_aligned.mrc" for number in range(1000)]
    known = [f"Micrographs/m{number}.mrc" for number in reversed(range(1000))]
    start = time.perf_counter()
    pairs = match_micrographs(names, known).pairs
    assert time.perf_counter() - start < 10
    assert [pairs[name] for name in names] == known[::-1]
