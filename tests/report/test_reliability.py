import numpy as np
import pytest

from cryoice.learn.metrics import BINS
from cryoice.report.reliability import Reliability, plot_reliability


def test_the_error_is_that_of_bins_counted_by_hand():
    # two at 0.5 of which one comes true: right; two at 0.9 of which none does: 0.9 off
    found = Reliability.of(np.array([0.5, 0.5, 0.9, 0.9]), np.array([True, False, False, False]))
    assert found.ece == pytest.approx((0 + 2 * 0.9) / 4)
    assert found.weight.sum() == 4
    assert found.weight[7] == found.weight[13] == 2


def test_parts_add_up_by_their_weight():
    sure, wrong = np.array([1.0]), np.array([0.0, 0.0, 0.0, 0.0])
    one = Reliability.of(sure, np.array([True]), weight=1.0)
    many = Reliability.of(wrong, np.ones(4, dtype=bool), weight=1 / 4)
    assert (one + many).ece == pytest.approx(0.5)
    assert (one + many).but_lowest.ece == 0


def test_probabilities_that_come_true_as_often_as_said_are_right():
    rng = np.random.default_rng(0)
    said = rng.uniform(size=200_000)
    assert Reliability.of(said, rng.uniform(size=len(said)) < said).ece < 0.005


def test_nothing_has_no_error():
    assert np.isnan(Reliability.of(np.empty(0), np.empty(0, dtype=bool)).ece)


def test_a_panel_shows_a_point_for_every_bin_that_holds_any():
    low = Reliability.of(np.array([0.1, 0.1, 0.62]), np.array([False, True, True]))
    figure = plot_reliability({"any": {"a": low, "b": low}, "other": {"a": low}}, title="t")
    upper, lower, *_ = figure.axes
    _, a, b = upper.lines
    assert a.get_xydata().tolist() == pytest.approx(np.array([[0.1, 0.5], [0.62, 1.0]]))
    assert b.get_label() == f"b: ECE {low.ece:.3f}"
    assert len(lower.patches[0].get_data().values) == BINS
    assert len(figure.axes) == 4
