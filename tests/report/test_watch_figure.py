import numpy as np
import pytest

from cryoice.constants import CLASSES
from cryoice.report.colours import CLASS_COLOURS
from cryoice.report.watch_figure import plot_watch


def figure_of(bad, *, iciness=None, first=1, window=3, times=None):
    number = len(bad)
    shares = {name: np.zeros(number) for name in CLASSES[1:]}
    shares["contamination"] = np.array(bad)
    iciness = np.full(number, np.nan) if iciness is None else np.array(iciness)
    times = 1e9 + 60.0 * np.arange(number) if times is None else np.array(times)
    return plot_watch(times, shares, iciness, first=first, max_bad=0.3, window=window)


def lines(axes):
    return {line.get_label(): line.get_ydata() for line in axes.lines}


def test_points_are_coloured_by_verdict_and_the_median_runs_over_the_last_ones():
    top, _, _ = figure_of([0.0, 0.4, 0.1, 0.5, 0.6], first=11).axes
    good, bad = (points.get_offsets().tolist() for points in top.collections)
    assert good == [[11, 0.0], [13, 0.1]]
    assert bad == [[12, 0.4], [14, 0.5], [15, 0.6]]
    np.testing.assert_allclose(lines(top)["median of the last 3"], [0, 0.2, 0.1, 0.4, 0.5])


def test_iciness_is_drawn_where_it_is_measured_and_its_absence_is_told():
    _, middle, _ = figure_of([0.0, 0.0, 0.0], iciness=[1.2, np.nan, 0.8]).axes
    np.testing.assert_allclose(lines(middle)["median of the last 3"], [1.2, 1.2, 1.0])
    _, middle, _ = figure_of([0.0]).axes
    assert middle.texts[0].get_text().startswith("not measured")


def test_classes_have_their_colours():
    _, _, bottom = figure_of([0.1, 0.3]).axes
    from matplotlib.colors import to_hex

    colours = [to_hex(layer.get_facecolor()[0]).upper() for layer in bottom.collections]
    assert colours == [CLASS_COLOURS[kind] for kind in range(1, 5)]


@pytest.mark.parametrize(
    ("times", "shown"),
    [([1e9, 1e9 + 90], "%H:%M:%S"), ([1e9, 1e9 + 7200], "%H:%M"), ([1e9, 1e9 + 90000], "%d %b %H:%M")],
)
def test_the_clock_is_as_fine_as_the_time_is_short(times, shown):
    from datetime import datetime

    top, _, _ = figure_of([0.0, 0.0], times=times).axes
    (clock,) = top.child_axes
    told = [label.get_text() for label in clock.get_xticklabels()]
    assert told == [datetime.fromtimestamp(moment).strftime(shown) for moment in times]
