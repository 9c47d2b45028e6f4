import numpy as np
import pytest

from cryoice.simulate.blobs import FACETED, Blob, draw_blob, draw_shape
from cryoice.simulate.grid import Grid
from cryoice.simulate.outlines import wavy_radius
from cryoice.simulate.solids import STEEPEST, Drop, Polyhedron

FINE = Grid.around((512, 512), pixel_size=1.0)
COARSE = Grid.around((64, 64), pixel_size=8.0)
CENTRE = np.array([252.0, 260.0])
ALL = ("sphere", "cap", "oval", "chain", "cluster", "plate", "prism", "block", "intergrown")
AXIS = np.arange(-150.0, 151.0, dtype=np.float32)


def on_grid(blob, grid):
    whole = np.zeros(grid.shape, dtype=np.float32)
    window, thickness = blob.thickness(grid)
    whole[window] = thickness
    return whole


def test_a_sphere_is_as_thick_as_its_chords():
    sphere = Drop(np.array([10.0, -20.0]), axes=(100.0, 100.0), angle=0.0, relief=100.0)
    rows, columns = (np.array(values, dtype=np.float32) for values in ([10, 46, 120], [-20, 28]))
    # 0, 36 and 110 Å off along the rows, 0 and 48 along the columns: 36 and 48 make 60, 2√(100² - d²)
    expected = [[200, 2 * np.sqrt(7696)], [2 * np.sqrt(8704), 160], [0, 0]]
    np.testing.assert_allclose(sphere.thickness(rows, columns), expected, atol=0.05)


@pytest.mark.parametrize(
    ("cover", "middle", "reach"), [(2.0, 200.0, 100.0), (1.0, 100.0, 100.0), (0.4, 40.0, 80.0)]
)
def test_a_cap_is_as_high_as_it_covers_and_ends_at_its_contact_line(cover, middle, reach):
    cap = Drop(np.zeros(2), axes=(100.0, 100.0), angle=0.0, relief=100.0, cover=cover)
    # the cap of height 0.4 R meets the film at R √(1 - 0.6²) = 80 Å
    along = cap.thickness(np.zeros(1, dtype=np.float32), AXIS)[0]
    assert cap.height == pytest.approx(middle)
    assert along[150] == pytest.approx(middle, rel=1e-5)
    assert cap.reach == pytest.approx(reach)
    assert np.abs(AXIS[along > 0]).max() == pytest.approx(reach, abs=1.0)


def test_an_oval_is_long_along_its_first_axis():
    oval = Drop(np.zeros(2), axes=(100.0, 40.0), angle=np.pi / 2, relief=50.0)
    thickness = oval.thickness(AXIS, AXIS) > 0
    # turned by 90°, its first axis lies along the columns
    assert np.abs(AXIS[thickness.any(axis=0)]).max() == pytest.approx(100, abs=1)
    assert np.abs(AXIS[thickness.any(axis=1)]).max() == pytest.approx(40, abs=1)


def test_the_facets_of_a_crystal_slope_as_their_normals_say():
    # a roof: two faces at 45° about the ridge on column 0, a floor 20 Å below the centre
    root = np.sqrt(0.5)
    normals = np.array([[0, root, root], [0, -root, root], [0, 0, -1.0]])
    roof = Polyhedron(
        np.zeros(2), normals=normals, distances=np.array([60 * root, 60 * root, 20]), reach=80.0
    )
    along = roof.thickness(np.zeros(1, dtype=np.float32), AXIS)[0]
    np.testing.assert_allclose(along, np.maximum(80 - np.abs(AXIS), 0), atol=1e-3)
    assert roof.height == pytest.approx(80)


def test_an_upright_face_rises_over_a_twentieth_of_its_height():
    normals = np.concatenate([np.eye(3), -np.eye(3)])
    cube = Polyhedron(np.zeros(2), normals=normals, distances=np.full(6, 50.0), reach=90.0)
    along = cube.thickness(np.zeros(1, dtype=np.float32), AXIS)[0]
    assert along[np.abs(AXIS) < 47].min() == pytest.approx(100)
    assert not along[np.abs(AXIS) > 50 + 50 / STEEPEST].any()


