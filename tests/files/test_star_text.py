from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import starfile

from cryoice.errors import InputError
from cryoice.files import star_blocks
from cryoice.files.star_text import StarText
from star_samples import LIST_OF_FILES, PICKS_OF_ONE, PYEM, RELION_5, RELION_30, RELION_31

SAMPLES = {
    "3.0": (RELION_30, ""),
    "3.1": (RELION_31, "particles"),
    "5": (RELION_5, "particles"),
    "pyem": (PYEM, "images"),
    "one": (PICKS_OF_ONE, ""),
    "list": (LIST_OF_FILES, "coordinate_files"),
}


def star_of(folder, text) -> StarText:
    path = folder / "a.star"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return StarText.read(path)


def written(star, folder) -> bytes:
    star.write(folder / "b.star")
    return (folder / "b.star").read_bytes()


def as_strings(path) -> dict:
    """All blocks of a file as starfile reads them, every cell as its text."""
    columns = [line.split()[0][1:] for line in path.read_text().splitlines() if line.startswith("_")]
    return starfile.read(path, always_dict=True, parse_as_string=columns)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_cell_is_read_as_starfile_reads_it(tmp_path, sample):
    text, block = SAMPLES[sample]
    star = star_of(tmp_path, text)
    expected = as_strings(tmp_path / "a.star")[block]
    pd.testing.assert_frame_equal(star.table(block), expected.astype(object), check_dtype=False)
    assert star.columns(block) == list(expected.columns)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_file_without_the_spans_of_some_rows_is_what_an_edit_leaves(
    tmp_path, sample, line_end, monkeypatch
):
    text, block = SAMPLES[sample]
    monkeypatch.setattr(star_blocks, "_PIECE", 64)  # so that rows come in several pieces
    star = star_of(tmp_path, text.replace("\n", line_end))
    spans = star.row_spans(block)
    keep = np.arange(len(spans)) % 2 == 0
    left, done = b"", 0
    for begin, end in spans[~keep].tolist():
        left, done = left + star.text[done:begin], end
    assert len(spans) == len(star.table(block))
    assert left + star.text[done:] == written(star.edited(block, keep=keep), tmp_path)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", ["", "cut"])
def test_a_file_without_an_edit_keeps_every_byte(tmp_path, sample, line_end, tail):
    text, block = SAMPLES[sample]
    text = (text.rstrip() if tail else text).replace("\n", line_end)
    star = star_of(tmp_path, text)
    assert written(star, tmp_path) == text.encode()
    count = len(star.table(block))
    assert written(star.edited(block, keep=np.ones(count, dtype=bool)), tmp_path) == text.encode()


@pytest.mark.parametrize("sample", SAMPLES)
def test_untouched_columns_and_blocks_are_what_starfile_read_before(tmp_path, sample):
    text, block = SAMPLES[sample]
    star = star_of(tmp_path, text)
    count = len(star.table(block))
    keep = np.arange(count) != 0 if count > 1 else np.ones(count, dtype=bool)
    star.edited(block, keep=keep, columns={"cryoiceScore": [f"0.{n}" for n in range(count)]}).write(
        tmp_path / "b.star"
    )
    before, after = as_strings(tmp_path / "a.star"), as_strings(tmp_path / "b.star")
    assert list(after) == list(before)
    kept = before[block][keep].reset_index(drop=True)
    assert after[block].pop("cryoiceScore").tolist() == [f"0.{n}" for n in range(count) if keep[n]]
    pd.testing.assert_frame_equal(after[block], kept)
    for name in set(before) - {block}:
        if isinstance(before[name], dict):
            assert after[name] == before[name]
        else:
            pd.testing.assert_frame_equal(after[name], before[name])


def test_an_edit_changes_the_lines_it_names_and_no_other(tmp_path):
    star = star_of(tmp_path, RELION_5)
    edited = star.edited(
        "particles", keep=np.array([True, False, True]), columns={"cryoiceScore": ["0.1", "0.2", "0.3"]}
    )
    expected = (
        RELION_5.replace("_rlnBodyStarFile #5 \n", "_rlnBodyStarFile #5 \n_cryoiceScore #6\n")
        .replace('"with two spaces" \n', '"with two spaces" 0.1 \n')
        .replace("m1.mrc    30.000000    40.000000            2 none \n", "")
        .replace("            1 none \n", "            1 none 0.3 \n")
    )
    assert written(edited, tmp_path) == expected.encode()


