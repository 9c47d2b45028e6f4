"""Figures show what they are given, in the right place and colour, without global state."""

import sys

import matplotlib.image
import numpy as np
import pytest
from matplotlib.collections import EllipseCollection
from matplotlib.colors import to_hex

from cryoice.report.figures import (
    FALSE_POSITIVE,
    PARTICLE,
    plot_patches,
    plot_samples,
    save_figure,
)
from cryoice.report.micrographs import plot_picks


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape)


def circles(figure, panel=0):
    (found,) = [item for item in figure.axes[panel].collections if isinstance(item, EllipseCollection)]
    colours = np.array([to_hex(colour).upper() for colour in found.get_edgecolor()])
    return {str(colour): found.get_offsets()[colours == colour] for colour in np.unique(colours)}


def picks(micrograph, pixel_size=1.5):
    positions, label = np.array([[10.0, 40.0], [30.0, 5.0], [31.0, 6.0]]), np.array([0, 1, 1])
    return plot_picks(micrograph, positions, label, diameter_px=8.0, pixel_size=pixel_size, title="name")


def test_particles_are_blue_false_positives_orange_and_rows_run_down():
    figure = picks(noise(48, 63))
    found = circles(figure)
    np.testing.assert_array_equal(found[PARTICLE], [[40.0, 10.0]])
    np.testing.assert_array_equal(found[FALSE_POSITIVE], [[5.0, 30.0], [6.0, 31.0]])
    assert figure.axes[0].get_ylim() == (47.5, -0.5)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["1 particles (GOOD)", "2 false positives (BAD)"]


def test_a_pick_stays_on_its_pixel_when_a_large_micrograph_is_averaged():
    micrograph = np.zeros((1603, 1200), np.float32)
    micrograph[900:906, 300:306] = 1.0
    figure = plot_picks(
        micrograph, np.array([[902.5, 302.5]]), np.array([1]), diameter_px=30.0, pixel_size=None
    )
    (shown,) = figure.axes[0].get_images()
    row, column = np.unravel_index(np.argmax(shown.get_array()), shown.get_array().shape)
    left, right, bottom, top = shown.get_extent()
    scale = (bottom - top) / shown.get_array().shape[0]
    assert top + (row + 0.5) * scale == pytest.approx(902.5, abs=scale)
    assert left + (column + 0.5) * scale == pytest.approx(302.5, abs=scale)
    assert scale == 3
    assert right - left == 1200


@pytest.mark.parametrize(("pixel_size", "text"), [(1.5, "10 Å"), (0.3, "2 Å"), (200.0, "200 nm")])
def test_the_scale_bar_is_a_round_length_near_a_fifth_of_the_width(pixel_size, text):
    # 63 px: a fifth is 18.9 Å, 3.78 Å and 252 nm
    axes = picks(noise(48, 63), pixel_size).axes[0]
    assert [label.get_text() for label in axes.texts] == [text]
    length = float(text.split()[0]) * (10 if text.endswith("nm") else 1)
    assert axes.patches[1].get_width() == pytest.approx(length / pixel_size)


def test_without_a_pixel_size_there_is_no_scale_bar():
    assert not picks(noise(48, 63), None).axes[0].texts


def test_nan_pixels_integers_and_no_picks_are_drawn(tmp_path):
    holed = noise(32, 32)
    holed[:4] = np.nan
    nothing = np.zeros((0, 2)), np.zeros(0, np.int64)
    save_figure(plot_picks(holed, *nothing, diameter_px=4.0, pixel_size=1.0), tmp_path / "a.png")
    counts = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    save_figure(plot_picks(counts, *nothing, diameter_px=4.0, pixel_size=1.0), tmp_path / "b.png")
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.png"}


def test_a_gallery_keeps_the_order_and_writes_each_score():
    figure = plot_patches(noise(8, 9, 9), np.linspace(8, 1, 8), title="highest")
    titles = [axes.get_title() for axes in figure.axes if axes.axison]
    assert titles == [f"{score}.00" for score in range(8, 0, -1)]


def test_an_empty_gallery_is_still_a_figure(tmp_path):
    figure = plot_patches(np.zeros((0, 8, 8)), [], title="none")
    save_figure(figure, tmp_path / "none.png")
    assert not any(axes.axison for axes in figure.axes)


def test_samples_show_both_channels_and_say_when_one_is_missing(tmp_path):
    spectrum = noise(2, 17, 17)
    spectrum[1] = 0
    figure = plot_samples(noise(2, 16, 16), spectrum, np.array([0, 1]), np.array([0.1, 0.9]))
    save_figure(figure, tmp_path / "samples.png")
    good, bad, _, missing = figure.axes
    assert good.get_title() == "GOOD\nP(BAD) 0.10"
    assert to_hex(bad.spines["left"].get_edgecolor()).upper() == FALSE_POSITIVE
    assert missing.texts[0].get_text() == "not\navailable"


def test_a_figure_is_saved_whole_at_150_dpi_without_pyplot(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    figure = picks(noise(48, 63))
    save_figure(figure, tmp_path / "new" / "a.png")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]
    height, width = matplotlib.image.imread(tmp_path / "new/a.png").shape[:2]
    assert (width, height) == tuple(int(150 * side) for side in figure.get_size_inches())


def test_the_network_colours_its_own_panel_from_blue_to_orange():
    positions = np.array([[5.0, 6.0], [20.0, 9.0]])
    figure = plot_picks(
        noise(32, 40), positions, np.array([1, 0]), diameter_px=4.0, pixel_size=2.0,
        probability=np.array([0.0, 1.0]), title="m",
    )  # fmt: skip
    assert circles(figure, 0)[FALSE_POSITIVE].tolist() == [[6.0, 5.0]]
    assert circles(figure, 1)[PARTICLE].tolist() == [[6.0, 5.0]]
    assert circles(figure, 1)[FALSE_POSITIVE].tolist() == [[9.0, 20.0]]
