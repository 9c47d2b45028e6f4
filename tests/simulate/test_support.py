import numpy as np
import pytest
from scene_of_tests import SCENE, level_film

from cryoice.simulate.edges import STRAIGHT, RaggedCircle, beyond_all, centre_covering
from cryoice.simulate.grains import grain_field
from cryoice.simulate.interpolation import coarse_grid
from cryoice.simulate.presets import load_preset
from cryoice.simulate.priors import parse
from cryoice.simulate.specimen import SUPPORT
from cryoice.simulate.support import SupportSettings, add_support

SMOOTH = {
    "gold": 0.0,
    "lattice": 0.0,
    "straight": 0.0,
    "thickness": [100.0, 100.0],
    "gold_thickness": [264.0, 264.0],
    "covered": [0.3, 0.3],
    "raggedness": [0.01, 0.01],
    "softness": [5.0, 5.0],
    "lip": [0.0, 0.0],
    "ice": [0.5, 0.5],
    "meniscus": [0.0, 0.0],
    "meniscus_width": [100.0, 100.0],
}


def supported(pixel_size=4.0, seed=0, **changes):
    specimen = level_film(pixel_size=pixel_size)
    settings = parse(SupportSettings, load_preset("default")["support"] | SMOOTH | changes, key="support")
    add_support(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(seed))
    return specimen


@pytest.mark.parametrize("pixel_size", [1.0, 8.0])
@pytest.mark.parametrize("radius", [1000.0, STRAIGHT])
def test_an_edge_lies_at_its_radius(pixel_size, radius):
    grid = level_film(pixel_size=pixel_size).grid
    # the circle crosses row 1024 Å at column 1200 Å
    hole = RaggedCircle.around(
        np.array([1024.0, 1200.0 - radius]), radius, ((0.0, 100.0),), np.random.default_rng(0)
    )
    beyond = np.zeros(grid.shape, dtype=np.float32)
    for window, distance in beyond_all([hole], grid, reach=100.0):
        beyond[window] = distance
    row = grid.crop(beyond)[round(1024 / pixel_size)]
    first = int(np.argmax(row > 0))
    assert first == round(1200 / pixel_size) + (0 if row[round(1200 / pixel_size)] > 0 else 1)
    assert row[round(1240 / pixel_size)] == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize("covered", [0.01, 0.2, 0.6])
@pytest.mark.parametrize("straight", [0.0, 1.0])
def test_the_support_covers_the_share_of_the_field_that_was_drawn(covered, straight):
    specimen = supported(8.0, covered=[covered, covered], straight=straight)
    assert np.mean(specimen.grid.labels(specimen.mask) == SUPPORT) == pytest.approx(covered, abs=0.006)


def test_a_small_hole_is_put_in_the_middle():
    centre = centre_covering((1000.0, 2000.0), radius=300.0, share=0.1, angle=1.0)
    np.testing.assert_allclose(centre, [500, 1000], atol=0.1)


def test_carbon_lies_where_the_mask_tells():
    specimen = supported()
    inside = specimen.mask == SUPPORT
    assert np.all((specimen.carbon > 50) == inside)  # half of it at the edge
    deep = specimen.carbon[inside]
    assert np.median(deep) == pytest.approx(100)
    assert deep.max() == pytest.approx(100)
    assert specimen.carbon.min() == 0
    assert np.median(specimen.ice[inside]) == pytest.approx(200)
    assert np.median(specimen.ice[~inside]) == pytest.approx(400)


def test_gold_lets_through_what_beer_and_lambert_say():
    specimen = supported(gold=1.0, grain_contrast=0.0)
    assert not specimen.carbon.any()
    inside = specimen.mask == SUPPORT
    # 264 Å at a free path of 0.033 · 4000 Å = 132 Å
    assert np.median(specimen.absorption[inside]) == pytest.approx(2.0, rel=1e-4)
    assert specimen.absorption[~inside].max() < 1.01


def test_grains_of_gold_differ_in_darkness_but_not_in_phase():
    specimen = supported(gold=1.0, grain_contrast=0.3)
    deep = specimen.absorption[(specimen.mask == SUPPORT) & (specimen.phase == specimen.phase.max())]
    assert 2 * 0.699 < deep.min() < 1.7
    assert 2.3 < deep.max() < 2 * 1.301


def test_grains_are_as_large_as_asked():
    grid = coarse_grid(level_film(pixel_size=8.0).grid, 8.0)
    field = grain_field(grid, 400.0, np.random.default_rng(0))
    grains = len(np.unique(field))
    assert (2048 / 400) ** 2 < grains < (2248 / 400 + 4) ** 2
    assert np.abs(field).max() <= 1


def test_a_lip_thickens_the_carbon_at_its_edge_and_a_meniscus_the_ice():
    specimen = supported(lip=[0.8, 0.8], lip_width=[200.0, 200.0], meniscus=[0.5, 0.5])
    assert specimen.carbon.max() == pytest.approx(180, rel=0.02)
    assert specimen.ice.max() == pytest.approx(600, rel=0.03)


def test_a_lattice_leaves_several_holes_open():
    specimen = supported(lattice=1.0, hole_radius=[500.0, 500.0], bar=[200.0, 200.0])
    open_share = np.mean(specimen.grid.labels(specimen.mask) != SUPPORT)
    # π 500² / 1200²
    assert open_share == pytest.approx(0.545, abs=0.08)
    assert specimen.parameters["support"]["holes"] >= 4


def test_raggedness_is_in_angstrom_rms():
    hole = RaggedCircle.around(np.zeros(2), 20000.0, ((3.0, 30.0), (4.0, 300.0)), np.random.default_rng(0))
    assert hole.bumps.std() == pytest.approx(5, rel=0.1)


@pytest.mark.parametrize("kind", [{}, {"gold": 1.0}, {"lattice": 1.0}, {"straight": 1.0}])
def test_both_samplings_show_the_same_support(kind):
    fine, coarse = supported(2.0, seed=3, **kind), supported(8.0, seed=3, **kind)
    classes = [specimen.grid.labels(specimen.mask) for specimen in (fine, coarse)]
    assert 0 < np.mean(classes[1] == SUPPORT) < 1
    assert np.mean(classes[0][::4, ::4] != classes[1]) < 0.002


def test_the_same_seed_gives_the_same_bytes():
    first, again = supported(seed=4, gold=0.5), supported(seed=4, gold=0.5)
    for name in ("ice", "carbon", "phase", "absorption", "mask"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
