import math
from functools import cache

import numpy as np
import pytest
import torch
from jaxtyping import Float32
from scipy import fft

from cryoice.signal.ice_evidence import ice_band
from cryoice.signal.ice_map import THRESHOLD, IceMap, measure_ice
from cryoice.signal.ice_windows import ice_windows, window_side, window_starts

PIXEL = 1.6
SIDE = 160  # px, a window of 256 Å


def noise(*shape: int, seed: int = 0) -> Float32[np.ndarray, "h w"]:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def shaped(rows: int, columns: int, power: object, *, seed: int = 0) -> Float32[np.ndarray, "h w"]:
    """White noise times the root of ``power``, a function of the frequency in 1/Å."""
    radius = np.hypot(np.fft.fftfreq(rows, PIXEL)[:, None], np.fft.rfftfreq(columns, PIXEL))
    transform = fft.rfft2(noise(rows, columns, seed=seed)) * np.sqrt(power(radius))  # type: ignore[operator]
    return np.asarray(fft.irfft2(transform, (rows, columns)), dtype=np.float32)


def fringes(*shape: int, waves: tuple[int, int] = (40, 57)) -> Float32[np.ndarray, "h w"]:
    """Fringes with whole ``waves`` in a window, so that one bin of its spectrum holds their peak: 3.68 Å."""
    row, column = np.mgrid[: shape[0], : shape[1]] / SIDE
    return np.cos(2 * np.pi * (waves[0] * row + waves[1] * column)).astype(np.float32)


def map_of(level: Float32[np.ndarray, "h w"], pixel_size: float = PIXEL) -> IceMap:
    measured = measure_ice(level, pixel_size=pixel_size).map
    assert measured is not None
    return measured


@cache
def noise_map() -> IceMap:
    return map_of(noise(2000, 2001))


def test_noise_exceeds_a_value_with_the_chance_the_value_names() -> None:
    values = noise_map().values
    assert values.shape == (24, 25)
    assert values.min() == 0
    assert 0.15 < values.mean() < 0.35
    assert (values > 1).mean() <= 0.1
    assert values.max() < THRESHOLD


def test_the_parts_of_noise_have_the_documented_mean_and_spread() -> None:
    measured = noise_map()
    windows = ice_windows(noise(SIDE, SIDE), pixel_size=PIXEL)
    assert windows is not None
    expected = math.log(int(ice_band(windows).sum())) + 0.58  # of the largest of n exponential powers
    assert measured.spot.mean() == pytest.approx(expected, abs=0.3)
    assert measured.spot.std() == pytest.approx(math.pi / math.sqrt(6), abs=0.15)
    assert measured.ring.mean() == pytest.approx(0.4, abs=0.25)
    assert measured.ring.std() == pytest.approx(0.9, abs=0.15)


@pytest.mark.parametrize("contrast", [0.15, 0.3])
def test_a_spot_grows_with_the_square_of_contrast_and_window(contrast: float) -> None:
    measured = map_of(noise(801, 640) + contrast * fringes(801, 640))
    expected = 1 + contrast**2 * SIDE**2 / 9
    assert measured.spot.mean() == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("shape", [(1200, 1199), (1201, 1120)])
def test_a_crystal_lights_the_windows_that_see_it_and_no_others(shape: tuple[int, int]) -> None:
    level, top, left, size = noise(*shape), 480, 640, 240
    crystal = slice(top, top + size), slice(left, left + size)
    level[crystal] += 0.5 * fringes(*shape)[crystal]
    measured = map_of(level)
    centres = [
        (origin + step * np.arange(count)) / PIXEL
        for origin, step, count in zip(
            measured.origin, measured.pixel_size, measured.values.shape, strict=True
        )
    ]
    beyond = [
        np.abs(centre - (first + size / 2)) - size / 2
        for centre, first in zip(centres, (top, left), strict=True)
    ]
    depth = -np.maximum(*np.meshgrid(*beyond, indexing="ij"))
    lit = measured.values > THRESHOLD
    assert lit[depth > SIDE / 8].all()
    assert not lit[depth < -SIDE / 8].any()  # they hold less than half of the fringes' amplitude
    assert (depth > SIDE / 8).sum() >= 4
    assert (depth < -SIDE / 8).sum() > 100


def test_a_weak_crystal_beside_a_strong_one_of_other_spots_stays() -> None:
    level = noise(960, 1280)
    level[:, :640] += 0.5 * fringes(960, 640)
    level[:, 640:] += 0.15 * fringes(960, 640, waves=(57, 40))
    lit = map_of(level).values > THRESHOLD
    assert np.delete(lit, 7, axis=1).all()  # all but the column of windows that both halve
    assert lit.shape == (11, 15)


def test_a_small_crystal_lies_at_the_brightest_cell_in_angstrom() -> None:
    level = noise(1120, 1280)
    row, column = 720, 480  # px, centres of window 8 of 13 rows and 5 of 15 columns
    part = slice(row - 50, row + 50), slice(column - 50, column + 50)
    level[part] += 0.8 * fringes(1120, 1280)[part]
    measured = map_of(level)
    brightest = np.array(np.unravel_index(measured.spot.argmax(), measured.spot.shape))
    place = np.array(measured.origin) + brightest * measured.pixel_size
    np.testing.assert_allclose(place, [(row - 0.5) * PIXEL, (column - 0.5) * PIXEL], atol=1e-6)


def test_weak_fringes_that_neighbours_share_are_seen() -> None:
    measured = map_of(noise(1040, 1040) + 0.052 * fringes(1040, 1040))
    inner = slice(1, -1), slice(1, -1)  # windows with eight neighbours
    assert (measured.values[inner] > THRESHOLD).mean() > 0.9
    assert (measured.spot > 20).mean() < 0.2  # single windows do not tell: p = n exp(-20) = 3e-6


