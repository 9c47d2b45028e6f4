"""Predictions are shown beside the truth, a row a micrograph."""

import numpy as np

from cryoice.constants import CLASSES, IGNORE
from cryoice.report.pixel_figures import PredictedMicrograph, plot_class_confusion, plot_predictions


def predicted(title):
    truth = np.zeros((9, 12), dtype=np.uint8)
    truth[:3], truth[8] = 2, IGNORE
    probabilities = np.zeros((5, 9, 12), dtype=np.float32)
    probabilities[0], probabilities[0, :4], probabilities[2, :4] = 1.0, 0.25, 0.75
    return PredictedMicrograph(title, np.arange(108, dtype=np.float32).reshape(9, 12), truth, probabilities)


def test_each_micrograph_has_its_truth_its_classes_and_its_score():
    figure = plot_predictions([predicted(name) for name in "abc"], title="three")
    shown = [panel for panel in figure.axes if panel.images]
    titles = [panel.get_title() for panel in shown]
    assert titles == [text for name in "abc" for text in (name, "truth", "predicted", "P(artifact)")]
    score = np.asarray(shown[3].images[0].get_array())
    assert (score[0, 0], score[5, 5]) == (0.75, 0.0)
    truth, called = (np.asarray(shown[column].images[1].get_array())[..., 3] > 0 for column in (1, 2))
    assert (int(truth.sum()), int(called.sum())) == (4 * 12, 4 * 12)
    assert bool(truth[8, 0])
    assert not called[8, 0]


def test_a_confusion_is_shares_of_each_label():
    table = np.zeros((5, 5), dtype=np.int64)
    table[0, :2] = 30, 10
    axes = plot_class_confusion(table).axes[0]
    shares = np.asarray(axes.images[0].get_array())
    assert shares[0].tolist() == [0.75, 0.25, 0, 0, 0]
    assert shares[1].sum() == 0
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CLASSES)
