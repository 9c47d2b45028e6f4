from dataclasses import fields

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.simulate.camera_faults import (
    beam_edge,
    dead_lines,
    gain_stripes,
    hot_pixels,
    middle_line,
    vignette,
)
from cryoice.simulate.nuisances import NuisanceSettings, spoil
from cryoice.simulate.presets import load_preset
from cryoice.simulate.priors import parse
from cryoice.simulate.processing import (
    band_edges,
    clip,
    compress,
    flatten_background,
    low_pass,
    quantise,
    rescale,
)

PRESET = load_preset("default")["nuisances"]
NAMES = [item.name for item in fields(NuisanceSettings) if item.name not in ("share", "pixel_size_missing")]


def counts(shape=(96, 128), seed=0):
    return np.random.default_rng(seed).poisson(40.0, shape).astype(np.float32)


def flat(shape=(96, 128)):
    return np.full(shape, 40.0, dtype=np.float32)


def do(fault, array, strength, *, seed=0, pixel_size=1.0):
    return fault(array.copy(), strength, pixel_size=pixel_size, rng=np.random.default_rng(seed))


def settings(*, share=1.0, missing=0.0, **strengths):
    """Only the named nuisances, always, at one strength each."""
    chosen = {
        name: {"share": 0.0, "strength": PRESET[name]["strength"]} for name in NAMES if name != "invert"
    }
    chosen |= {name: {"share": 1.0, "strength": [x, x]} for name, x in strengths.items() if name != "invert"}
    rest = {"invert": strengths.get("invert", 0.0), "pixel_size_missing": missing, "share": share}
    return parse(NuisanceSettings, chosen | rest, key="nuisances")


def spoilt(array, seed=0, pixel_size=1.0, **chosen):
    array, _, done = spoil(
        array.copy(), settings=settings(**chosen), pixel_size=pixel_size, rng=np.random.default_rng(seed)
    )
    return array, done


def test_pixels_of_which_nothing_is_left_are_told():
    rest = {"pixel_size": 1.0, "rng": np.random.default_rng(3)}
    array, lost, _ = spoil(counts(), settings=settings(edge_bands=8.0), **rest)
    np.testing.assert_array_equal(lost, array != counts())
    assert 0 < lost.mean() < 0.5
    assert not spoil(counts(), settings=settings(hot_pixels=1e-3), **rest)[1].any()


def test_without_a_share_the_array_is_untouched():
    everything = parse(NuisanceSettings, PRESET | {"share": 0.0}, key="nuisances")
    array, lost, done = spoil(counts(), settings=everything, pixel_size=1.0, rng=np.random.default_rng(0))
    assert array.tobytes() == counts().tobytes()
    assert not lost.any()
    assert done == {"nuisances": {}, "pixel_size_known": True}


def test_nothing_chosen_leaves_the_array_untouched():
    array, done = spoilt(counts())
    assert array.tobytes() == counts().tobytes()
    assert done["nuisances"] == {}


@pytest.mark.parametrize("seed", range(3))
def test_what_a_micrograph_has_does_not_depend_on_its_size_or_pixels(seed):
    everything = parse(NuisanceSettings, PRESET | {"share": 1.0}, key="nuisances")
    done = [
        spoil(counts(shape), settings=everything, pixel_size=pixel, rng=np.random.default_rng(seed))[2]
        for shape, pixel in (((96, 128), 8.0), ((200, 64), 1.0))
    ]
    assert done[0] == done[1]


def test_everything_at_once_stays_finite_and_is_recorded():
    shares = {name: PRESET[name] | {"share": 1.0} for name in NAMES if name != "invert"}
    everything = parse(NuisanceSettings, PRESET | shares | {"share": 1.0, "invert": 1.0}, key="nuisances")
    array, _, done = spoil(counts(), settings=everything, pixel_size=2.0, rng=np.random.default_rng(0))
    assert set(done["nuisances"]) == set(NAMES)
    assert np.isfinite(array).all()
    assert np.abs(array).max() <= 60000
    assert array.dtype == np.float32


def test_a_missing_pixel_size_is_recorded():
    assert spoilt(counts(), missing=1.0)[1]["pixel_size_known"] is False


def test_inverted_twice_is_the_same():
    once = spoilt(counts(), invert=1.0)[0]
    np.testing.assert_array_equal(once, -counts())
    np.testing.assert_array_equal(spoilt(once, invert=1.0)[0], counts())


