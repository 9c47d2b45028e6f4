"""Scores of a confusion of pixels, by hand."""

import math

import numpy as np
import pytest

from cryoice.experiment.pixel_outcome import class_scores


def test_scores_of_a_confusion_by_hand():
    table = np.zeros((5, 5), dtype=np.int64)
    table[0] = [80, 10, 0, 0, 0]  # clean: 10 of 90 called crystalline
    table[1] = [5, 20, 5, 0, 0]  # crystalline: 5 missed, 5 called contamination
    found = class_scores(table)
    assert found["iou_clean"] == pytest.approx(80 / 95)
    assert found["iou_crystalline"] == pytest.approx(20 / 40)
    assert found["miou"] == pytest.approx((80 / 95 + 0.5) / 2)
    assert math.isnan(found["iou_contamination"])  # no such pixels, so no overlap to speak of
    assert found["false_alarms"] == pytest.approx(10 / 90)
    assert found["accuracy"] == pytest.approx(105 / 120)
    assert found["f1"] == pytest.approx(50 / 65)


def test_without_pixels_nothing_is_known():
    assert all(math.isnan(value) for value in class_scores(np.zeros((5, 5), dtype=np.int64)).values())
