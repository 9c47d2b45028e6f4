import math

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.corrections import Correction
from cryoice.mask.mending import mended
from cryoice.mask.regions import enlarge

BAND = (0.3, 0.7)
SHAPE = (12, 20)
FACTOR = 4
"""px of the micrograph in one of the mask; 2 Å each."""


def act(kind, label, row=math.nan, column=math.nan, radius=math.nan, line=2):
    return Correction(line, "m.mrc", "m", kind, label, row, column, radius)


def mend(mask, *actions, score=None, factor=FACTOR, pixel_size=2.0):
    score = np.zeros(mask.shape, dtype=np.float32) if score is None else score
    shape = (mask.shape[0] * factor, mask.shape[1] * factor)
    return mended(mask, score, actions, micrograph_shape=shape, pixel_size=pixel_size, unsure=BAND)


def clean():
    return np.zeros(SHAPE, dtype=np.uint16)


@pytest.mark.parametrize("micrograph_shape", [(48, 80), (47, 83), (50, 78)])
@pytest.mark.parametrize("place", [(0, 0), (3, 17), (11, 19), (11, 0)])
def test_a_marked_pixel_of_the_micrograph_is_the_one_of_the_mask_that_covers_it(place, micrograph_shape):
    marked = clean()
    marked[place] = 1
    for row, column in np.argwhere(enlarge(marked, micrograph_shape) == 1):  # no matter where in the pixel
        at = (float(row), float(column))
        for mask, action, value in (
            (clean(), act("disc", "support", *at, 0.01), 3),
            (marked, act("region", "other", *at), 4),
        ):
            found = mended(
                mask,
                np.zeros(SHAPE, dtype=np.float32),
                [action],
                micrograph_shape=micrograph_shape,
                pixel_size=2.0,
                unsure=BAND,
            )
            assert np.argwhere(found == value).tolist() == [list(place)]


def test_a_mask_of_full_size_is_marked_at_the_pixel_itself():
    found = mend(clean(), act("disc", "crystalline", 3, 17, 0.9), factor=1, pixel_size=1.0)
    assert np.argwhere(found == 1).tolist() == [[3, 17]]


def test_a_disc_reaches_its_radius_in_angstroms_along_both_axes():
    found = mend(clean(), act("disc", "contamination", 20, 40, 17))  # 2.125 px of the mask around (5, 10)
    row, column = np.ogrid[: SHAPE[0], : SHAPE[1]]
    assert np.array_equal(found == 2, (row - 5) ** 2 + (column - 10) ** 2 <= 2.125**2)


def test_a_disc_is_round_in_angstroms_where_the_mask_is_not_sampled_evenly():
    mask = np.zeros((10, 40), dtype=np.uint16)
    found = mended(
        mask,
        np.zeros(mask.shape, dtype=np.float32),
        [act("disc", "support", 20, 20, 8)],
        micrograph_shape=(40, 40),  # rows 4 px apart, columns 1
        pixel_size=1.0,
        unsure=BAND,
    )
    assert np.flatnonzero((found == 3).any(axis=1)).tolist() == [3, 4, 5, 6, 7]
    assert np.flatnonzero((found == 3).any(axis=0)).tolist() == list(range(12, 29))


def test_a_region_is_what_connects_through_corners_and_no_more():
    mask = clean()
    mask[2, 2], mask[3, 3], mask[3, 5], mask[4, 4] = 2, 2, 1, 2
    mask[8, 8] = 2
    found = mend(mask, act("region", "crystalline", 2 * FACTOR, 2 * FACTOR))
    assert np.argwhere(found == 1).tolist() == [[2, 2], [3, 3], [3, 5], [4, 4]]
    assert found[8, 8] == 2


def test_actions_apply_in_their_order():
    mask = clean()
    mask[2:4, 2:4] = 2
    disc, region = act("disc", "contamination", 16, 16, 8.5), act("region", "support", 8, 8)
    joined, apart = mend(mask, disc, region), mend(mask, region, disc)
    assert (joined == 3).sum() == 4 + 5  # the disc touched the region before it was relabelled
    assert (apart == 3).sum() == 4
    assert (mend(mask, act("whole", "clean"), act("whole", "right")) == 0).all()


def test_the_film_around_is_a_region_too():
    mask = clean()
    mask[:, 10] = 3
    found = mend(mask, act("region", "unknown", 0, 0))
    assert (found[:, :10] == 255).all()
    assert (found[:, 11:] == 0).all()


def test_what_is_unsure_and_untouched_has_no_label():
    mask, score = clean(), np.zeros(SHAPE, dtype=np.float32)
    mask[2:4, 2:6] = 2
    score[2:4, 2:6], score[8, 8], score[0, 0], score[0, 1] = 0.6, 0.4, 0.3, 0.7
    untouched = mend(mask, act("disc", "support", 40, 70, 8.5), score=score)
    assert np.argwhere(untouched == 255).tolist() == np.argwhere((score > 0.3) & (score < 0.7)).tolist()
    touched = mend(mask, act("region", "contamination", 8, 8), score=score)
    assert (touched[2:4, 2:6] == 2).all()
    assert touched[8, 8] == 255


def test_a_mask_that_is_right_is_right_where_it_is_unsure_too():
    mask, score = clean(), np.full(SHAPE, 0.5, dtype=np.float32)
    mask[2, 2] = 1
    assert np.array_equal(mend(mask, act("whole", "right"), score=score), mask)
    assert (mend(mask, act("whole", "support"), score=score) == 3).all()


def test_a_verdict_teaches_no_pixel():
    mask, score = clean(), np.zeros(SHAPE, dtype=np.float32)
    score[1, 1] = 0.5
    found = mend(mask, act("verdict", "accepted"), score=score)
    assert np.argwhere(found != 0).tolist() == [[1, 1]]
    assert found[1, 1] == 255


def test_where_there_are_no_data_no_action_makes_any():
    mask = clean()
    mask[:3] = 255
    score = np.where(mask == 255, np.nan, 0.0).astype(np.float32)
    found = mend(mask, act("whole", "other"), act("region", "support", 20, 20), score=score)
    assert (found[:3] == 255).all()
    assert (found[3:] == 3).all()
    assert np.array_equal(mend(mask, act("region", "support", 4, 8), score=score), mask)


@pytest.mark.parametrize("place", [(-1, 5), (5, -1), (48.5, 5), (5, 80.5)])
def test_a_place_off_the_micrograph_is_named_with_its_line(place):
    with pytest.raises(InputError, match=r"line 9: row .* lie off the micrograph of 48 x 80 px"):
        mend(clean(), act("disc", "clean", *place, 10.0, line=9))