def test_a_vignette_takes_its_strength_from_one_corner():
    left = do(vignette, flat(), 0.3)
    assert left.max() <= 40.0
    corners = left[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() == pytest.approx(40 * 0.7, rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_s_edge_darkens_one_corner_and_leaves_the_middle(seed):
    left = do(beam_edge, flat((200, 200)), 0.1, seed=seed)
    corners = left[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners < 4.0).sum() == 1
    assert left[90:110, 90:110] == pytest.approx(40.0, rel=1e-3)
    assert 0.003 < np.mean(left < 20.0) < 0.15


def test_gain_stripes_of_columns_rows_and_tiles_have_their_rms():
    constant_columns = constant_rows = 0
    for seed in range(30):
        gain = do(gain_stripes, flat((128, 256)), 0.01, seed=seed) / 40.0
        # rows and columns together have √2 of it; a few tiles scatter
        assert 0.006 < gain.std() < 0.02
        constant_columns += np.ptp(gain, axis=0).max() < 1e-6
        constant_rows += np.ptp(gain, axis=1).max() < 1e-6
    assert constant_columns >= 1
    assert constant_rows >= 1


def test_a_line_lies_in_the_middle_of_the_rows_or_columns():
    for seed in range(6):
        excess = np.abs(do(middle_line, flat(), 0.2, seed=seed) - 40.0)
        assert excess.max() == pytest.approx(8.0, rel=1e-5)
        row, column = np.unravel_index(excess.argmax(), excess.shape)
        assert row == 48 or column == 64
        assert excess[10, 10] < 0.01


def test_hot_pixels_are_few_and_bright():
    changed = do(hot_pixels, flat((100, 100)), 1e-3) - 40.0
    assert np.count_nonzero(changed) == 10
    assert changed.min() >= 0.0
    assert changed.max() > 400.0


def test_binning_dilutes_hot_pixels():
    fine, coarse = (do(hot_pixels, flat(), 1e-3, pixel_size=pixel) - 40.0 for pixel in (1.0, 4.0))
    np.testing.assert_allclose(coarse, fine / 16, atol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_a_dead_line_is_one_whole_row_or_column(seed):
    changed = do(dead_lines, flat(), 1.0, seed=seed) != 40.0
    assert changed.sum() in (96, 128)
    assert changed.all(axis=0).sum() + changed.all(axis=1).sum() == 1


def test_flattening_removes_a_background_and_keeps_mean_and_detail():
    rows, columns = np.mgrid[:400, :300]
    background = (20 * np.cos(2 * np.pi * rows / 400) + 0.05 * columns).astype(np.float32)
    detail = (3 * np.cos(2 * np.pi * columns / 6)).astype(np.float32)
    left = do(flatten_background, 40 + background + detail, 40.0, pixel_size=2.0)
    assert left.mean() == pytest.approx((40 + background).mean(), abs=0.1)
    inside = (left - left.mean() - detail)[60:-60, 60:-60]
    # a Gaussian of σ = 20 px keeps exp(-2π² 20² / 400²) = 0.952 of the cosine, which is subtracted
    assert np.abs(inside).max() < 1.6
    assert inside.std() < 0.06 * background.std() + 0.2


def test_a_low_pass_transfers_the_gaussian_of_its_width():
    # one column's line of 1 spreads to 1 / (√(2π) σ) at its middle
    line = np.zeros((20, 41), dtype=np.float32)
    line[:, 20] = 1.0
    left = do(low_pass, line, 2.0)
    assert left[10, 20] == pytest.approx(1 / (np.sqrt(2 * np.pi) * 2), rel=0.01)
    assert left.sum() == pytest.approx(20.0, rel=1e-4)


def test_clipping_leaves_nothing_beyond_its_deviations():
    array = counts((256, 256))
    array[3, 4] = 1000.0
    left = do(clip, array, 2.0)
    assert left[3, 4] == left.max()
    assert left.max() == pytest.approx(40 + 2 * np.sqrt(40), rel=0.02)
    assert left.min() == pytest.approx(40 - 2 * np.sqrt(40), rel=0.03)


def test_bands_at_the_sides_hold_zero_the_mean_or_copies():
    kinds = set()
    for seed in range(20):
        array = counts()
        left = do(band_edges, array, 12.0, seed=seed)
        changed = left != array
        assert not changed[24:-24, 32:-32].any()
        assert changed[12:-12, 12:-12].sum() == 0
        side = max(range(4), key=lambda k: np.rot90(changed, k)[:12, 24:-24].mean())
        lines = np.rot90(left, side)[:12, 24:-24]
        kinds.add("zero" if not lines.any() else "mean" if np.ptp(lines) == 0 else "copies")
        assert np.ptp(lines, axis=0).max() == 0
    assert kinds == {"zero", "mean", "copies"}


@pytest.mark.parametrize("levels", [20, 256])
def test_an_8_bit_picture_holds_no_more_levels_than_told(levels):
    values = np.unique(do(quantise, counts(), float(levels)))
    assert len(values) <= levels
    assert values.min() >= 0
    assert values.max() <= 255
    np.testing.assert_array_equal(values % 1, 0)


def test_fewer_grey_levels_are_coarser():
    smooth = np.linspace(0, 100, 128 * 96, dtype=np.float32).reshape(96, 128)
    assert len(np.unique(do(quantise, smooth, 20.0))) < 20 < 100 < len(np.unique(do(quantise, smooth, 256.0)))


def test_a_jpeg_differs_by_its_quality_only():
    fine, coarse = (do(compress, counts(), quality) for quality in (95.0, 50.0))
    stretched = do(quantise, counts(), 256.0)
    assert 0 < np.sqrt(np.mean((fine - stretched) ** 2)) < 5
    assert np.mean((coarse - stretched) ** 2) > 4 * np.mean((fine - stretched) ** 2)


def test_rescaled_values_are_whole_and_fit_16_bits():
    left = do(rescale, counts() + np.float32(0.25), 100.0)
    np.testing.assert_array_equal(left, 100 * counts() + 25)
    assert do(rescale, counts(), 1e5).max() == 60000
    assert len(np.unique(do(rescale, counts(), 1e5))) == len(np.unique(counts()))


def test_a_strength_out_of_range_is_named():
    wrong = PRESET | {"grey_levels": {"share": 0.5, "strength": [20.0, 300.0]}}
    with pytest.raises(InputError, match=r"nuisances\.grey_levels\.strength: 300\.0 must be .* 2 to 256"):
        parse(NuisanceSettings, wrong, key="nuisances")
