import numpy as np
import pytest

from cryoice.signal.patches import extract_patch, fits


@pytest.mark.parametrize("side", [8, 9])
@pytest.mark.parametrize("position", [(10, 15), (5, 30)])
def test_the_marked_pixel_lies_at_the_middle_of_its_patch(side: int, position: tuple[int, int]) -> None:
    micrograph = np.zeros((24, 40), dtype=np.float32)
    micrograph[position] = 1.0
    patch = extract_patch(micrograph, position, side=side)
    assert patch.shape == (side, side)
    assert np.argwhere(patch == 1).tolist() == [[side // 2, side // 2]]


@pytest.mark.parametrize("side", [8, 9])
def test_interpolation_samples_a_plane_exactly(side: int) -> None:
    rows, cols = np.mgrid[:40, :50].astype(np.float32)
    patch = extract_patch(2 * rows + 3 * cols, (20.25, 24.5), side=side, scale=0.25)
    y, x = (np.arange(side) - side // 2) * 0.25, (np.arange(side) - side // 2) * 0.25
    assert np.allclose(patch, 2 * (20.25 + y)[:, None] + 3 * (24.5 + x)[None, :], atol=1e-3)


def test_a_patch_that_leaves_the_micrograph_is_refused() -> None:
    micrograph = np.zeros((16, 16), dtype=np.float32)
    for position in [(3, 8), (8, 13), (-1, 8)]:
        with pytest.raises(IndexError, match="leaves the micrograph"):
            extract_patch(micrograph, position, side=8)
    with pytest.raises(IndexError, match="leaves the micrograph"):
        extract_patch(micrograph, (0.5, 8), side=8, scale=0.5)


def test_positions_fit_when_their_square_lies_inside() -> None:
    positions = np.array([[4.0, 4.0], [3.9, 8.0], [12.0, 16.0], [12.1, 8.0], [np.nan, 8.0]])
    assert fits(positions, (16, 20), half=4).tolist() == [True, False, True, False, False]
