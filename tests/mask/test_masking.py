import subprocess
import sys

import numpy as np
import pytest

from bright_blocks import BLOCK, brightness_model, noise_with_block
from cryoice.errors import InputError
from cryoice.mask import load_model, mask_micrograph
from cryoice.mask.region_settings import RegionSettings

SHAPE = (40, 45)


def masked(array, *, pixel_size=8.0, **options):
    return mask_micrograph(array, brightness_model(), pixel_size=pixel_size, **options)


def test_a_bright_block_is_masked_where_it_lies_and_counted():
    found = masked(noise_with_block())
    expected = np.zeros(SHAPE, dtype=np.uint16)
    expected[BLOCK] = 2
    np.testing.assert_array_equal(found.mask, expected)
    share = 120 / (40 * 45)
    assert found.fractions == pytest.approx(
        {"clean": 1 - share, "crystalline": 0, "contamination": share, "support": 0, "other": 0}
    )
    assert found.bad == pytest.approx(share)
    assert (found.shape, found.pixel_size) == (SHAPE, (8.0, 8.0))
    (region,) = found.regions
    assert (region.name, region.area) == ("contamination", 120 * 64.0)
    # softmax of one logit of 10 among five
    assert found.score[10, 30] == pytest.approx(1 - 1 / (4 + np.exp(10)), abs=1e-4)


@pytest.mark.parametrize(
    ("threshold", "unsure", "expected"), [(0.5, None, 0), (0.5, 0.5, 1), (0.9, 0.1, 0.085), (0.1, 0.1, 0.915)]
)
def test_what_lies_closer_to_the_threshold_than_unsure_is_counted_in_and_outside_the_mask(
    threshold, unsure, expected
):
    array = noise_with_block()
    array[:20, :20] = np.nan  # 1400 px are left, and 119 of the block's are bright: the noise hides one
    found = masked(array, settings=RegionSettings(threshold=threshold, unsure=unsure))
    assert found.unsure_share == pytest.approx(expected)
    assert found.bad == pytest.approx(120 / 1400)


def test_the_verdict_is_bad_above_the_share_and_good_at_it():
    share = 120 / (40 * 45)
    array = noise_with_block()
    assert masked(array, max_bad=share + 1e-9).verdict == "good"
    assert masked(array, max_bad=share - 1e-3).verdict == "bad"


def test_where_there_are_no_data_nothing_counts():
    array = noise_with_block()
    array[:20, :20] = np.nan
    found = masked(array)
    assert (found.mask[:20, :20] == 255).all()
    assert np.isnan(found.score[:20, :20]).all()
    assert (found.mask == 255).sum() == 400
    assert found.bad == pytest.approx(120 / (40 * 45 - 400))


def test_ice_is_not_measured_where_the_sampling_or_the_picture_forbids_it():
    rng = np.random.default_rng(0)
    fine = rng.normal(size=(600, 620)).astype(np.float32)
    found = masked(fine, pixel_size=1.0)
    assert found.ice is not None
    assert np.isfinite([found.iciness, found.ring_density]).all()
    for other in (masked(fine, pixel_size=1.0, spectrum=False), masked(fine, pixel_size=4.0)):
        assert other.ice is None
        assert np.isnan([other.iciness, other.ring_density]).all()


def test_settings_reach_the_regions():
    found = masked(noise_with_block(), settings=RegionSettings(classes=("crystalline",)))
    assert (found.mask == 0).all()
    assert found.regions == ()


@pytest.mark.parametrize("pixel_size", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_pixel_size_is_refused(pixel_size):
    with pytest.raises(InputError, match="must be above 0; give --angpix"):
        masked(noise_with_block(), pixel_size=pixel_size)


def test_a_micrograph_without_data_is_refused():
    with pytest.raises(InputError, match="no pixel is a number"):
        masked(np.full(SHAPE, np.nan, dtype=np.float32))
    nearly = np.full((280, 280), np.nan, dtype=np.float32)
    nearly[::40, ::40] = np.arange(49).reshape(7, 7)
    with pytest.raises(InputError, match="hardly a pixel is a number"):
        masked(nearly, pixel_size=1.0)


@pytest.mark.parametrize("value", [0.0, 3.0, -1e6])
def test_a_constant_micrograph_is_refused(value):
    array = np.full(SHAPE, value, dtype=np.float32)
    with pytest.raises(InputError, match="nearly all pixels have one value"):
        masked(array)
    array[20, 20] += 1
    array[3, 4] = np.nan
    with pytest.raises(InputError, match="nearly all pixels have one value"):
        masked(array)


def test_grey_values_whose_squares_overflow_are_refused():
    with pytest.raises(InputError, match="are too large; scale and write it again"):
        masked(noise_with_block() * np.float32(1e30))


def test_a_micrograph_of_less_than_256_angstrom_is_refused():
    array = noise_with_block()
    with pytest.raises(InputError, match=r"40 x 45 px at 6\.3 Å/px are less than 256 Å a side"):
        masked(array, pixel_size=6.3)
    assert masked(array, pixel_size=6.4).verdict == "good"


@pytest.mark.parametrize("border", [np.nan, 0.0])
def test_what_has_data_is_masked_as_without_the_border(border):
    array = noise_with_block(side=(80, 90), block=(slice(46, 58), slice(64, 74)))
    expected = masked(array)
    array[:30], array[:, 80:] = border, border
    found = masked(array)
    assert (found.mask[:30] == 255).all()
    assert (found.mask[:, 80:] == 255).all()
    np.testing.assert_array_equal(found.mask[30:, :80], expected.mask[30:, :80])
    np.testing.assert_allclose(found.score[30:, :80], expected.score[30:, :80], atol=1e-6)


def test_ice_is_measured_where_there_are_data_only():
    fine = np.random.default_rng(0).normal(size=(1100, 1000)).astype(np.float32)
    whole = masked(fine, pixel_size=1.0)
    fine[:400], fine[300:, :6], fine[700, 500] = np.nan, np.nan, np.nan
    found = masked(fine, pixel_size=1.0)
    assert (found.ice.values[:2] == 0).all()
    assert found.iciness == pytest.approx(whole.iciness, rel=0.02)
    assert found.ice.spot.max() < 20
    np.testing.assert_allclose(found.ice.spot[-2:, 2:-1], whole.ice.spot[-2:, 2:-1], rtol=0.25)


def test_the_room_offers_its_names_and_no_others():
    import cryoice.mask

    assert load_model.__module__ == "cryoice.mask.model"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = cryoice.mask.nothing


def test_help_does_not_wait_for_torch():
    code = "import sys, cryoice.mask_command; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
