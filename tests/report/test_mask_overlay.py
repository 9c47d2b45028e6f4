import numpy as np
import pytest

from cryoice.constants import IGNORE
from cryoice.report.mask_overlay import overlay, shrunk

ORANGE, YELLOW = (230, 159, 0), (240, 228, 66)
SIDES = (560, 561)


def drawn(mask, *, view=None, score=None, pixel_size=8.0, title="m1", unsure=(0.3, 0.7)):
    view = np.zeros(mask.shape, dtype=np.float32) if view is None else view
    score = np.zeros(mask.shape, dtype=np.float32) if score is None else score
    return overlay(view, mask, score, pixel_size=(pixel_size, pixel_size), unsure=unsure, title=title)


def empty(shape=SIDES):
    return np.zeros(shape, dtype=np.uint16)


def test_a_class_is_outlined_inside_its_border_and_filled_in_its_colour():
    mask = empty()
    mask[100:120, 200:230] = 2
    picture = drawn(mask)[: SIDES[0]]
    coloured = picture.any(axis=2)
    coloured[500:] = False  # the scale bar
    assert coloured.tolist() == (mask == 2).tolist()
    assert picture[100, 200].tolist() == list(ORANGE)
    assert picture[101, 215].tolist() == list(ORANGE)
    assert picture[110, 215].tolist() == [int(0.22 * part) for part in ORANGE]


def test_row_0_of_the_view_is_at_the_top_and_noise_does_not_set_the_greys():
    view = np.linspace(0, 1, SIDES[0], dtype=np.float32)[:, None].repeat(SIDES[1], axis=1)
    view[0, 0] = 1e6
    picture = drawn(empty(), view=view)
    assert picture[2, 300].max() <= 2
    assert picture[278:282, 300].mean() == pytest.approx(127, abs=3)
    assert picture[SIDES[0] - 2, 300].min() >= 253


def test_a_small_map_is_enlarged_by_a_whole_factor():
    mask = empty((10, 14))
    mask[3, 5] = 4
    picture = drawn(mask)
    assert picture.shape[1] == 14 * 40
    rows, columns = np.nonzero((picture[:280] == (204, 121, 167)).all(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (120, 159, 200, 239)


def test_no_data_is_hatched_and_what_scores_within_the_band_is_dotted_inside_the_mask_too():
    mask, score = empty(), np.zeros(SIDES, dtype=np.float32)
    mask[:, 500:] = IGNORE
    score[50:62, 50:62] = 0.35
    score[100:112, 50:62] = 0.25
    mask[190:222, 40:102] = 2
    score[200:212, 50:62], score[200:212, 80:92] = 0.69, 0.71
    view = np.zeros(SIDES, dtype=np.float32)
    view[:, 500:] = np.nan
    score[:, 500:] = np.nan
    picture = drawn(mask, view=view, score=score)[:480]
    hatched = (picture == YELLOW).all(axis=2)
    assert hatched[:, 500:].mean() == pytest.approx(0.25, abs=0.02)
    assert not hatched[:, :500].any()
    assert int((picture[50:62, 50:62, 0] == 255).sum()) == 4 * 4
    assert not picture[100:112, 50:62].any()
    assert int((picture[200:212, 50:62] == 255).all(axis=2).sum()) == 4 * 4
    assert not (picture[200:212, 80:92] == 255).all(axis=2).any()


@pytest.mark.parametrize(("pixel_size", "bar"), [(8.0, 125), (10.0, 100), (1.0, 100)])
def test_the_scale_bar_is_a_round_length_of_at_most_a_third_of_the_width(pixel_size, bar):
    picture = drawn(empty(), pixel_size=pixel_size)
    assert (picture[SIDES[0] - 10] == 255).all(axis=1).sum() == bar


def test_the_legend_grows_with_what_there_is_to_name():
    mask = empty()
    clean = drawn(mask)
    mask[:40, :40], mask[:40, 60:90], mask[100:140, :40], mask[200:210, :40], mask[300:, 500:] = (
        1,
        2,
        3,
        4,
        255,
    )
    many = drawn(mask)
    strips = [picture[SIDES[0] :] for picture in (clean, many)]
    assert len(strips[1]) > len(strips[0])
    colours = {tuple(pixel) for pixel in strips[1].reshape(-1, 3).tolist() if len(set(pixel)) > 1}
    assert colours == {(86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (240, 228, 66)}
    assert (strips[0] < 100).any()


def test_a_title_wider_than_the_picture_is_cut_off():
    assert drawn(empty(), title="long " * 200).shape[1] == SIDES[1]


def test_a_micrograph_without_data_is_drawn():
    mask = np.full((8, 9), IGNORE, dtype=np.uint16)
    nothing = np.full((8, 9), np.nan, dtype=np.float32)
    assert (drawn(mask, view=nothing, score=nothing)[:400] == YELLOW).all(axis=2).any()


@pytest.mark.parametrize("shape", [(20, 28), (21, 29)])
def test_a_shrunk_micrograph_holds_the_means_of_the_pixels_nearest_to_each_map_pixel(shape):
    micrograph = np.random.default_rng(0).normal(size=shape)
    micrograph[9, 13] = np.nan
    small = shrunk(micrograph, (5, 7))
    nearest = [
        np.minimum(np.floor(np.arange(side) * count / side + 0.5), count - 1)
        for side, count in zip(shape, (5, 7), strict=True)
    ]
    for row in range(5):
        for column in range(7):
            block = micrograph[np.ix_(nearest[0] == row, nearest[1] == column)]
            assert small[row, column] == pytest.approx(np.nanmean(block), abs=1e-5)


def test_a_block_without_data_is_none_and_a_small_micrograph_is_repeated():
    micrograph = np.ones((12, 12))
    micrograph[:2, :2] = np.nan
    assert np.argwhere(np.isnan(shrunk(micrograph, (3, 3)))).tolist() == [[0, 0]]
    assert shrunk(np.arange(4.0).reshape(2, 2), (4, 2)).tolist() == [[0, 1], [0, 1], [2, 3], [2, 3]]
