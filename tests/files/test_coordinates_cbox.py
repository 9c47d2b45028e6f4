import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.coordinates_cbox import read
from cryoice.files.frames import to_positions
from score_columns import scored

COLUMNS = (
    "CoordinateX CoordinateY CoordinateZ Width Height Depth EstWidth EstHeight Confidence NumBoxes Angle"
)
HEAD = "\ndata_global\n\n_version 1.0 \n\ndata_cryolo\n\nloop_\n" + "".join(
    f"_{name} #{place}\n" for place, name in enumerate(COLUMNS.split(), start=1)
)
FIRST = "3.0 7.0 <NA> 8 8 1 7.5 7.25 0.91 <NA> <NA> \n"
SECOND = "21.5 2.25 <NA> 8 8 1 7.5 7.25 0.31 <NA> <NA> \n"


def written(tmp_path, text, name="mic_2.cbox"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


@pytest.mark.parametrize("shape", [(32, 40), (31, 39)])
@pytest.mark.parametrize("side", [8, 7])
def test_the_centre_of_a_box_is_its_marked_pixel(tmp_path, shape, side):
    array = np.zeros(shape)
    array[11, 7] = 1
    row = f"{7 - side / 2} {11 - side / 2} <NA> {side} {side} 1 7 7 0.9 <NA> <NA>\n"
    particles = read(written(tmp_path, HEAD + row), box_size=None).particles
    row, column = to_positions(particles.x, particles.y, shape=shape, frame=particles.frame)[0].astype(int)
    assert array[row, column] == 1


def test_boxes_tell_size_and_micrograph(tmp_path):
    particles = read(written(tmp_path, HEAD + FIRST + SECOND), box_size=None).particles
    assert (particles.x.tolist(), particles.y.tolist()) == ([7, 25.5], [11, 6.25])
    assert particles.box_size.tolist() == [8, 8]
    assert particles.micrograph.tolist() == ["mic_2", "mic_2"]


def test_only_the_score_is_added_to_kept_rows(tmp_path):
    found = read(written(tmp_path, HEAD + FIRST + SECOND), box_size=None)
    found.write(tmp_path / "a.cbox", keep=np.array([False, True]), columns=scored([0.9, 0.125]))
    lines = (tmp_path / "a.cbox").read_text().split("\n")
    assert lines[: HEAD.count("\n")] == HEAD.split("\n")[:-1]
    assert "_cryoiceScore" in lines[HEAD.count("\n")]
    assert lines[HEAD.count("\n") + 1].split() == [*SECOND.split(), "0.1250"]
    assert "21.5 2.25 <NA> 8 8 1 7.5 7.25 0.31 <NA> <NA>" in lines[HEAD.count("\n") + 1]


def test_accepted_and_rejected_boxes_are_all_boxes(tmp_path):
    found, keep = read(written(tmp_path, HEAD + FIRST + SECOND), box_size=None), np.array([True, False])
    found.write(tmp_path / "yes.cbox", keep=keep, columns=scored(np.zeros(2)))
    found.write(tmp_path / "no.cbox", keep=~keep, columns=scored(np.zeros(2)))
    assert read(tmp_path / "yes.cbox", box_size=None).particles.x.tolist() == [7]
    assert read(tmp_path / "no.cbox", box_size=None).particles.x.tolist() == [25.5]


def test_a_table_without_boxes_has_no_particles(tmp_path):
    found = read(written(tmp_path, HEAD), box_size=None)
    assert len(found.particles.x) == 0
    found.write(tmp_path / "a.cbox", keep=np.ones(0, bool), columns=scored(np.zeros(0)))
    assert len(read(tmp_path / "a.cbox", box_size=None).particles.x) == 0


@pytest.mark.parametrize("text", ["3 7 8 8 0.91 7.5 7.25\n21.5 2 8 8 0.3 7 7\n", ""])
def test_plain_columns_of_older_versions_come_back_byte_for_byte(tmp_path, text):
    found = read(written(tmp_path, text), box_size=None)
    assert found.particles.x.tolist() == [7, 25.5][: text.count("\n")]
    n = len(found.particles.x)
    found.write(tmp_path / "a.cbox", keep=np.ones(n, bool), columns=scored(np.zeros(n)))
    assert (tmp_path / "a.cbox").read_text() == text
    assert (tmp_path / "a.cbox_scores.csv").exists()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("data_global\n\n_version 1.0\n", "no table with CoordinateX"),
        (HEAD + "3 7 <NA>\n", "write the file again"),
        ("3 7 8\n", "line 1 has 3 columns"),
        ("3 7 8 8 0.9\n3 7 8 0 0.9\n", "line 2 has a box of 8 x 0 px"),
        (HEAD + FIRST + "3 7 <NA> -1 8 1 7 7 0.9 <NA> <NA>\n", "row 2 of data_cryolo has a box of -1 x 8 px"),
        (HEAD + "3 7 <NA> <NA> 8 1 7 7 0.9 <NA> <NA>\n", "row 1 of data_cryolo has a box of nan x 8 px"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(tmp_path, text, fault):
    with pytest.raises(InputError, match=fault) as caught:
        read(written(tmp_path, text), box_size=None)
    assert "\n" not in str(caught.value)
