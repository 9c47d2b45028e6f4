import numpy as np
import pytest
from scene_of_tests import SCENE, level_film

from cryoice.simulate.beads import BeadSettings, add_bead, add_beads
from cryoice.simulate.presets import load_preset
from cryoice.simulate.priors import parse
from cryoice.simulate.specimen import OTHER

FREE_PATH = 0.033 * 4000.0
"""Å in gold."""


def with_beads(pixel_size=4.0, seed=0, **changes):
    specimen = level_film(pixel_size=pixel_size)
    settings = parse(BeadSettings, load_preset("default")["beads"] | changes, key="beads")
    add_beads(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(seed))
    return specimen


@pytest.mark.parametrize("pixel_size", [1.0, 8.0])
def test_a_bead_is_a_sphere_of_gold(pixel_size):
    specimen = level_film(pixel_size=pixel_size, extent=1024.0)
    add_bead(specimen, np.array([320.0, 480.0]), 80.0, scene=SCENE)
    thickness = specimen.grid.crop(specimen.absorption) * FREE_PATH
    for row, column in ((320, 480), (320, 528), (368, 448), (320, 544)):
        chord = 2 * np.sqrt(80.0**2 - (row - 320) ** 2 - (column - 480) ** 2)
        assert thickness[round(row / pixel_size), round(column / pixel_size)] == pytest.approx(
            chord, rel=1e-3
        )
    assert thickness[round(320 / pixel_size), round(568 / pixel_size)] == 0


def test_a_bead_is_marked_where_it_lies():
    specimen = level_film(pixel_size=2.0, extent=1024.0)
    add_bead(specimen, np.array([320.0, 480.0]), 80.0, scene=SCENE)
    np.testing.assert_array_equal(specimen.mask == OTHER, specimen.absorption > 0)
    assert (specimen.mask == OTHER).sum() * 4 == pytest.approx(np.pi * 80**2, rel=0.01)


def test_a_bead_over_the_edge_of_the_field_is_cut():
    specimen = level_film(pixel_size=4.0, extent=1024.0)
    add_bead(specimen, np.array([-150.0, 500.0]), 100.0, scene=SCENE)
    add_bead(specimen, np.array([5000.0, 500.0]), 100.0, scene=SCENE)
    assert 0 < (specimen.mask == OTHER).sum() * 16 < np.pi * 100**2


def test_beads_of_a_cluster_touch():
    specimen = with_beads(seed=2, clustered=1.0, number=[2, 2], diameter=[200.0, 200.0])
    rows, columns = np.nonzero(specimen.mask == OTHER)
    longest = max(np.ptp(rows), np.ptp(columns)) * 4
    # two touching spheres of 200 Å span 283 Å along an axis at least, 400 Å at most, ± 24 % of the radii
    assert 250 < longest < 500


def test_both_samplings_show_the_same_beads():
    fine, coarse = (with_beads(pixel_size, number=[6, 6]) for pixel_size in (2.0, 8.0))
    classes = [specimen.grid.labels(specimen.mask) for specimen in (fine, coarse)]
    assert (classes[1] == OTHER).any()
    assert np.mean(classes[0][::4, ::4] != classes[1]) < 0.001
    assert fine.parameters == coarse.parameters
