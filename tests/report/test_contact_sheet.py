import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cryoice.constants import CLASSES, IGNORE
from cryoice.report.colours import CLASS_COLOURS
from cryoice.report.contact_sheet import Miniature, plot_contact_sheet

RNG = np.random.default_rng(0)


def miniature(mask, *, pixel_size=10.0, title="ring-0000"):
    array = RNG.normal(size=mask.shape).astype(np.float32)
    return Miniature.of(array, mask.astype(np.uint16), pixel_size=pixel_size, title=title)


def drawn(miniatures):
    figure = plot_contact_sheet(miniatures, title="12 of 24")
    FigureCanvasAgg(figure).draw()
    return figure


def test_a_small_micrograph_keeps_its_pixels():
    mask = np.arange(12).reshape(3, 4) % 5
    small = miniature(mask)
    assert small.block == 1
    assert small.mask.tolist() == mask.tolist()


def test_a_large_micrograph_becomes_means_of_blocks_and_the_classes_at_their_middle():
    array = np.zeros((9, 1200), dtype=np.float32)
    array[:3, :3] = np.arange(9).reshape(3, 3)
    array[3:6, :3] = np.nan
    array[6:, :3] = 2.0
    array[6, 0] = np.nan
    mask = np.zeros(array.shape, dtype=np.uint16)
    mask[1, 1] = 3
    mask[4, 4] = IGNORE
    small = Miniature.of(array, mask, pixel_size=1.0, title="")
    assert (small.block, small.array.shape) == (3, (3, 400))
    assert small.array[0, 0] == 4.0
    assert np.isnan(small.array[1, 0])
    assert small.array[2, 0] == 2.0
    assert (small.mask[0, 0], small.mask[1, 1], int((small.mask > 0).sum())) == (3, IGNORE, 2)


def test_rows_and_columns_that_fill_no_block_are_cut_off():
    small = miniature(np.zeros((810, 1205)))
    assert (small.block, small.array.shape, small.mask.shape) == (4, (202, 301), (202, 301))


@pytest.mark.parametrize(("count", "panels"), [(1, 2), (2, 4), (12, 24)])
def test_each_micrograph_stands_beside_its_classes(count, panels):
    figure = drawn([miniature(np.zeros((20, 30)), title=f"m{number}") for number in range(count)])
    assert len(figure.axes) == panels
    assert [axes.get_title(loc="left") for axes in figure.axes[::2]] == [
        f"m{number}" for number in range(count)
    ]


def test_only_the_classes_that_are_there_are_outlined_each_in_its_colour():
    mask = np.zeros((20, 30))
    mask[3:9, 3:9] = 1
    mask[12:18, 12:18] = 3
    left, right = drawn([miniature(mask)]).axes
    assert len(left.images) == 1
    fills = [image.get_array()[image.get_array()[..., 3] > 0] for image in right.images[1:]]
    assert [len(fill) for fill in fills] == [36, 36]
    assert [tuple(np.rint(255 * fill[0, :3])) for fill in fills] == [(86, 180, 233), (0, 158, 115)]


def test_a_mask_of_a_single_class_is_filled_without_an_outline():
    _, right = drawn([miniature(np.full((20, 30), 2))]).axes
    assert len(right.images) == 2
    assert len(right.collections) == 0


def test_the_legend_names_all_classes_and_unlabelled_pixels_only_where_there_are_some():
    named = [[text.get_text() for text in drawn([miniature(mask)]).legends[0].get_texts()]
             for mask in (np.zeros((9, 9)), np.full((9, 9), IGNORE))]  # fmt: skip
    assert named[0] == list(CLASSES[1:])
    assert named[1] == [*CLASSES[1:], "not labelled"]


@pytest.mark.parametrize(
    ("pixel_size", "text", "pixels"), [(10.0, "100 Å", 10.0), (100.0, "100 nm", 10.0), (7.0, "50 Å", 50 / 7)]
)
def test_the_scale_bar_is_a_round_length_of_at_most_a_third_of_the_width(pixel_size, text, pixels):
    left, _ = drawn([miniature(np.zeros((20, 31)), pixel_size=pixel_size)]).axes
    assert [found.get_text() for found in left.texts] == [text]
    (bar,) = left.patches
    assert bar.get_width() == pytest.approx(pixels)


def test_every_class_has_a_colour_of_its_own():
    assert set(CLASS_COLOURS) == {*range(1, len(CLASSES)), IGNORE}
    assert len(set(CLASS_COLOURS.values())) == len(CLASS_COLOURS)
