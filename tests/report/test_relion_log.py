import numpy as np
import pytest

from cryoice.constants import CLASSES
from cryoice.report.figures import save_figure
from cryoice.report.relion_log import plot_log


def row(bad, iciness, verdict):
    told = {"contamination": bad, "bad": bad, "iciness": iciness, "verdict": verdict}
    return dict.fromkeys(CLASSES, 0.0) | told


ROWS = [row(0.1, 0.5, "good"), row(0.3, 2.0, "good"), row(0.3, None, "bad"), row(0.9, None, "bad")]


@pytest.fixture
def axes():
    """Panels of a page by what their x axis says."""
    score, keep = np.array([0.1, 0.9, np.nan]), np.array([True, False, True])
    figure = plot_log(ROWS, max_bad=0.3, title="External/job010", particles=(score, keep))
    return {panel.get_xlabel().split(",")[0].split(" (")[0].split(":")[0]: panel for panel in figure.axes}


def heights(panel):
    return [patch.get_height() for patch in panel.patches if patch.get_height()]


def test_micrographs_stand_in_their_order_on_either_side_of_what_is_allowed(axes):
    accepted, rejected, limit = axes["micrograph"].lines
    assert accepted.get_xydata().tolist() == [[1, 10], [2, 30]]
    assert rejected.get_xydata().tolist() == [[3, 30], [4, 90]]  # by verdict, not by rounded shares
    assert list(limit.get_ydata()) == [30, 30]
    assert [text.get_text() for text in axes["micrograph"].get_legend().texts] == [
        "accepted: 2",
        "rejected: 2",
    ]


def test_what_was_not_measured_is_not_counted(axes):
    assert sum(heights(axes["artifacts"])) == 4
    assert sum(heights(axes["iciness"])) == 2
    assert sum(heights(axes["cryoiceScore"])) == 2
    told = [text.get_text() for text in axes["cryoiceScore"].get_legend().texts]
    assert told == ["accepted: 2", "rejected: 1"]


def test_the_shares_of_classes_are_told_in_words(axes):
    told = [text.get_text() for text in axes["of one class"].get_legend().texts]
    assert told[1] == "contamination, 40.0 % of all"
    assert told[0] == "crystalline, 0.0 % of all"


def test_a_page_without_micrographs_shows_particles_and_without_iciness_says_so(tmp_path):
    figure = plot_log([], max_bad=0.3, title="x", particles=(np.array([0.5]), np.array([True])))
    assert len(figure.axes) == 1
    figure = plot_log(ROWS[2:], max_bad=0.3, title="x")
    words = [text.get_text() for panel in figure.axes for text in panel.texts]
    assert words == ["iciness was not measured:\npixels are coarser than 1.72 Å", "no particles were given"]
    save_figure(figure, tmp_path / "logfile.pdf")
    assert (tmp_path / "logfile.pdf").read_bytes().startswith(b"%PDF")
