import pandas as pd
import pytest
import starfile

from cryoice.errors import InputError
from cryoice.files.pick_tables import read_pick_star
from cryoice.files.star import write_star

OPTICS = {"rlnOpticsGroup": [1], "rlnOpticsGroupName": ["opticsGroup1"], "rlnVoltage": [300.0]}
PARTICLES = {
    "rlnMicrographName": ["a/m1.mrc", "a/m1.mrc", "a/m2.mrc"],
    "rlnCoordinateX": [1.5, 2.25, 3.0],
    "rlnCoordinateY": [10.0, 20.125, 30.0],
    "rlnClassNumber": [1, 2, 1],
}


def test_what_is_written_is_read_back(tmp_path):
    write_star(tmp_path / "a.star", {"optics": OPTICS, "particles": PARTICLES})
    found = starfile.read(tmp_path / "a.star", always_dict=True)
    assert list(found) == ["optics", "particles"]
    assert found["particles"].to_dict("list") == PARTICLES


def test_a_block_of_one_row_is_a_loop_as_relion_writes_its_optics(tmp_path):
    write_star(tmp_path / "a.star", {"optics": OPTICS})
    lines = (tmp_path / "a.star").read_text().split("\n")
    assert [line for line in lines if line] == [
        "# version 30001",
        "data_optics",
        "loop_",
        "_rlnOpticsGroup #1",
        "_rlnOpticsGroupName #2",
        "_rlnVoltage #3",
        "1\topticsGroup1\t300.000000",
    ]


def test_every_block_tells_relion_the_version(tmp_path):
    write_star(tmp_path / "a.star", {"optics": OPTICS, "particles": PARTICLES})
    text = (tmp_path / "a.star").read_text()
    assert text.count("# version 30001\n") == 2
    assert "starfile" not in text  # whose own comment holds the time


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    write_star(tmp_path / "a.star", {"optics": OPTICS, "particles": {name: [] for name in PARTICLES}})
    found = starfile.read(tmp_path / "a.star", always_dict=True)["particles"]
    assert isinstance(found, pd.DataFrame)
    assert list(found.columns) == list(PARTICLES)
    assert len(found) == 0


def test_coordinates_are_those_that_our_own_reader_finds(tmp_path):
    write_star(tmp_path / "a.star", {"optics": OPTICS, "particles": PARTICLES})
    picks = read_pick_star(tmp_path / "a.star", "m1")
    assert picks.x.tolist() == [1.5, 2.25]
    assert picks.y.tolist() == [10.0, 20.125]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_star(tmp_path / "file/a.star", {"optics": OPTICS})
