import math

import numpy as np
import pytest

from cryoice.constants import CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.mask.regions import RegionSettings, enlarge, fractions, make_mask
from cryoice.mask.score_map import ScoreMap
from cryoice.mask.unsure import is_unsure

TWO = ("good", "bad")


def score_map(shape, *, classes=CLASSES, pixel_size=(8.0, 8.0), **painted):
    """Return a clean map with class=(where, probability) painted on, in that order."""
    probabilities = np.zeros((len(classes), *shape), dtype=np.float32)
    for name, (where, value) in painted.items():
        probabilities[1:, where[0], where[1]] = 0
        probabilities[classes.index(name), where[0], where[1]] = value
    probabilities[0] = 1 - probabilities[1:].sum(axis=0)
    return ScoreMap(probabilities=probabilities, classes=classes, pixel_size=pixel_size)


def box(top, bottom, left, right):
    return slice(top, bottom), slice(left, right)


def settings(**changes):
    return RegionSettings(**({"min_area": 0.0, "max_hole": 0.0} | changes))


def test_a_region_grows_from_above_the_threshold_down_to_low_and_nothing_starts_at_low():
    scores = score_map(
        (20, 21),
        contamination=(box(2, 8, 2, 8), 0.4),
        support=(box(12, 18, 2, 8), 0.4),
    )
    scores.probabilities[2, 4, 4], scores.probabilities[0, 4, 4] = 0.9, 0.1
    mask, regions = make_mask(scores, settings(threshold=0.5, low=0.3))
    expected = np.zeros((20, 21))
    expected[2:8, 2:8] = 2
    assert mask.dtype == np.uint16
    assert mask.tolist() == expected.tolist()
    assert [region.name for region in regions] == ["contamination"]
    mask, _ = make_mask(scores, settings(threshold=0.5, low=0.45))
    assert np.argwhere(mask).tolist() == [[4, 4]]


def test_without_low_a_region_grows_down_to_0_6_of_the_threshold():
    scores = score_map((8, 9), other=((slice(2, 4), slice(2, 5)), 0.31))
    scores.probabilities[4, 2, 2] = 0.6
    scores.probabilities[0] = 1 - scores.probabilities[1:].sum(axis=0)
    mask, _ = make_mask(scores, settings(threshold=0.5))
    assert int((mask == 4).sum()) == 6
    mask, _ = make_mask(scores, settings(threshold=0.53))
    assert np.argwhere(mask).tolist() == [[2, 2]]


@pytest.mark.parametrize("side", [64, 65])
def test_a_disc_has_its_area_score_centre_and_box(side):
    row, column = np.ogrid[:side, :side]
    disc = (row - 30) ** 2 + (column - 33) ** 2 <= 20**2
    scores = score_map((side, side), crystalline=(np.nonzero(disc), 0.75))
    _, (region,) = make_mask(scores, settings())
    assert region.name == "crystalline"
    assert region.area == pytest.approx(math.pi * (20 * 8) ** 2, rel=0.02)
    assert region.score == pytest.approx(0.75)
    assert region.centre == pytest.approx((30, 33))
    assert region.box == (10, 13, 51, 54)


def test_a_margin_of_24_angstrom_grows_a_square_by_3_px_each_side():
    scores = score_map((32, 33), support=(box(10, 20, 12, 22), 0.9))
    mask, (region,) = make_mask(scores, settings(margin=24.0))
    rows, columns = np.nonzero(mask == 3)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (7, 22, 9, 24)
    assert mask[7, 9] == 0  # 3 px along both axes are 34 Å
    assert region.area == 64.0 * (mask == 3).sum()
    assert region.score == pytest.approx(0.9)


def test_a_margin_counts_angstrom_along_each_axis():
    scores = score_map((31, 32), pixel_size=(4.0, 8.0), support=(box(14, 17, 15, 18), 0.9))
    mask, _ = make_mask(scores, settings(margin=16.0))
    rows, columns = np.nonzero(mask == 3)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 20, 13, 19)


def test_a_margin_between_two_classes_goes_to_the_nearer():
    scores = score_map((9, 21), crystalline=(box(0, 9, 2, 5), 0.9), support=(box(0, 9, 12, 15), 0.9))
    mask, regions = make_mask(scores, settings(margin=80.0))
    assert mask[4].tolist() == [1] * 8 + [mask[4, 8]] + [3] * 12
    assert sorted(region.area for region in regions) == sorted(
        64.0 * (mask == value).sum() for value in (1, 3)
    )


def test_regions_below_the_least_area_go():
    scores = score_map((20, 20), other=(box(1, 4, 1, 4), 0.9), support=(box(10, 14, 10, 14), 0.9))
    mask, _ = make_mask(scores, settings(min_area=16 * 64.0))
    assert set(np.unique(mask)) == {0, 3}
    mask, _ = make_mask(scores, settings(min_area=9 * 64.0))
    assert set(np.unique(mask)) == {0, 3, 4}


