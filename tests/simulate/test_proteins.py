import numpy as np
import pytest

from cryoice.simulate.assemblies import Helix, draw_paths, filament_axes, filament_views
from cryoice.simulate.grid import Grid
from cryoice.simulate.oligomers import arranged, rotations
from cryoice.simulate.proteins import MIXED, NAMES, draw_protein, find_protein, name_fault
from cryoice.simulate.views import FLIP_COLUMNS, FLIP_ROWS, TRANSPOSE, random_rotations

FIXED = [name for name in NAMES if name != MIXED]


def mixed(number):
    return [
        draw_protein(np.random.default_rng(seed), size=(80.0, 400.0), filaments=0.15)
        for seed in range(number)
    ]


@pytest.mark.parametrize("name", FIXED)
def test_a_protein_is_as_wide_as_it_says(name):
    protein = find_protein(name)
    reach = 2 * np.linalg.norm(protein.points, axis=1).max()
    assert reach == pytest.approx(protein.diameter, rel=0.15)
    np.testing.assert_allclose(protein.points.mean(axis=0), 0.0, atol=1e-9)


def has_turn(points, turn):
    turned = np.einsum("ij,kj->ki", turn, points)
    return max(np.min(np.linalg.norm(points - point, axis=1)) for point in turned[::50]) < 1e-6


def test_the_ring_has_sevenfold_symmetry_and_an_open_channel():
    points = find_protein("ring").points
    assert has_turn(points, rotations("C7")[1])
    assert not has_turn(points, rotations("C6")[1])
    assert np.hypot(points[:, 0], points[:, 1]).min() > 15


def test_the_shell_is_octahedral_and_hollow_as_apoferritin():
    points = find_protein("shell").points
    assert all(has_turn(points, turn) for turn in rotations("O"))
    across = 2 * np.linalg.norm(points, axis=1)
    np.testing.assert_allclose([across.min(), across.max()], [75, 122], rtol=0.04)


@pytest.mark.parametrize(
    ("symmetry", "order"), [("C1", 1), ("C5", 5), ("D3", 6), ("T", 12), ("O", 24), ("I", 60)]
)
def test_a_symmetry_has_its_number_of_rotations_and_leaves_its_points_alone(symmetry, order):
    turns = rotations(symmetry)
    assert turns.shape == (order, 3, 3)
    np.testing.assert_allclose(np.linalg.det(turns), 1.0)
    points = arranged(np.random.default_rng(0).normal(size=(5, 3)), symmetry)
    assert len(points) == 5 * order
    assert all(has_turn(points, turn) for turn in turns)


def test_mixed_proteins_are_80_to_400_å_long_and_all_different():
    oligomers = [protein for protein in mixed(60) if not protein.helix]
    reach = [2 * np.linalg.norm(protein.points, axis=1).max() for protein in oligomers]
    np.testing.assert_allclose(reach, [protein.diameter for protein in oligomers])
    assert 80 <= min(reach) < 100
    assert 300 < max(reach) <= 400
    assert len({len(protein.points) for protein in oligomers}) > 0.9 * len(oligomers)
    assert max(len(protein.points) for protein in oligomers) < 20200
    volume = [protein.point_volume for protein in oligomers]
    assert min(volume) > 100
    assert np.median(volume) < 300
    assert max(volume) < 2000


def test_a_mixed_protein_comes_from_its_random_numbers_alone():
    first, again = mixed(1)[0], mixed(1)[0]
    np.testing.assert_array_equal(first.points, again.points)
    assert first.diameter == again.diameter


def test_some_mixed_proteins_are_filaments_as_wide_as_they_say():
    filaments = [protein for protein in mixed(60) if protein.helix]
    assert 3 <= len(filaments) <= 18
    for protein in filaments:
        across = 2 * np.hypot(protein.points[:, 0], protein.points[:, 1]).max()
        assert across == pytest.approx(protein.diameter, rel=0.05)


def test_an_unknown_protein_is_named():
    assert name_fault(MIXED) is None
    assert "mixed" in name_fault("insulin")


def test_rotations_are_proper_and_uniform():
    turns = random_rotations(np.random.default_rng(1), 4000)
    np.testing.assert_allclose(np.einsum("nij,nkj->nik", turns, turns)[0], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(turns), 1.0)
    # the image of an axis is uniform on the sphere: mean 0, mean square 1/3 in each direction
    np.testing.assert_allclose(turns[:, :, 0].mean(axis=0), 0.0, atol=0.04)
    np.testing.assert_allclose(np.square(turns[:, :, 0]).mean(axis=0), 1 / 3, atol=0.02)


def test_repeats_of_a_filament_lie_at_the_helical_rise():
    grid = Grid.around((512, 512), pixel_size=8.0)
    paths = draw_paths(grid, Helix(rise=50.0, twist=30.0), 80.0, coverage=0.2, rng=np.random.default_rng(4))
    steps = np.linalg.norm(np.diff(paths, axis=0), axis=1)
    along = steps < 75
    assert 0 < (~along).sum() < 0.2 * len(steps)  # from one filament to the next
    np.testing.assert_allclose(steps[along], 50.0)
    assert len(paths) * 50 * 80 == pytest.approx(0.2 * (4096 + 200) ** 2, rel=0.1)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 80.0, 130.0, 200.0, 300.0])
def test_repeats_are_seen_along_their_filament_turned_by_the_twist(degrees):
    direction = np.array([np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))])
    views, symmetries = filament_views(Helix(rise=10.0, twist=30.0), 10.0 * np.arange(4)[:, None] * direction)
    seen = filament_axes()[views[0], :, 2]  # where z goes
    assert np.all(symmetries == symmetries[0])
    seen = seen[::-1] if symmetries[0] & TRANSPOSE else seen
    seen = seen * [-1 if symmetries[0] & FLIP_ROWS else 1, -1 if symmetries[0] & FLIP_COLUMNS else 1]
    assert seen @ direction > np.cos(np.deg2rad(2.6))  # directions are 5° apart
    np.testing.assert_array_equal((views - views[0]), [0, 1, 2, 3])  # turns are 30° apart
