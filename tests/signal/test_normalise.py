import numpy as np
import pytest

from cryoice.signal.normalise import clean_pixels, remove_plane, robust_location, standardise


def _noise(shape: tuple[int, int] = (96, 130)) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_the_robust_spread_of_a_normal_distribution_is_its_standard_deviation() -> None:
    middle, spread = robust_location(5 + 2 * _noise((300, 300)))
    assert middle == pytest.approx(5, abs=0.03)
    assert spread == pytest.approx(2, rel=0.02)


def test_missing_and_hot_pixels_are_tamed() -> None:
    micrograph = _noise()
    micrograph[3, 4], micrograph[5, 6], micrograph[7, 8] = np.nan, np.inf, 1e6
    cleaned = clean_pixels(micrograph, ~np.isfinite(micrograph))
    assert np.isfinite(cleaned).all()
    assert abs(cleaned[3, 4]) < 0.1
    assert cleaned[7, 8] == pytest.approx(12, rel=0.1)


def test_a_constant_micrograph_stays_constant() -> None:
    assert (clean_pixels(np.full((8, 8), 3, dtype=np.float32)) == 3).all()


def test_a_gradient_is_removed_and_a_dark_corner_does_not_tilt_it() -> None:
    noise = 0.1 * _noise((128, 160))
    rows, cols = np.mgrid[:128, :160].astype(np.float32)
    tilted = noise + 0.02 * rows - 0.01 * cols + 7
    tilted[:32, :32] -= 20
    flat = remove_plane(tilted.astype(np.float32))
    assert np.abs(flat[40:, 40:].mean()) < 0.02
    assert np.polyfit(np.arange(88), flat[40:, 40:].mean(axis=1), 1)[0] == pytest.approx(0, abs=5e-4)
    assert flat[:32, :32].mean() == pytest.approx(-20, abs=0.5)


@pytest.mark.parametrize("shape", [(20, 20), (33, 47)])
def test_planes_of_small_and_odd_micrographs_are_removed_too(shape: tuple[int, int]) -> None:
    rows, cols = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    assert np.abs(remove_plane(rows + 2 * cols)).max() < 1e-2


def test_standardised_micrographs_have_median_0_and_spread_1() -> None:
    middle, spread = robust_location(standardise(100 + 3 * _noise()))
    assert (middle, spread) == (pytest.approx(0, abs=1e-5), pytest.approx(1, rel=1e-4))
