import numpy as np
import pytest

from cryoice.simulate.grid import LAYOUT, Grid, smooth_field


def test_a_marked_pixel_lies_at_its_position_on_the_grid():
    grid = Grid.around((256, 300), pixel_size=2.0)
    marked = np.zeros(grid.shape, dtype=np.float32)
    # row 10, column 200 of the micrograph lie at (20, 400) Å
    marked[np.argmin(np.abs(grid.axis(0) - 20)), np.argmin(np.abs(grid.axis(1) - 400))] = 1
    assert np.argwhere(grid.crop(marked)).tolist() == [[10, 200]]


@pytest.mark.parametrize(("pixel_size", "scale"), [(0.25, 3), (0.5, 1), (1.2, 1), (8.0, 1)])
def test_labels_have_the_micrograph_s_pixels(pixel_size, scale):
    grid = Grid.around((301, 256), pixel_size=pixel_size)
    assert grid.scale == scale
    mask = np.zeros(grid.shape, dtype=np.uint16)
    row, column = 60, 50  # of the wave's grid, from the micrograph's first pixel
    mask[row + grid.margin, column + grid.margin] = 3
    marked = np.argwhere(grid.labels(mask) == 3)
    np.testing.assert_allclose(marked.mean(axis=0), [row * scale, column * scale], atol=scale / 2)


def test_the_layout_covers_the_field_at_its_own_pixels():
    grid = Grid.around((1000, 1240), pixel_size=1.5)
    layout = grid.layout()
    assert layout.extent == grid.extent == (1500.0, 1860.0)
    assert layout.size == (188, 233)
    assert layout.pixel == LAYOUT


def test_a_window_holds_the_square_about_its_centre():
    grid = Grid.around((256, 256), pixel_size=2.0)
    rows, columns = grid.window(np.array([100.0, 200.0]), 30.0)
    assert grid.axis(0, rows)[[0, -1]].tolist() == [70.0, 130.0]
    assert grid.axis(1, columns)[[0, -1]].tolist() == [170.0, 230.0]


@pytest.mark.parametrize("scale", [20.0, 90.0, 400.0])
def test_a_smooth_field_is_the_same_on_every_grid(scale):
    fine = Grid.around((1024, 1280), pixel_size=1.0)
    coarse = Grid.around((128, 160), pixel_size=8.0)
    one, other = (smooth_field(grid, scale, np.random.default_rng(1)) for grid in (fine, coarse))
    np.testing.assert_allclose(fine.crop(one)[::8, ::8], coarse.crop(other), atol=0.06)


def test_a_window_of_a_smooth_field_is_a_part_of_it():
    grid = Grid.around((400, 500), pixel_size=2.0)
    window = grid.window(np.array([300.0, 420.0]), 150.0)
    whole = smooth_field(grid, 50.0, np.random.default_rng(2))
    np.testing.assert_allclose(
        smooth_field(grid, 50.0, np.random.default_rng(2), window), whole[window], atol=0.02
    )


def test_a_smooth_field_has_mean_zero_rms_one_and_bumps_of_the_set_width():
    grid = Grid.around((1024, 1024), pixel_size=2.0)
    field = smooth_field(grid, 30.0, np.random.default_rng(3)).astype(np.float64)
    assert field.mean() == pytest.approx(0.0, abs=0.1)
    assert field.std() == pytest.approx(1.0, abs=0.08)  # about 4600 bumps
    # bumps exp(-r²/2σ²) give a correlation exp(-r²/4σ²): exp(-1/4) at one σ = 15 px
    shifted = (field[15:] * field[:-15]).mean() / field.var()
    assert shifted == pytest.approx(np.exp(-0.25), abs=0.06)


def test_pixels_wider_than_the_bumps_average_them():
    # a pixel of 8 Å over bumps of σ = 8 Å keeps 1 / √(1 + 1/12) of the rms along each direction
    grid = Grid.around((256, 256), pixel_size=8.0)
    field = smooth_field(grid, 8.0, np.random.default_rng(4))
    assert field.std() == pytest.approx(1 / (1 + 1 / 12) ** 0.5, abs=0.02)
