import pytest

from cryoice.files.names import match_names, without_alias, without_uid


def test_equal_names_pair():
    assert match_names(["a", "b"], ["b", "a", "c"]) == {"a": "a", "b": "b"}


@pytest.mark.parametrize(
    ("name", "candidate"),
    [
        ("a_patch_aligned_doseweighted", "a"),
        ("a", "a_patch_aligned_doseweighted"),
        ("a.frames", "a"),
        ("a", "a.frames"),
        ("a.frames_patch_aligned", "a_DW"),
        ("a", "0042_a"),
        ("0042_a", "a"),
        ("0042_a_patch_aligned_doseweighted", "a.frames"),
        ("a.frames", "0042_a_patch_aligned"),
        ("grid 1 square 2", "17_grid 1 square 2"),
    ],
)
def test_a_uid_or_an_ending_of_motion_correction_on_either_side_is_seen_through(name, candidate):
    assert match_names([name], [candidate]) == {name: candidate}


def test_names_that_begin_with_digits_stay_apart():
    names = ["11_foil", "12_foil", "13_foil"]
    assert match_names(names, ["12_foil", "13_foil"]) == {"12_foil": "12_foil", "13_foil": "13_foil"}


def test_a_leading_number_is_no_uid_when_both_sides_have_another_one():
    assert match_names(["11_foil"], ["12_foil"]) == {}


def test_the_raw_name_wins_over_the_stripped_one():
    assert match_names(["7_a", "a"], ["a", "7_a"]) == {"7_a": "7_a", "a": "a"}


def test_an_ambiguous_pair_is_no_pair():
    assert match_names(["1_a", "2_a"], ["a"]) == {}
    assert match_names(["a"], ["1_a", "2_a"]) == {}


def test_a_weighted_and_a_plain_sum_do_not_share_a_file():
    assert match_names(["a", "a_DW"], ["a"]) == {"a": "a"}


def test_a_name_that_is_nothing_but_an_ending_is_kept():
    assert without_alias("_DW") == "_DW"
    assert without_uid("123") == "123"
