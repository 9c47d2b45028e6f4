import numpy as np
import pytest

from cryoice.simulate.grid import Grid
from cryoice.simulate.particles import projected_points, softened, spaced
from cryoice.simulate.proteins import PROTEINS, protein_diameter, protein_points, random_rotation


@pytest.mark.parametrize("name", PROTEINS)
def test_a_protein_is_as_wide_as_it_says(name):
    points = protein_points(name)
    reach = 2 * np.linalg.norm(points, axis=1).max()
    assert reach == pytest.approx(protein_diameter(name), rel=0.15)
    np.testing.assert_allclose(points.mean(axis=0), 0.0, atol=1e-9)


def test_the_ring_has_sevenfold_symmetry_and_an_open_channel():
    points = protein_points("ring")
    angle = 2 * np.pi / 7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turned = points @ turn.T
    distances = [np.min(np.linalg.norm(points - point, axis=1)) for point in turned[::50]]
    np.testing.assert_allclose(distances, 0.0, atol=1e-6)
    assert np.hypot(points[:, 0], points[:, 1]).min() > 15


def test_rotations_are_proper():
    rotation = random_rotation(np.random.default_rng(0))
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_rotations_are_uniform():
    # the image of an axis is uniform on the sphere: mean 0, mean square 1/3 in each direction
    rng = np.random.default_rng(1)
    images = np.array([random_rotation(rng)[:, 0] for _ in range(4000)])
    np.testing.assert_allclose(images.mean(axis=0), 0.0, atol=0.04)
    np.testing.assert_allclose(np.square(images).mean(axis=0), 1 / 3, atol=0.02)


def test_a_projection_keeps_the_volume_and_the_centre():
    grid = Grid.around((256, 256), pixel_size=2.0)
    model, centre = protein_points("globular"), np.array([200.0, 310.0])
    volume = softened(grid, projected_points(grid, model, centre[None], np.random.default_rng(2)))
    assert volume.sum() * grid.pixel**2 == pytest.approx(200.0 * len(model), rel=1e-4)
    rows, columns = grid.axis(0), grid.axis(1)
    found = [volume.sum(axis=1) @ rows / volume.sum(), volume.sum(axis=0) @ columns / volume.sum()]
    np.testing.assert_allclose(found, centre, atol=0.05)


def test_spaced_positions_keep_their_distance():
    candidates = np.random.default_rng(3).uniform(0, 100, (500, 2))
    taken = np.array([[50.0, 50.0]])
    kept = np.concatenate([taken, spaced(candidates, 20, 12.0, taken=taken)])
    distance = np.linalg.norm(kept[:, None] - kept, axis=2) + 1e9 * np.eye(len(kept))
    assert len(kept) == 21
    assert distance.min() >= 12.0
