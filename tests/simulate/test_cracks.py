import numpy as np
import pytest
from scene_of_tests import SCENE, level_film

from cryoice.simulate.cracks import CrackSettings, add_cracks
from cryoice.simulate.presets import load_preset
from cryoice.simulate.priors import parse
from cryoice.simulate.specimen import OTHER
from cryoice.simulate.strokes import Stroke, beyond_strokes, jagged

ONE = {
    "folds": 0.0,
    "number": [1, 1],
    "branches": [2, 2],
    "length": [1500.0, 1500.0],
    "width": [150.0, 150.0],
    "fold_width": [100.0, 100.0],
    "rim": [0.8, 0.8],
    "rim_width": [60.0, 60.0],
}


def cracked(pixel_size=4.0, seed=1, **changes):
    specimen = level_film(pixel_size=pixel_size)
    settings = parse(CrackSettings, load_preset("default")["cracks"] | ONE | changes, key="cracks")
    add_cracks(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(seed))
    return specimen


@pytest.mark.parametrize("pixel_size", [1.0, 8.0])
def test_the_distance_from_a_stroke_is_that_from_its_line_less_its_half_width(pixel_size):
    grid = level_film(pixel_size=pixel_size).grid
    # along row 800 Å, its half width from 40 to 80 Å
    stroke = Stroke(np.array([[800.0, 400.0], [800.0, 1200.0]]), np.array([40.0, 80.0]))
    pixels, distance = beyond_strokes(grid, [stroke], 100.0)
    beyond = np.full(grid.shape, np.inf)
    beyond[pixels] = distance
    row, column = (round(place / pixel_size) + grid.margin for place in (880.0, 800.0))
    assert beyond[row, column] == pytest.approx(80 - 60, abs=0.01)
    assert beyond[round(800 / pixel_size) + grid.margin, column] == pytest.approx(-60, abs=0.01)
    assert distance.max() < 100


def test_a_jagged_line_starts_and_ends_where_it_should():
    stroke = jagged(np.zeros(2), np.pi / 2, length=1000.0, width=50.0, rng=np.random.default_rng(0))
    np.testing.assert_allclose(stroke.points[[0, -1]], [[0, 0], [1000, 0]], atol=1e-9)
    assert np.ptp(stroke.points[:, 1]) > 10
    assert 15 < 2 * stroke.half_widths.max() <= 50


def test_a_crack_holds_no_ice_and_its_rim_more():
    specimen = cracked()
    assert specimen.ice.min() == 0
    assert 1.5 * 400 < specimen.ice.max() <= 1.8 * 400
    assert np.all(specimen.mask[specimen.ice < 200] == OTHER)
    assert np.all(specimen.ice[specimen.mask != OTHER] > 390)
    assert 0.003 < np.mean(specimen.mask == OTHER) < 0.2


def test_a_crack_takes_all_that_lay_there():
    specimen = level_film(pixel_size=4.0)
    specimen.phase += 1
    specimen.absorption += 1
    specimen.carbon += 50
    settings = parse(CrackSettings, load_preset("default")["cracks"] | ONE, key="cracks")
    add_cracks(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(1))
    empty = specimen.ice == 0
    assert empty.any()
    for part in (specimen.phase, specimen.absorption, specimen.carbon):
        assert not part[empty].any()


def test_a_fold_doubles_the_film():
    specimen = cracked(folds=1.0, rim=[0.0, 0.0])
    assert specimen.ice.max() == pytest.approx(800)
    assert specimen.ice.min() == 400
    assert np.all((specimen.ice > 600) == (specimen.mask == OTHER))


def test_both_samplings_show_the_same_cracks():
    fine, coarse = cracked(2.0, number=[2, 2], folds=0.5), cracked(8.0, number=[2, 2], folds=0.5)
    classes = [specimen.grid.labels(specimen.mask) for specimen in (fine, coarse)]
    assert np.mean(classes[0][::4, ::4] != classes[1]) < 0.002
    assert fine.parameters == coarse.parameters


def test_a_crack_beside_the_field_leaves_it_whole():
    pixels, distance = beyond_strokes(
        level_film(pixel_size=8.0).grid, [Stroke(np.array([[-900.0, 0], [-900, 900]]), np.ones(2))], 100.0
    )
    assert len(distance) == len(pixels[0]) == 0
