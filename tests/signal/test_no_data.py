"""What has no data is known, and leaves what has data as it is."""

import numpy as np
import pytest

from cryoice.signal.no_data import mirror_into, pixels_without_data
from cryoice.signal.normalise import robust_location
from cryoice.signal.views import levelled, resampled_view


def noise(shape=(12, 15), seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_a_whole_micrograph_has_nothing_missing():
    assert pixels_without_data(noise()) is None


def test_no_numbers_and_padding_are_marked_and_nothing_else():
    array = noise()
    array[:, 0], array[:, -3:], array[:2], array[-1] = 0, np.nan, 0, 7
    array[1, -2:] = np.nan
    array[5, 6], array[6, 7] = np.nan, -np.inf
    expected = np.zeros(array.shape, dtype=bool)
    expected[:2], expected[-1], expected[:, 0], expected[:, -3:] = True, True, True, True
    expected[5, 6], expected[6, 7] = True, True
    np.testing.assert_array_equal(pixels_without_data(array), expected)


def test_constant_lines_inside_and_parts_of_lines_are_data():
    array = noise()
    array[4], array[:, 5] = 0, 0
    array[0, :-1], array[2:, 0] = 0, 0
    array[0, 0] = 1
    assert pixels_without_data(array) is None


def test_a_constant_micrograph_is_padding_throughout():
    assert pixels_without_data(np.full((5, 6), 3, dtype=np.float32)).all()


def test_gaps_are_filled_with_what_lies_as_far_behind_their_edge():
    line = np.array([[0, 0, 2, 3, 4, 5, 0, 0, 8, 9, 0]], dtype=np.float32)
    array = np.repeat(line, 3, axis=0)
    missing = array == 0
    mirror_into(array, missing)
    assert array[1].tolist() == [4, 3, 2, 3, 4, 5, 4, 9, 8, 9, 8]
    columns = np.repeat(line, 3, axis=0).T.copy()
    mirror_into(columns, missing.T)
    assert columns[:, 1].tolist() == [4, 3, 2, 3, 4, 5, 4, 9, 8, 9, 8]


def test_corners_between_missing_rows_and_columns_are_filled_too():
    array = noise()
    missing = np.zeros(array.shape, dtype=bool)
    missing[:5], missing[:, 9:] = True, True
    known = array.copy()
    array[missing] = np.nan
    mirror_into(array, missing)
    assert np.array_equal(array[~missing], known[~missing])
    assert array[2, 11] == known[8, 5]  # mirrored at row 5 and at column 8


@pytest.mark.parametrize("rows", [0, 150, 375, 700])
@pytest.mark.parametrize("filled", [np.nan, 0.0])
def test_a_border_without_data_does_not_change_the_scale_of_the_rest(rows, filled):
    array = noise((1500, 300)) * 3 + np.linspace(50, 65, 1500, dtype=np.float32)[:, None]
    array[:rows] = filled
    view = resampled_view(levelled(array), pixel_size=1.0, target=1.0)
    assert view[rows:].std() == pytest.approx(1, rel=0.02)
    assert view[rows:].mean() == pytest.approx(0, abs=0.02)
    assert view.std() == pytest.approx(1, rel=0.02)


def test_levelling_leaves_its_input_alone_and_any_shape_of_gap_finite():
    row, column = np.indices((90, 80))
    array = noise((90, 80)) + 5
    array[abs(row - 45) + abs(column - 40) > 40] = np.nan
    before = array.copy()
    level = levelled(array)
    np.testing.assert_array_equal(array, before)
    assert np.isfinite(level).all()
    assert robust_location(level)[1] == pytest.approx(1, abs=0.1)