def test_a_column_that_is_there_is_replaced_in_its_place(tmp_path):
    star = star_of(tmp_path, RELION_5)
    edited = star.edited(
        "particles", columns={"rlnBodyStarFile": ["a", "b c", ""], "rlnCoordinateX": ["1", "2", "3"]}
    )
    expected = (
        RELION_5.replace(
            '   10.000000    20.000000            1 "with two spaces"', "   1    20.000000            1 a"
        )
        .replace("   30.000000    40.000000            2 none", '   2    40.000000            2 "b c"')
        .replace("   50.000000    60.000000            1 none", '   3    60.000000            1 ""')
    )
    assert written(edited, tmp_path) == expected.encode()
    assert edited.table("particles", ["rlnBodyStarFile"])["rlnBodyStarFile"].tolist() == ["a", "b c", ""]


def test_an_edit_leaves_the_star_it_came_from(tmp_path):
    star = star_of(tmp_path, RELION_31)
    edited = star.edited("particles", keep=np.array([False, True, False]))
    assert edited.numbers("particles", ["rlnCoordinateX"]).tolist() == [[1993.707]]
    assert len(star.table("particles")) == 3
    again = edited.edited("optics", columns={"rlnVoltage": ["200"]})
    assert again.table("optics")["rlnVoltage"].tolist() == ["200"]
    assert len(again.table("particles")) == 1


def test_windows_line_ends_stay_and_new_labels_have_them_too(tmp_path):
    star = star_of(tmp_path, "data_\r\nloop_\r\n_a #1\r\n_b #2\r\n1 2\r\n3 4\r\n")
    edited = star.edited("", columns={"c": ["5", "6"]})
    assert written(edited, tmp_path) == (b"data_\r\nloop_\r\n_a #1\r\n_b #2\r\n_c #3\r\n1 2 5\r\n3 4 6\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("data_x\nloop_\n_a\n1", "data_x\nloop_\n_a\n_c #2\n1 7"),
        ("data_x\nloop_\n_a\n1  # note", "data_x\nloop_\n_a\n_c #2\n1 7  # note"),
        ("data_x\n\nloop_\n_a #1\n1\ndata_y\n_b 2\n", "data_x\n\nloop_\n_a #1\n_c #2\n1 7\ndata_y\n_b 2\n"),
        ("data_x\nloop_\n_a #1 \n\n\t1\t\n\n# end\n", "data_x\nloop_\n_a #1 \n_c #2\n\n\t1 7\t\n\n# end\n"),
        ("data_x\nloop_\n# which\n_a #1\n1\n", "data_x\nloop_\n# which\n_a #1\n_c #2\n1 7\n"),
        ("\ufeffdata_x\nloop_\n_a #1\n1\n", "\ufeffdata_x\nloop_\n_a #1\n_c #2\n1 7\n"),
        ("data_x\nloop_\n_a #1\ndata_1.mrc 0\n", None),
    ],
)
def test_blanks_comments_and_ends_of_files_stay_where_they_are(tmp_path, before, after):
    star = star_of(tmp_path, before)
    if after is None:
        with pytest.raises(InputError, match="line 4 has 2 values, its table 1 columns"):
            star.table("x")
        return
    assert written(star.edited("x", columns={"c": ["7"]}), tmp_path) == after.encode()


@pytest.mark.parametrize("text", ["data_x\nloop_\n_a #1\n_b #2", "data_x\nloop_\n_a #1\n_b #2\n\n"])
def test_a_table_without_rows_is_read_and_edited(tmp_path, text):
    star = star_of(tmp_path, text)
    assert star.table("x").shape == (0, 2)
    assert star.numbers("x", ["a"]).shape == (0, 1)
    edited = star.edited("x", keep=np.zeros(0, dtype=bool), columns={"c": []})
    assert edited.columns("x") == ["a", "b", "c"]
    assert b"_b #2\n_c #3\n" in written(edited, tmp_path)


def test_a_name_that_begins_as_a_block_is_a_row_where_its_row_has_more_cells(tmp_path):
    star = star_of(tmp_path, "data_x\nloop_\n_a #1\n_b #2\ndata_1.mrc 0\ndata_2.mrc 1\n")
    assert star.table("x")["a"].tolist() == ["data_1.mrc", "data_2.mrc"]


def test_quotes_within_a_cell_and_letters_of_any_alphabet_are_text(tmp_path):
    star = star_of(tmp_path, "data_x\nloop_\n_a #1\n_b #2\n5'-end.mrc 'b c'\nå#1.mrc \"it's\"\n")
    assert star.table("x").to_numpy().tolist() == [["5'-end.mrc", "b c"], ["å#1.mrc", "it's"]]


