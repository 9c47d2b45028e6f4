import numpy as np
import pytest

from cryoice.mask.review_order import deviations, doubt, joined, review_order


def order(doubts, places, chosen=()):
    features = np.array(places, dtype=np.float64).reshape(len(doubts), -1)
    return list(review_order(np.array(doubts, dtype=np.float64), features, chosen))


def test_doubt_is_the_share_of_pixels_expected_to_be_wrong():
    score = np.array([[0.0, 1.0, 0.5], [0.1, 0.8, np.nan]], dtype=np.float32)
    assert doubt(score) == pytest.approx((0 + 0 + 0.5 + 0.1 + 0.2) / 5)
    assert np.isnan(doubt(np.full((2, 2), np.nan, dtype=np.float32)))


def test_doubt_is_how_often_the_likelier_of_two_is_wrong():
    rng = np.random.default_rng(0)
    score = rng.beta(0.5, 2, size=100_000).astype(np.float32)
    truth = rng.random(score.shape) < score
    assert doubt(score) == pytest.approx(((score > 0.5) != truth).mean(), abs=5e-3)


def test_the_most_doubtful_comes_first_and_then_what_is_unlike_it():
    found = order([0.30, 0.29, 0.10, 0.01], [0, 0.1, 4, 4.1])
    assert [one.index for one in found] == [0, 2, 1, 3]
    assert [one.nearest for one in found] == [None, 0, 0, 2]
    assert [one.score for one in found] == pytest.approx([0.30, 0.10 * 4, 0.29 * 0.1, 0.01 * 0.1])


def test_what_was_reviewed_is_not_listed_and_counts_as_chosen():
    found = order([0.30, 0.29, 0.10], [0, 0.1, 4], chosen=[0])
    assert [one.index for one in found] == [2, 1]
    assert order([0.3, 0.1], [0, 1], chosen=[0, 1]) == []


def test_twins_come_last_but_do_come():
    found = order([0.3, 0.3, 0.2, 0.4], [1, 1, 1, 1])
    assert [one.index for one in found] == [3, 0, 1, 2]
    assert [one.score for one in found[1:]] == [0, 0, 0]


def test_deviations_are_cut_off_and_know_nothing_of_what_was_not_measured():
    column = np.array([[1.0, 5.0, 0.0], [3.0, 5.0, np.nan], [np.nan, 5.0, np.nan]])
    assert deviations(column).tolist() == [[-1, 0, 0], [1, 0, 0], [0, 0, 0]]
    lone = np.zeros((1000, 1))
    lone[7] = 1.0
    assert deviations(lone)[7, 0] == 3


def test_a_block_counts_the_same_however_many_columns_it_has():
    one, many = np.array([[0.0], [2.0]]), np.tile([[0.0], [2.0]], 9)
    away = joined([one, many])
    assert np.linalg.norm(away[1] - away[0]) == pytest.approx(2)
    assert np.linalg.norm(away[1, 1:] - away[0, 1:]) == pytest.approx(
        np.linalg.norm(away[1, :1] - away[0, :1])
    )
