import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.coordinate_files import read_coordinates
from cryoice.files.frames import to_positions
from cryoice.files.pick_tables import read_pick_csv
from score_columns import scored

PLAIN = "X-Coordinate,Y-Coordinate,Diameter,Phase Shift\n10,20,84,0.50\n30,40,84,1e-3\n50,60,84,\n"


def coordinates_of(folder, text, *, name="m1.csv", box_size=None):
    path = folder / name
    path.write_bytes(text.encode())
    return read_coordinates(path, box_size=box_size)


def cleaned(folder, text, *, keep, score) -> str:
    file = coordinates_of(folder, text)
    file.write(folder / "out.csv", keep=np.array(keep, dtype=bool), columns=scored(score))
    return (folder / "out.csv").read_bytes().decode()


@pytest.mark.parametrize("shape", [(8, 13), (9, 12)])
@pytest.mark.parametrize(
    ("columns", "frame"), [("X-Coordinate,Y-Coordinate", "cryoppp"), ("rlnCoordinateX,rlnCoordinateY", "top")]
)
def test_a_marked_pixel_is_found_where_the_columns_count_it(tmp_path, shape, columns, frame):
    array = np.zeros(shape)
    array[2, 7] = 1
    y = shape[0] - 1 - 2 if frame == "cryoppp" else 2
    particles = coordinates_of(tmp_path, f"{columns}\n7,{y}\n").particles
    assert particles.frame == frame
    ((row, column),) = to_positions(particles.x, particles.y, shape=shape, frame=particles.frame).astype(int)
    assert array[row, column] == 1


@pytest.mark.parametrize(("name", "micrograph"), [("m1.csv", "m1"), ("m1_false_positives.csv", "m1")])
def test_a_file_of_cryoppp_is_of_the_micrograph_it_is_named_after(tmp_path, name, micrograph):
    particles = coordinates_of(tmp_path, PLAIN, name=name).particles
    assert particles.micrograph.tolist() == [micrograph] * 3
    assert particles.x.tolist() == [10, 30, 50]
    assert particles.y.tolist() == [20, 40, 60]
    assert (particles.box_size, particles.pixel_size, particles.shapes) == (None, None, None)


@pytest.mark.parametrize("column", ["micrograph", "rlnMicrographName"])
def test_rows_may_name_their_micrographs(tmp_path, column):
    text = f'{column},rlnCoordinateX,rlnCoordinateY\na/m1.mrc,1,2\n"m,2.mrc",3,4\n'
    assert coordinates_of(tmp_path, text).particles.micrograph.tolist() == ["a/m1.mrc", "m,2.mrc"]


def test_a_given_box_size_is_every_particles(tmp_path):
    assert coordinates_of(tmp_path, PLAIN, box_size=100).particles.box_size.tolist() == [100] * 3


def test_kept_rows_gain_a_score_and_lose_nothing(tmp_path):
    assert cleaned(tmp_path, PLAIN, keep=[1, 0, 1], score=[0.5, 1, 0.25]) == (
        "X-Coordinate,Y-Coordinate,Diameter,Phase Shift,cryoiceScore\n"
        "10,20,84,0.50,0.5000\n50,60,84,,0.2500\n"
    )


def test_line_ends_blank_lines_and_the_byte_order_mark_stay(tmp_path):
    text = "\ufeffX-Coordinate,Y-Coordinate\r\n1,2\r\n\r\n3, 4"
    assert cleaned(tmp_path, text, keep=[1, 1], score=[0, 1]) == (
        "\ufeffX-Coordinate,Y-Coordinate,cryoiceScore\r\n1,2,0.0000\r\n\r\n3, 4,1.0000"
    )


def test_rows_quoted_as_a_whole_stay_so_with_the_score_inside(tmp_path):
    text = '\ufeff"X-Coordinate,Y-Coordinate,Diameter"\r\n"1,2,84"\r\n"3","4","84"\r\n'
    found = cleaned(tmp_path, text, keep=[1, 1], score=[0.5, 0.75])
    assert found == (
        '\ufeff"X-Coordinate,Y-Coordinate,Diameter,cryoiceScore"\r\n"1,2,84,0.5000"\r\n"3","4","84",0.7500\r\n'
    )
    assert read_pick_csv(tmp_path / "out.csv").x.tolist() == [1, 3]


def test_a_short_row_is_no_position_and_its_score_stands_in_its_column(tmp_path):
    text = "X-Coordinate,Y-Coordinate,Diameter\n1\n"
    np.testing.assert_array_equal(coordinates_of(tmp_path, text).particles.y, [np.nan])
    assert cleaned(tmp_path, text, keep=[1], score=[0.5]).endswith("\n1,,,0.5000\n")


@pytest.mark.parametrize("quote", ["", '"'])
def test_scores_of_an_earlier_cleaning_are_replaced(tmp_path, quote):
    text = f"{quote}X-Coordinate,cryoiceScore,Y-Coordinate{quote}\n{quote}1,0.9,2{quote}\n"
    assert cleaned(tmp_path, text, keep=[1], score=[0.5]) == (
        f"{quote}X-Coordinate,cryoiceScore,Y-Coordinate{quote}\n{quote}1,0.5000,2{quote}\n"
    )


def test_a_header_without_rows_has_no_particles(tmp_path):
    assert len(coordinates_of(tmp_path, "X-Coordinate,Y-Coordinate\n").particles.x) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "its first row must name the columns X-Coordinate and Y-Coordinate, or rlnCoord"),
        ("x,y\n1,2\n", "its first row must name"),
        ("X-Coordinate,Y-Coordinate\n1,2\n\n1,2,3\n", "line 4 has 3 cells, its header 2"),
        ("X-Coordinate,Y-Coordinate\n1,\0\n", "it is binary"),
        ('X-Coordinate,Y-Coordinate\n1,"' + "2" * 200_000, "field larger than field limit"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, said):
    with pytest.raises(InputError, match=rf"m1\.csv: .*{said}"):
        coordinates_of(tmp_path, text)
    (tmp_path / "m1.csv").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read_coordinates(tmp_path / "m1.csv")
