"""Particles near an artifact are rejected, by a distance in Å from their centre or box."""

import numpy as np
import pytest

from cryoice.constants import IGNORE
from cryoice.mask.clean import judge_positions


def judged(positions, *, marks, side=(20, 25), factor=4, pixel_size=2.0, values=None, **options):
    """Judge against a mask of ``factor`` times fewer pixels that is clean but for ``marks``."""
    mask = np.zeros(side, dtype=np.uint16)
    score = np.zeros(side, dtype=np.float32)
    for index, mark in enumerate(marks):
        mask[mark] = 2 if values is None else values[index]
        score[mark] = 0.9
    shape = (side[0] * factor, side[1] * factor)
    return judge_positions(
        np.atleast_2d(np.asarray(positions, dtype=np.float64)),
        mask,
        score,
        micrograph_shape=shape,
        pixel_size=pixel_size,
        **options,
    )


@pytest.mark.parametrize(("row", "rejected"), [(40, True), (40 + 4 * 5 + 2, True), (40 + 4 * 5 + 3, False)])
def test_the_distance_is_counted_to_the_edge_of_the_mask_pixel(row, rejected):
    # mask pixel 10 is 8 Å wide and its centre lies at row 40; its edge 4 Å beyond: 42 px; 40 Å are 20 px
    found = judged([row, 44], marks=[(10, 11)], distance=40.0)
    assert found.reject.tolist() == [rejected]
    assert found.score[0] == (np.float32(0.9) if rejected else 0)


def test_distance_zero_asks_for_the_pixel_under_the_centre():
    found = judged([[40, 44], [40, 47], [46, 44]], marks=[(10, 11)], distance=0.0)
    assert found.reject.tolist() == [True, False, False]


def test_the_distance_is_a_circle_around_a_centre_and_a_rounded_square_around_a_box():
    # 24 Å away along both axes, less the pixel's half: 20 Å each, 28.3 Å on the diagonal
    diagonal = [40 + 12, 44 + 12]
    assert not judged(diagonal, marks=[(10, 11)], distance=28.0).reject[0]
    assert judged(diagonal, marks=[(10, 11)], distance=28.5).reject[0]
    assert judged(diagonal, marks=[(10, 11)], distance=0.0, box=np.array([40.0])).reject[0]
    assert not judged(diagonal, marks=[(10, 11)], distance=0.0, box=np.array([39.0])).reject[0]


def test_each_particle_has_its_own_box():
    found = judged([[40, 60], [40, 60]], marks=[(10, 11)], distance=0.0, box=np.array([20.0, 60.0]))
    assert found.reject.tolist() == [False, True]


@pytest.mark.parametrize("corner", [(0, 0), (0, 24), (19, 0), (19, 24)])
def test_artifacts_in_the_corners_are_seen_from_the_corners_alone(corner):
    ends = [[0, 0], [0, 99], [79, 0], [79, 99]]
    found = judged(ends, marks=[corner], distance=8.0)
    assert found.reject.tolist() == [(row // 4, column // 4) == corner for row, column in ends]


def test_a_position_off_the_micrograph_is_rejected_and_told():
    found = judged([[-1.1, 5], [80.1, 5], [5, 100.1], [80, 100]], marks=[], distance=50.0)
    assert found.reject.tolist() == [True, True, True, False]
    assert found.outside.tolist() == [True, True, True, False]
    assert np.isnan(found.score[:3]).all()


def test_pixels_without_data_are_no_artifact_but_no_place_for_a_particle():
    found = judged([[40, 44], [40, 56]], marks=[(10, 11)], values=[IGNORE], distance=40.0)
    assert found.reject.tolist() == [True, False]
    assert found.score.tolist() == [0.0, 0.0]


def test_only_the_wanted_classes_count():
    options = {"marks": [(10, 11)], "values": [3], "distance": 10.0}
    assert judged([40, 44], **options, classes=["support"]).reject[0]
    assert not judged([40, 44], **options, classes=["crystalline", "other"]).reject[0]


def test_no_particles_are_no_trouble():
    assert not len(judged(np.empty((0, 2)), marks=[], distance=10.0).reject)


def test_many_particles_are_judged_as_each_alone():
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 79, (5000, 2))
    marks = [(3, 4), (12, 20), (19, 1)]
    together = judged(positions, marks=marks, distance=30.0)
    for index in range(0, 5000, 500):
        alone = judged(positions[index], marks=marks, distance=30.0)
        assert alone.reject[0] == together.reject[index]
        assert alone.score[0] == together.score[index]
    truth = np.zeros(5000, dtype=bool)
    for row, column in marks:
        gap = np.maximum(np.abs(positions - (4 * row, 4 * column)) * 2.0 - 4.0, 0)
        truth |= np.hypot(*gap.T) <= 30.0
    assert (together.reject == truth).all()
