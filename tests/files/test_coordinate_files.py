import pytest

from cryoice.errors import InputError
from cryoice.files.coordinate_files import COORDINATE_SUFFIXES, read_coordinates


def test_every_known_ending_has_its_reader(tmp_path):
    for suffix in COORDINATE_SUFFIXES:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"\0\1\2 no such format")
        with pytest.raises(InputError, match=rf"a\{suffix}: (?!not a coordinate file)"):
            read_coordinates(path)


def test_the_ending_may_be_in_capitals(tmp_path):
    path = tmp_path / "a.STAR"
    path.write_text("data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n")
    assert read_coordinates(path).particles.x.tolist() == [1]


def test_an_unknown_ending_lists_those_there_are(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK")
    with pytest.raises(
        InputError, match=r"a\.xlsx: not a coordinate file; give one of \.star, \.cs, \.csg, \.box"
    ):
        read_coordinates(path)


def test_folders_and_missing_files_are_named(tmp_path):
    with pytest.raises(InputError, match="is a folder; give the coordinate files in it"):
        read_coordinates(tmp_path)
    with pytest.raises(InputError, match=r"none\.star: no such file"):
        read_coordinates(tmp_path / "none.star")


@pytest.mark.parametrize("box_size", [0.0, -10.0, float("nan")])
def test_an_impossible_box_size_is_refused(tmp_path, box_size):
    with pytest.raises(InputError, match=r"--box-size .*: impossible"):
        read_coordinates(tmp_path / "a.box", box_size=box_size)
