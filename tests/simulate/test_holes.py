import numpy as np
import pytest
from scene_of_tests import SCENE, level_film

from cryoice.simulate.holes import HoleSettings, add_holes
from cryoice.simulate.presets import load_preset
from cryoice.simulate.priors import parse
from cryoice.simulate.specimen import OTHER

TORN = {
    "bubbles": 0.0,
    "covered": [0.1, 0.1],
    "radius": [2000.0, 2000.0],
    "softness": [10.0, 10.0],
    "rim": [0.5, 0.5],
    "rim_width": [150.0, 150.0],
}


def torn(pixel_size=4.0, seed=0, **changes):
    specimen = level_film(pixel_size=pixel_size)
    specimen.phase += 1
    settings = parse(HoleSettings, load_preset("default")["holes"] | TORN | changes, key="holes")
    add_holes(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(seed))
    return specimen


def test_a_hole_holds_nothing_and_its_rim_is_thicker():
    specimen = torn()
    hole = specimen.mask == OTHER
    assert np.median(specimen.ice[hole]) == 0
    assert np.median(specimen.phase[hole]) == 0
    assert specimen.ice[~hole].min() > 200
    assert 550 < specimen.ice.max() <= 600
    assert np.median(specimen.ice[~hole]) == pytest.approx(400)


@pytest.mark.parametrize("covered", [0.05, 0.5])
def test_a_hole_over_the_edge_takes_its_share_of_the_field(covered):
    specimen = torn(8.0, covered=[covered, covered], inside=0.0)
    assert np.mean(specimen.grid.labels(specimen.mask) == OTHER) == pytest.approx(covered, abs=0.06)


def test_a_hole_within_the_field_has_its_area():
    areas = [np.mean(torn(8.0, seed, covered=[0.02, 0.02], inside=1.0).mask == OTHER) for seed in range(6)]
    # of a field of (2048 Å)² the grid holds (2248 Å)²; now and then a part lies outside
    assert max(areas) == pytest.approx(0.02 * (2048 / 2248) ** 2, rel=0.25)


def test_bubbles_take_spheres_out_of_the_film():
    specimen = torn(
        2.0, bubbles=1.0, bubble_number=[1, 1], bubble_radius=[100.0, 100.0], bubble_spread=[10.0, 10.0]
    )
    bubble = specimen.mask == OTHER
    assert bubble.sum() * 4 == pytest.approx(np.pi * 100**2, rel=0.02)
    assert specimen.ice.min() == pytest.approx(200, abs=1)
    # the volume of a sphere of 100 Å
    assert (400 - specimen.ice).sum() * 4 == pytest.approx(4 / 3 * np.pi * 100**3, rel=0.01)


@pytest.mark.parametrize("bubbles", [0.0, 1.0])
def test_both_samplings_show_the_same_holes(bubbles):
    fine, coarse = torn(2.0, bubbles=bubbles), torn(8.0, bubbles=bubbles)
    classes = [specimen.grid.labels(specimen.mask) for specimen in (fine, coarse)]
    assert 0 < np.mean(classes[1] == OTHER) < 0.5
    assert np.mean(classes[0][::4, ::4] != classes[1]) < 0.003
    assert fine.parameters == coarse.parameters
