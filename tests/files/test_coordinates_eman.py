import json

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.coordinates_eman import read
from cryoice.files.frames import to_positions
from score_columns import scored

BOXES = "2\t6\t8\t8\t-3\n20\t1\t8\t8\t-3\n-4\t-1\t8\t8\t-3\n"
INFO = {
    "boxes": [[9, 4.5, "manual"], [20, 30, "auto", 0.7]],
    "boxes_rct": [[1, 2, "untilted"]],
    "ctf": [512, {"__class__": "EMAN2Ctf", "defocus": 1.25}],
    "quality": 5,
}


def positions(particles, shape):
    return to_positions(particles.x, particles.y, shape=shape, frame=particles.frame).tolist()


def boxes_file(tmp_path, text, name="mic.box"):
    (tmp_path / name).write_bytes(text.encode())
    return tmp_path / name


def info_file(tmp_path, content, name="mic_01_info.json"):
    (tmp_path / name).write_text(json.dumps(content))
    return tmp_path / name


@pytest.mark.parametrize("shape", [(32, 40), (31, 39)])
@pytest.mark.parametrize("side", [8, 7])
def test_a_box_has_its_marked_pixel_in_the_centre(tmp_path, shape, side):
    array = np.zeros(shape)
    array[11, 7] = 1
    # what EMAN cuts out at this corner: its middle pixel is the marked one
    left, low = 7 - side // 2, 11 - side // 2
    assert array[low : low + side, left : left + side][side // 2, side // 2] == 1
    path = boxes_file(tmp_path, f"{left}\t{low}\t{side}\t{side}\t-3\n")
    row, column = map(int, positions(read(path, box_size=None).particles, shape)[0])
    assert array[row, column] == 1


@pytest.mark.parametrize("shape", [(32, 40), (31, 39)])
def test_a_centre_of_eman2_is_its_marked_pixel(tmp_path, shape):
    particles = read(info_file(tmp_path, {"boxes": [[7, 11, "manual"]]}), box_size=None).particles
    assert positions(particles, shape) == [[11, 7]]


def test_boxes_tell_size_and_micrograph(tmp_path):
    particles = read(boxes_file(tmp_path, BOXES), box_size=None).particles
    assert (particles.x.tolist(), particles.y.tolist()) == ([6, 24, 0], [10, 5, 3])
    assert particles.box_size.tolist() == [8, 8, 8]
    assert particles.micrograph.tolist() == ["mic"] * 3


def test_a_given_box_size_moves_no_centre(tmp_path):
    particles = read(boxes_file(tmp_path, BOXES), box_size=50.0).particles
    assert particles.x.tolist() == [6, 24, 0]
    assert particles.box_size.tolist() == [50, 50, 50]


@pytest.mark.parametrize("text", [BOXES, "", "2 6 8 8\r\n\r\n3 4 8 8", "# a comment\n2.5\t6.5\t8\t8\n"])
def test_boxes_come_back_byte_for_byte(tmp_path, text):
    found = read(boxes_file(tmp_path, text), box_size=None)
    n = len(found.particles.x)
    found.write(tmp_path / "out.box", keep=np.ones(n, bool), columns=scored(np.zeros(n)))
    assert (tmp_path / "out.box").read_bytes() == text.encode()


def test_kept_boxes_have_their_scores_beside_them(tmp_path):
    found = read(boxes_file(tmp_path, BOXES), box_size=None)
    found.write(tmp_path / "out.box", keep=np.array([False, True, True]), columns=scored([0.9, 0.25, 0.5]))
    assert (tmp_path / "out.box").read_text() == "20\t1\t8\t8\t-3\n-4\t-1\t8\t8\t-3\n"
    assert (
        tmp_path / "out.box_scores.csv"
    ).read_text() == "x,y,cryoiceScore\n24.0,5.0,0.2500\n0.0,3.0,0.5000\n"


def test_an_info_is_named_after_its_micrograph(tmp_path):
    particles = read(info_file(tmp_path, INFO), box_size=None).particles
    assert particles.micrograph.tolist() == ["mic_01", "mic_01"]
    assert particles.y.tolist() == [4.5, 30]
    assert particles.box_size is None


def test_an_info_keeps_all_but_the_dropped_boxes(tmp_path):
    found, keep = read(info_file(tmp_path, INFO), box_size=None), np.array([False, True])
    found.write(tmp_path / "yes_info.json", keep=keep, columns=scored([0.9, 0.1]))
    found.write(tmp_path / "no_info.json", keep=~keep, columns=scored([0.9, 0.1]))
    found.write(tmp_path / "all_info.json", keep=keep | True, columns=scored([0.9, 0.1]))
    assert json.loads((tmp_path / "yes_info.json").read_text()) == INFO | {"boxes": [[20, 30, "auto", 0.7]]}
    assert json.loads((tmp_path / "no_info.json").read_text()) == INFO | {"boxes": [[9, 4.5, "manual"]]}
    assert json.loads((tmp_path / "all_info.json").read_text()) == INFO
    assert (tmp_path / "yes_info.json_scores.csv").read_text() == "x,y,cryoiceScore\n20.0,30.0,0.1000\n"


@pytest.mark.parametrize("content", [{"boxes": []}, {"quality": 5}])
def test_a_micrograph_without_picks_has_no_particles(tmp_path, content):
    found = read(info_file(tmp_path, content), box_size=None)
    assert len(found.particles.x) == 0
    found.write(tmp_path / "out.json", keep=np.ones(0, bool), columns=scored(np.zeros(0)))
    assert json.loads((tmp_path / "out.json").read_text()) == content


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1 2 8\n", "line 1 has 3 columns"),
        ("1 2 8 8\nx y w h\n", "line 2 needs numbers in the place of 'x y w h'"),
        ("1 2 8 8 -1\n9 2 8 8 -2\n", "starts and ends of helices"),
        ("1 2 8 8\n\n1 2 0 8\n", "line 3 has a box of 0 x 8 px"),
        ("1 2 8 -8\n", "line 1 has a box of 8 x -8 px"),
        ("1 2 8 nan\n", "line 1 has a box of 8 x nan px"),
        ("1 2 inf 8\n", "line 1 has a box of inf x 8 px"),
    ],
)
def test_broken_boxes_are_refused_in_one_line(tmp_path, text, fault):
    with pytest.raises(InputError, match=fault) as caught:
        read(boxes_file(tmp_path, text), box_size=None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"boxes": [[1, 2', "cannot be read as JSON"),
        ("", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"boxes": [[1]]}', "no list of"),
        ('{"boxes": 3}', "no list of"),
        ('{"boxes": [["a", 2]]}', "no list of"),
        ("[1, 2]", "no 'boxes'"),
    ],
)
def test_a_broken_info_is_refused_in_one_line(tmp_path, text, fault):
    with pytest.raises(InputError, match=fault) as caught:
        read(boxes_file(tmp_path, text, "mic_info.json"), box_size=None)
    assert "\n" not in str(caught.value)


def test_a_json_file_of_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match="no 'boxes'"):
        read(info_file(tmp_path, {"quality": 5}, "settings.json"), box_size=None)
