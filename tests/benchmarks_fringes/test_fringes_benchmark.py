import numpy as np
import pytest
from benchmarks.fringes.__main__ import judged
from benchmarks.fringes.inject import CELL, clean_cells, with_fringes
from benchmarks.labelled.data import LabelledMicrograph

from bright_blocks import brightness_model

PIXEL = 1.6
SIDE = 160  # px, a cell of 256 Å


def micrograph(*shape, label=None):
    array = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    label = np.zeros(shape, dtype=np.uint8) if label is None else label
    return LabelledMicrograph("source", "name", array, label, PIXEL, spectrum=True)


def test_cells_lie_in_clean_film_alone():
    label = np.zeros((500, 340), dtype=np.uint8)
    label[165, 10] = 2
    label[330, 330] = 255  # beyond the last whole cell
    corners = clean_cells(micrograph(500, 340, label=label))
    assert corners.tolist() == [[0, 0], [0, 160], [160, 160], [320, 0], [320, 160]]
    assert CELL / PIXEL == SIDE


def test_three_cosines_of_the_stated_amplitude_are_added_and_nothing_outside():
    clean = micrograph(480, 480)
    added = with_fringes(clean, np.array([[160.0, 160.0]]), np.random.default_rng(1)) - clean.array
    cell = slice(160, 320), slice(160, 320)
    inner = slice(180, 300), slice(180, 300)  # where nothing fades
    amplitude = 0.02 * np.sqrt(45 * PIXEL**2) * clean.array[cell].std()
    assert added[inner].var() == pytest.approx(3 * amplitude**2 / 2, rel=0.05)
    added[cell] = 0
    assert not added.any()


def test_injected_cells_get_more_evidence_and_probability_than_all_others():
    clean = micrograph(960, 960)
    corners = clean_cells(clean)
    chosen = np.isin(np.arange(36), (7, 16, 28))
    array = with_fringes(clean, corners[chosen], np.random.default_rng(2))
    injected = LabelledMicrograph("source", "name", array, clean.label, PIXEL, spectrum=True)
    found = judged(injected, corners, brightness_model())
    for name in ("evidence", "with"):
        assert found.scores[name][chosen].min() > found.scores[name][~chosen].max()
    assert found.flagged[chosen].sum() >= 2  # half of a cell or more is called crystalline
    assert not found.flagged[~chosen].any()
    np.testing.assert_allclose(found.scores["without"], found.scores["without"][0], atol=1e-6)