def test_a_thin_powder_ring_lights_ring() -> None:
    def power(radius: np.ndarray) -> np.ndarray:
        return 1 + 0.6 * np.exp(-4 * math.log(2) * ((radius - 1 / 3.669) / 0.012) ** 2)

    measured = map_of(shaped(1200, 1201, power))
    assert measured.ring[1:-1, 1:-1].min() > 4  # windows with eight neighbours
    assert (measured.values > THRESHOLD).mean() > 0.9


@pytest.mark.parametrize("height", [0.1, 0.3])
def test_vitreous_ice_lights_nothing(height: float) -> None:
    def power(radius: np.ndarray) -> np.ndarray:
        return 1 + height * np.exp(-4 * math.log(2) * ((radius - 1 / 3.75) / 0.07) ** 2)

    values = map_of(shaped(1600, 1601, power)).values
    assert (values > 1).mean() <= 0.12
    assert values.max() < THRESHOLD


@pytest.mark.parametrize("spacing", [0.008, 0.016, 0.024])
def test_thon_rings_light_nothing(spacing: float) -> None:
    def power(radius: np.ndarray) -> np.ndarray:
        return 1 + 0.2 * np.cos(2 * np.pi * (radius - 1 / 3.669) / spacing)  # a maximum on ice's ring

    values = map_of(shaped(1200, 1201, power)).values
    assert values.max() < THRESHOLD


def test_lines_of_the_detector_light_nothing() -> None:
    level = noise(1000, 1001)
    level += 0.5 * fringes(1000, 1001, waves=(0, 69))
    level += 0.5 * fringes(1000, 1001, waves=(69, 0))
    level += np.random.default_rng(1).standard_normal((1, 1001), dtype=np.float32)
    assert map_of(level).values.max() < THRESHOLD


def test_steep_falling_spectra_light_nothing() -> None:
    def power(radius: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(-4 * np.square(np.pi * 2.5 * radius)))  # a Gaussian blur, σ 2.5 Å

    assert map_of(shaped(1200, 1201, power)).values.max() < THRESHOLD


def test_a_micrograph_with_spots_at_all_frequencies_is_not_trusted() -> None:
    transform = fft.rfft2(noise(1600, 1601))
    transform *= 80 * (np.random.default_rng(1).random(transform.shape) < 0.0004)  # as denoisers leave
    level = np.asarray(fft.irfft2(transform, (1600, 1601)), dtype=np.float32) + noise(1600, 1601, seed=2)
    measured = map_of(level)
    assert (measured.spot > 30).mean() > 0.9  # p = 1e-10 each, were it noise
    assert (measured.values > THRESHOLD).mean() < 0.01


def test_windows_without_data_hold_no_ice() -> None:
    level = noise(1000, 1001)
    level[:500] = 0.0
    measured = map_of(level)
    assert np.isfinite(measured.values).all()
    assert (measured.values[:4] == 0).all()
    assert measured.values.max() < THRESHOLD


def test_scale_and_level_do_not_matter() -> None:
    level = noise(640, 641)
    level[:320] += 0.3 * fringes(320, 641)
    np.testing.assert_allclose(map_of(level).values, map_of(37.0 * level - 5.0).values, atol=0.05)


def test_a_micrograph_without_the_band_has_no_map() -> None:
    coarse = measure_ice(noise(600, 600), pixel_size=1.75)
    assert coarse.map is None
    assert coarse.iciness == pytest.approx(1.0, abs=0.05)  # its band ends at 3.5 Å = Nyquist
    assert not math.isnan(coarse.ring_density)
    nothing = measure_ice(noise(600, 600), pixel_size=2.0)
    assert nothing.map is None
    assert math.isnan(nothing.iciness)
    assert math.isnan(nothing.ring_density)


@pytest.mark.parametrize("level", [np.zeros((400, 400), np.float32), noise(150, 400)])
def test_empty_or_tiny_micrographs_measure_nothing(level: Float32[np.ndarray, "h w"]) -> None:
    measured = measure_ice(level, pixel_size=PIXEL)
    assert measured.map is None
    assert math.isnan(measured.iciness)
    assert math.isnan(measured.ring_density)


@pytest.mark.parametrize("pixel_size", [0.43, 0.66655, 0.83, 1.0, 1.72])
def test_a_window_is_even_and_256_angstrom_or_little_more(pixel_size: float) -> None:
    side = window_side(pixel_size)
    assert side % 2 == 0
    assert 256 <= side * pixel_size < 256 * 1.05


@pytest.mark.parametrize(("length", "side"), [(160, 160), (161, 160), (399, 160), (400, 160), (1201, 160)])
def test_windows_cover_a_side_and_half_overlap(length: int, side: int) -> None:
    starts = window_starts(length, side)
    assert starts[0] == 0
    assert starts[-1] == length - side
    assert max(np.diff(starts), default=0) <= side // 2


def test_the_whole_plane_is_that_of_a_full_transform() -> None:
    level = noise(SIDE, SIDE)
    windows = ice_windows(level, pixel_size=PIXEL)
    assert windows is not None
    taper = np.square(np.sin(np.pi * (np.arange(SIDE) + 0.5) / SIDE))
    whole = np.outer(taper, taper)
    power = np.abs(np.fft.fft2((level - level.mean()) * whole)) ** 2 / np.square(whole).sum()
    torch.testing.assert_close(
        windows.whole_plane(), torch.from_numpy(np.fft.fftshift(power)).float(), rtol=1e-3, atol=1e-4
    )