def test_a_rim_of_another_class_joins_its_region():
    scores = score_map((20, 20), crystalline=(box(4, 12, 4, 12), 0.9), contamination=(box(6, 10, 6, 10), 0.9))
    mask, _ = make_mask(scores, settings(min_area=17 * 64.0))
    assert int((mask == 1).sum()) == 64
    mask, regions = make_mask(scores, settings(min_area=16 * 64.0))
    assert [int((mask == value).sum()) for value in (1, 2)] == [48, 16]
    assert [region.name for region in regions] == ["crystalline", "contamination"]


def test_a_region_of_small_fragments_takes_the_class_of_the_largest():
    scores = score_map((12, 12), crystalline=(box(2, 8, 2, 6), 0.9), support=(box(2, 8, 6, 9), 0.9))
    mask, (region,) = make_mask(scores, settings(min_area=30 * 64.0))
    assert (region.name, region.area) == ("crystalline", 42 * 64.0)
    assert set(np.unique(mask)) == {0, 1}


def test_where_two_classes_share_the_probability_there_is_no_clean_seam():
    scores = score_map((10, 12), crystalline=(box(2, 8, 1, 5), 0.9), support=(box(2, 8, 6, 11), 0.9))
    scores.probabilities[:, 2:8, 5] = np.array([0.2, 0.45, 0, 0.35, 0], dtype=np.float32)[:, None]
    mask, _ = make_mask(scores, settings())
    assert mask[4].tolist() == [0, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 0]


def ring(shape=(20, 21), **changes):
    scores = score_map(shape, contamination=(box(4, 13, 4, 13), 0.9), **changes)
    scores.probabilities[:, 7:10, 7:10] = np.array([1, 0, 0, 0, 0], dtype=np.float32)[:, None, None]
    return scores


def test_enclosed_holes_up_to_the_greatest_are_filled_with_the_class_around():
    mask, (region,) = make_mask(ring(), settings(max_hole=9 * 64.0))
    assert int((mask == 2).sum()) == 81
    assert region.area == 81 * 64.0
    mask, _ = make_mask(ring(), settings(max_hole=8 * 64.0))
    assert int((mask == 2).sum()) == 72


def test_a_bay_at_the_edge_or_beside_missing_data_is_no_hole():
    scores = score_map((12, 13), support=(box(0, 6, 0, 6), 0.9))
    scores.probabilities[3, 0:2, 2:4], scores.probabilities[0, 0:2, 2:4] = 0, 1
    mask, _ = make_mask(scores, settings(max_hole=1e6))
    assert mask[0, :6].tolist() == [3, 3, 0, 0, 3, 3]
    beside = ring()
    beside.probabilities[:, 8, 8] = np.nan
    mask, _ = make_mask(beside, settings(max_hole=1e6))
    assert [int(mask[8, 8]), int(mask[7, 7]), int((mask == 2).sum())] == [IGNORE, 0, 72]


def test_pixels_without_data_are_255_and_neither_grown_into_nor_counted():
    scores = score_map((16, 17), other=(box(4, 12, 4, 8), 0.9))
    scores.probabilities[:, :, 8:10] = np.nan
    mask, (region,) = make_mask(scores, settings(margin=80.0))
    assert (mask[:, 8:10] == IGNORE).all()
    assert mask[8, 10] == 4  # the margin reaches across
    assert region.area == 64.0 * (mask == 4).sum()
    assert sum(fractions(mask).values()) == pytest.approx(1.0)
    assert fractions(mask)["other"] == pytest.approx((mask == 4).sum() / (16 * 15))


def test_a_bridge_without_data_joins_nothing():
    scores = score_map((8, 12), other=(box(2, 6, 1, 11), 0.4))
    scores.probabilities[4, 3, 2], scores.probabilities[0, 3, 2] = 0.9, 0.1
    scores.probabilities[:, :, 6] = np.nan
    mask, _ = make_mask(scores, settings(low=0.3))
    assert int((mask == 4).sum()) == 4 * 5


def test_only_the_wanted_classes_stay_and_have_a_margin():
    scores = score_map((20, 30), crystalline=(box(4, 8, 4, 8), 0.9), support=(box(4, 16, 20, 28), 0.9))
    mask, regions = make_mask(scores, settings(classes=("crystalline",), margin=8.0))
    assert [region.name for region in regions] == ["crystalline"]
    assert set(np.unique(mask)) == {0, 1}
    assert not mask[:, 15:].any()