def test_bytes_that_are_no_unicode_survive_an_edit(tmp_path):
    text = b"data_x\nloop_\n_a #1\nm\xe9.mrc\n"
    star = star_of(tmp_path, text)
    names = star.table("x")["a"].tolist()
    assert written(star.edited("x", columns={"a": names}), tmp_path) == text


def test_values_that_must_be_quoted_come_back_as_they_were(tmp_path):
    star = star_of(tmp_path, "data_x\nloop_\n_a #1\n" + "1\n" * 5)
    values = ["two words", 'with "quotes" in', "#1", "'", ""]
    edited = star.edited("x", columns={"b": values})
    assert edited.table("x")["b"].tolist() == values
    with pytest.raises(ValueError, match="cannot stand in one cell"):
        edited.edited("x", columns={"b": ["a\nb"] * 5}).table("x")


def test_numbers_that_are_none_are_nan(tmp_path):
    star = star_of(tmp_path, "data_x\nloop_\n_a #1\n_b #2\n1e3 none\n-0.5 nan\n")
    np.testing.assert_array_equal(star.numbers("x", ["b", "a"]), [[np.nan, 1000.0], [np.nan, -0.5]])


def test_the_block_with_the_columns_is_the_first_one(tmp_path):
    star = star_of(tmp_path, RELION_5)
    assert star.block_with("rlnCoordinateX", "rlnMicrographName") == "particles"
    assert star.block_with("rlnOpticsGroup") == "optics"
    assert star.block_with("rlnOptimiserFile") is None  # no table
    assert star.block_with("rlnTomoName") is None
    assert star_of(tmp_path, RELION_30).block_with("rlnCoordinateX") == ""


def test_a_table_longer_than_one_piece_is_read_and_edited_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("cryoice.files.star_blocks._PIECE", 16)
    star = star_of(
        tmp_path, "data_x\nloop_\n_a #1\n" + "".join(f"{n} \n" for n in range(100)) + "\ndata_y\n_b 1\n"
    )
    assert star.table("x")["a"].tolist() == [str(n) for n in range(100)]
    edited = star.edited("x", keep=np.arange(100) % 2 == 0, columns={"b": [str(-n) for n in range(100)]})
    rows = "".join(f"{n} {-n} \n" for n in range(0, 100, 2))
    assert written(edited, tmp_path).decode() == f"data_x\nloop_\n_a #1\n_b #2\n{rows}\ndata_y\n_b 1\n"
    with pytest.raises(InputError, match=r"a\.star: line 54 has 2 values, its table 1 columns; write"):
        star_of(tmp_path, "data_x\nloop_\n_a #1\n" + "1\n" * 50 + "1 2\n").table("x")


@pytest.mark.parametrize("row", ["1", "1 2 3"])
def test_a_ragged_row_is_named_by_its_line(tmp_path, row):
    star = star_of(tmp_path, f"data_x\n\nloop_\n_a #1\n_b #2\n1 2\n{row}\n")
    for attempt in (lambda: star.table("x"), lambda: star.edited("x").write(tmp_path / "b.star")):
        with pytest.raises(
            InputError, match=rf"a\.star: line 7 has {len(row.split())} values, its table 2 col"
        ):
            attempt()
    assert not (tmp_path / "b.star").exists()


@pytest.mark.parametrize("content", [b"", b"hello\n", b"data_x\0\1", b"MAP \xff\xfe", b" x data_y\n"])
def test_what_is_no_star_file_is_refused(tmp_path, content):
    with pytest.raises(InputError, match=r"a\.star: not a STAR file"):
        star_of(tmp_path, content)


def test_missing_files_tables_and_columns_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.star: no such file"):
        StarText.read(tmp_path / "none.star")
    with pytest.raises(InputError, match="cannot be read"):
        StarText.read(tmp_path)
    star = star_of(tmp_path, RELION_31)
    with pytest.raises(InputError, match="no table data_x; it has data_optics, data_particles"):
        star.columns("x")
    with pytest.raises(InputError, match="data_optics has no column rlnX, rlnY"):
        star.table("optics", ["rlnX", "rlnVoltage", "rlnY"])


def test_too_few_values_are_refused_and_nothing_is_written(tmp_path):
    star = star_of(tmp_path, PICKS_OF_ONE)
    edits = ({"keep": np.ones(3, dtype=bool)}, {"columns": {"c": ["1", "2", "3"]}})
    for edit in edits:
        with pytest.raises(ValueError, match="3 values for the 2 rows"):
            star.edited("", **edit).write(tmp_path / "b.star")
    assert [path.name for path in Path(tmp_path).iterdir()] == ["a.star"]
