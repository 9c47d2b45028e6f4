"""Listed picks of training and validation are cleaned, those of the test split never."""

import logging

import pandas as pd
import pytest

from cryoice.errors import InputError
from cryoice.learn.cleaning import Cleaning, read_suspects
from cryoice.learn.dataset import PreparedMicrograph, View

HEADER = "rank,entry,micrograph,row,col,label,suggested"
VIEW = View(path=None, pixel_size=1.5, scale=(1.0, 1.0))
MICROGRAPHS = [PreparedMicrograph("007", name, name, real=VIEW, spectrum=VIEW) for name in ("01", "02", "03")]
PICKS = pd.DataFrame(
    {
        "micrograph": [0, 0, 1, 2, 0],
        "row": [10.0, 20.0, 10.0, 10.0, 10.0],
        "col": [5.0, 5.0, 5.0, 5.0, 5.0],
        "label": [1, 0, 1, 1, 0],
    },
    index=[3, 4, 5, 8, 9],
)
PART = PICKS["micrograph"].map({0: "train", 1: "val", 2: "test"})


def listing(tmp_path, *rows):
    path = tmp_path / "suspects.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def clean(path, how):
    return Cleaning(path, how).apply(PICKS, MICROGRAPHS, part=PART)


ALL_BAD = [f"1,007,0{number},10,5,BAD,GOOD" for number in (1, 2, 3)]


def test_listed_picks_are_left_out_and_counted_but_for_those_to_test(tmp_path):
    found, dropped = clean(listing(tmp_path, *ALL_BAD), "drop")
    assert found.equals(PICKS.loc[[4, 8, 9]])
    assert dropped == {"suspect labels": 2}


def test_listed_picks_get_the_suggested_label_but_for_those_to_test(tmp_path):
    found, dropped = clean(listing(tmp_path, *ALL_BAD), "flip")
    assert found["label"].tolist() == [0, 0, 0, 1, 0]
    assert found.drop(columns="label").equals(PICKS.drop(columns="label"))
    assert dropped == {}


@pytest.mark.parametrize(("row", "left"), [("10.4", 4), ("10.6", 5)])
def test_a_suspect_is_the_pick_within_half_a_pixel(tmp_path, row, left, caplog):
    anchor = "2,007,02,10,5,BAD,GOOD"
    found, _ = clean(listing(tmp_path, f"1,007,01,{row},5,BAD,GOOD", anchor), "drop")
    assert len(found) == left - 1
    assert ("1 of 2 suspects match no pick" in caplog.text) == (left == 5)


def test_of_two_picks_at_a_place_the_one_with_the_label_is_meant(tmp_path):
    found, _ = clean(listing(tmp_path, "1,007,01,10,5,GOOD,BAD"), "drop")
    assert found.index.tolist() == [3, 4, 5, 8]


def test_what_is_done_is_told(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        clean(listing(tmp_path, *ALL_BAD), "flip")
    assert "2 picks are given the other label, 1 are to test" in caplog.text


@pytest.mark.parametrize(
    "row",
    ["1,007,04,10,5,BAD,GOOD", "1,7,01,10,5,BAD,GOOD", "1,007,01,5,10,BAD,GOOD", "1,007,01,20,5,BAD,GOOD"],
)
def test_a_list_of_other_data_is_refused(tmp_path, row):
    with pytest.raises(InputError, match="none of its 1 suspects is a pick of this data"):
        clean(listing(tmp_path, row), "drop")


@pytest.mark.parametrize(
    "row", ["1,007,01,x,5,BAD,GOOD", "1,007,01,,5,BAD,GOOD", "1,007,01,1,5,bad,GOOD", "1,007,01,1"]
)
def test_a_cell_that_is_no_position_and_no_label_is_refused(tmp_path, row):
    with pytest.raises(InputError, match=r"suspects\.csv: no list of suspects"):
        read_suspects(listing(tmp_path, row))


def test_a_missing_file_and_another_one_are_named(tmp_path):
    with pytest.raises(InputError, match=r"data\.suspects=.*gone\.csv: no such file; give the CSV"):
        read_suspects(tmp_path / "gone.csv")
    other = tmp_path / "other.csv"
    other.write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match="no list of suspects"):
        read_suspects(other)