@pytest.mark.parametrize("shape", ALL)
@pytest.mark.parametrize("seed", range(4))
def test_a_blob_is_as_large_as_asked_and_the_same_at_two_samplings(shape, seed):
    size = 300.0
    blob = draw_blob(shape, CENTRE, size, np.random.default_rng(seed))
    fine, coarse = on_grid(blob, FINE), on_grid(blob, COARSE)
    y, x = np.meshgrid(FINE.axis(0) - CENTRE[0], FINE.axis(1) - CENTRE[1], indexing="ij")
    farthest = np.hypot(y, x)[fine > 0].max()
    assert 0.6 * size / 2 < farthest <= size / 2 + 8  # steep sides run out a little
    # the pixel of 8 Å whose centre is 8 k stands for 8 k - 4 ... 8 k + 4
    start = FINE.margin - 4
    blocks = fine[start : start + 512, start : start + 512].reshape(64, 8, 64, 8).mean(axis=(1, 3))
    inner = coarse[COARSE.margin : COARSE.margin + 64, COARSE.margin : COARSE.margin + 64]
    assert np.corrcoef(blocks.ravel(), inner.ravel())[0, 1] > 0.98
    for grid, thickness in ((FINE, fine), (COARSE, coarse)):
        mass = thickness / thickness.sum()
        middle = mass.sum(axis=1) @ grid.axis(0), mass.sum(axis=0) @ grid.axis(1)
        np.testing.assert_allclose(middle, CENTRE, atol=0.12 * size)


@pytest.mark.parametrize("grid", [FINE, COARSE])
def test_a_ball_lies_centred_where_it_was_put(grid):
    centre = np.array([200.0, 331.0])
    thickness = on_grid(Blob((Drop(centre, axes=(90.0, 90.0), angle=0.0, relief=90.0),)), grid)
    mass = thickness / thickness.sum(dtype=np.float64)
    middle = mass.sum(axis=1) @ grid.axis(0), mass.sum(axis=0) @ grid.axis(1)
    np.testing.assert_allclose(middle, centre, atol=0.1 * grid.pixel)


def test_a_window_holds_all_of_a_blob():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        blob = draw_blob(draw_shape(rng), CENTRE, 250.0, rng)
        _, thickness = blob.thickness(FINE)
        edge = np.concatenate([thickness[0], thickness[-1], thickness[:, 0], thickness[:, -1]])
        assert not edge.any()


def test_drops_of_a_chain_grow_together_and_those_of_a_heap_lie_over_each_other():
    chain = draw_blob("chain", CENTRE, 300.0, np.random.default_rng(1))
    heap = draw_blob("cluster", CENTRE, 300.0, np.random.default_rng(1))
    assert 2 <= len(chain.solids) <= 6
    assert chain.thickness(FINE)[1].max() <= chain.height * (1 + 1e-6)
    assert heap.thickness(FINE)[1].max() > 1.2 * heap.height


def test_a_blob_beyond_the_grid_is_empty():
    blob = draw_blob("sphere", np.array([-900.0, 0.0]), 200.0, np.random.default_rng(0))
    assert blob.thickness(FINE)[1].size == 0


def test_every_shape_is_drawn_and_round_ones_most_often():
    rng = np.random.default_rng(0)
    drawn = [draw_shape(rng) for _ in range(600)]
    assert set(drawn) == set(ALL)
    assert sum(shape in FACETED for shape in drawn) < 0.4 * len(drawn)


def test_an_outline_without_waves_is_a_circle():
    window = FINE.window(CENTRE, 120.0)
    share = wavy_radius(FINE, window, CENTRE, radius=100.0, waviness=0.0, rng=np.random.default_rng(0))
    y, x = FINE.axis(0, window[0]) - CENTRE[0], FINE.axis(1, window[1]) - CENTRE[1]
    np.testing.assert_allclose(share, np.hypot(y[:, None], x) / 100, rtol=1e-5)
