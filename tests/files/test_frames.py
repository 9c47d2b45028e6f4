import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.frames import FRAMES, inside, to_coordinates, to_positions

SHAPES = [(8, 11), (9, 6), (7, 7)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("frame", "restore"),
    [
        ("cryoppp", lambda array: array[::-1]),
        ("top", lambda array: array),
        ("flip_x", lambda array: array[:, ::-1]),
        ("transpose", lambda array: array.T),
    ],
)
def test_a_marked_pixel_is_found_in_every_frame(shape, frame, restore):
    array = np.zeros(shape)
    array[2, 5] = 1
    # the coordinates are read off the array turned into the file's frame, where row = y, col = x
    y, x = np.argwhere(restore(array) == 1)[0]
    positions = to_positions(np.array([float(x)]), np.array([float(y)]), shape=shape, frame=frame)
    np.testing.assert_array_equal(positions, [[2, 5]])


def test_the_formulas_of_the_frames():
    x, y = np.array([3.0]), np.array([1.0])
    found = {frame: to_positions(x, y, shape=(10, 20), frame=frame)[0].tolist() for frame in FRAMES}
    assert found == {"cryoppp": [8, 3], "top": [1, 3], "flip_x": [1, 16], "transpose": [3, 1]}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("frame", FRAMES)
def test_coordinates_and_positions_are_each_others_inverse(shape, frame):
    positions = np.argwhere(np.ones(shape)).astype(np.float64) + 0.25
    x, y = to_coordinates(positions, shape=shape, frame=frame)
    np.testing.assert_array_equal(to_positions(x, y, shape=shape, frame=frame), positions)


def test_no_coordinates_give_no_positions():
    nothing = np.empty(0)
    assert to_positions(nothing, nothing, shape=(4, 5), frame="top").shape == (0, 2)


def test_an_unknown_frame_lists_the_known_ones():
    with pytest.raises(InputError, match="frame=left: unknown; choose one of cryoppp, top"):
        to_positions(np.zeros(1), np.zeros(1), shape=(4, 5), frame="left")


def test_inside_includes_the_border_pixels_and_no_more():
    positions = np.array([[0.0, 0.0], [3.0, 4.0], [3.4, 4.4], [4.0, 4.0], [3.0, 5.0], [-1.0, 0.0]])
    assert inside(positions, (4, 5)).tolist() == [True, True, True, False, False, False]