def test_what_a_network_of_two_classes_calls_bad_is_4():
    scores = score_map((12, 12), classes=TWO, bad=(box(2, 8, 2, 8), 0.9))
    mask, (region,) = make_mask(scores, settings())
    assert int((mask == 4).sum()) == 36
    assert region.name == "other"


def test_a_class_that_a_network_cannot_tell_is_refused():
    with pytest.raises(InputError, match=r"--classes: the network tells good, bad and no crystalline"):
        make_mask(score_map((4, 4), classes=TWO), settings(classes=("crystalline",)))


def test_a_clean_map_and_one_without_data_have_no_regions():
    mask, regions = make_mask(score_map((7, 8)), RegionSettings())
    assert (int(mask.max()), regions) == (0, [])
    nothing = score_map((7, 8))
    nothing.probabilities[:] = np.nan
    mask, regions = make_mask(nothing, RegionSettings(margin=50.0))
    assert (int(mask.min()), regions) == (IGNORE, [])
    assert all(math.isnan(share) for share in fractions(mask).values())


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"threshold": 0.0}, "--threshold: 0 must be between 0 and 1"),
        ({"threshold": 1.0}, "--threshold: 1 must"),
        ({"threshold": math.nan}, "--threshold: nan must"),
        ({"low": 0.7}, "--low: 0.7 must be between 0 and the threshold"),
        ({"unsure": 0.6}, "--unsure: 0.6 must be from 0 to 0.5"),
        ({"unsure": 0.2, "threshold": 0.9}, "--unsure: 0.2 must be from 0 to 0.1"),
        ({"unsure": -0.1}, "--unsure"),
        ({"unsure": math.nan}, "--unsure"),
        ({"low": -0.1}, "--low"),
        ({"min_area": -1.0}, "--min-area: -1 must be 0 or more"),
        ({"margin": math.inf}, "--margin"),
        ({"max_hole": math.nan}, "--max-hole"),
        ({"classes": ("ice",)}, "--classes: ice must be of crystalline, contamination, support, other"),
        ({"classes": ()}, "--classes: nothing"),
        ({"classes": ("clean",)}, "--classes: clean"),
    ],
)
def test_a_wrong_setting_is_named_by_its_flag(changes, flag):
    with pytest.raises(InputError) as caught:
        RegionSettings(**changes)
    assert str(caught.value).startswith(flag)


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ((40, 28), (3, 8), (14, 18)),  # 8 and 4 px a map pixel: row 1 of 5 from 4, column 4 of 7 from 14
        ((41, 29), (5, 12), (15, 18)),
        ((5, 7), (1, 1), (4, 4)),
    ],
)
def test_a_marked_map_pixel_lies_over_the_micrographs_rows_and_columns_that_are_nearest(shape, rows, columns):
    mask = np.zeros((5, 7), dtype=np.uint16)
    mask[1, 4] = 3
    large = enlarge(mask, shape)
    position = [np.arange(side) * small / side for side, small in zip(shape, mask.shape, strict=True)]
    near = [
        np.flatnonzero((where >= mark - 0.5) & (where < mark + 0.5))
        for where, mark in zip(position, (1, 4), strict=True)
    ]
    found = np.argwhere(large == 3)
    assert large.shape == shape
    assert [found[:, axis].min() for axis in (0, 1)] == [index[0] for index in near]
    assert [found[:, axis].max() for axis in (0, 1)] == [index[-1] for index in near]
    assert len(found) == len(near[0]) * len(near[1])


def test_an_enlarged_map_keeps_its_last_row_to_the_edge():
    mask = np.arange(4, dtype=np.uint16)[:, None]
    assert enlarge(mask, (16, 1))[:, 0].tolist() == [0] * 2 + [1] * 4 + [2] * 4 + [3] * 6
    assert enlarge(mask, (4, 2)).tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]


@pytest.mark.parametrize(
    ("threshold", "unsure", "band"),
    [(0.5, None, (0.3, 0.7)), (0.1, None, (0.06, 0.14)), (0.9, None, (0.86, 0.94)), (0.4, 0.1, (0.3, 0.5))],
)
def test_the_band_of_doubt_lies_around_the_threshold_and_never_leaves_0_to_1(threshold, unsure, band):
    assert RegionSettings(threshold=threshold, unsure=unsure).band == pytest.approx(band)
    widest = min(threshold, 1 - threshold)
    ends = RegionSettings(threshold=threshold, unsure=widest).band
    assert ends[0] == pytest.approx(0) or ends[1] == pytest.approx(1)


def test_no_data_and_the_ends_of_the_band_are_not_unsure():
    score = np.array([0.25, 0.26, 0.5, 0.74, 0.75, np.nan])
    assert is_unsure(score, (0.25, 0.75)).tolist() == [False, True, True, True, False, False]
    assert not is_unsure(score, (0.5, 0.5)).any()
