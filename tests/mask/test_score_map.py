"""A score map lies on its micrograph, pixel by pixel, and says nothing where there are no data."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from networks_of_tests import VIEWS, Brightness, patch_model, patch_network, pixel_model

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.mask.interpolation import interpolated
from cryoice.mask.score_map import ScoreMap, score_level, score_map
from cryoice.signal.views import levelled

CHANNELS = {"use": ["real", "spectrum"], "spectrum": VIEWS}


def with_blob(shape, at, *, width):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    noise = np.random.default_rng(0).uniform(-1.7, 1.7, shape)  # bounded: nothing else stands out
    blob = np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / (2 * width**2))
    return (noise + 8 * blob).astype(np.float32)


def brightest(scores):
    """Return the centre of what is bright, by thirds of a pixel or better."""
    height = np.where(scores > 0.98, scores, 0)
    rows, columns = np.indices(scores.shape)
    return (height * rows).sum() / height.sum(), (height * columns).sum() / height.sum()


@pytest.mark.parametrize("shape", [(160, 200), (161, 200), (160, 203), (163, 201)])
@pytest.mark.parametrize(("native", "view"), [(2.0, 8.0), (2.0, 4.0), (2.1, 8.0), (3.0, 16.0), (10.0, 8.0)])
def test_a_bright_blob_lies_at_its_place_in_the_map(shape, native, view):
    at, width = (60.0, 131.0), max(4.0, 16 / native)
    got = score_map(
        with_blob(shape, at, width=width), pixel_model(Brightness(), pixel_size=view), pixel_size=native
    )
    height, columns = got.score.shape
    expected = (at[0] * height / shape[0], at[1] * columns / shape[1])
    assert brightest(got.score) == pytest.approx(expected, abs=0.35)


@pytest.mark.parametrize("shape", [(160, 200), (161, 203)])
def test_a_map_is_sampled_at_eight_angstrom_over_the_whole_micrograph(shape):
    got = score_map(with_blob(shape, (60, 100), width=4), pixel_model(Brightness()), pixel_size=2.0)
    assert got.probabilities.shape == (2, 40, round(shape[1] / 4))
    assert got.pixel_size == (shape[0] * 2.0 / 40, shape[1] * 2.0 / round(shape[1] / 4))
    assert got.probabilities.sum(0) == pytest.approx(1, abs=1e-6)


def test_the_score_is_that_of_all_artifacts():
    probabilities = np.array([0.7, 0.1, 0.1, 0.06, 0.04], dtype=np.float32)[:, None, None]
    got = ScoreMap(probabilities, CLASSES, (8.0, 8.0))
    assert got.score == pytest.approx(0.3)


@pytest.mark.parametrize("kind", ["pixels", "patches"])
def test_pixels_without_data_have_no_probability(kind):
    array = with_blob((160, 200), (60, 100), width=4)
    array[40:80, :] = np.nan  # map row r is nearest to the rows 4r - 2 to 4r + 1
    array[100, 7] = np.inf
    array[:, 196:] = np.nan  # most of what the last map column is nearest to, 194 to 199
    got = score_map(array, model_of_kind(kind), pixel_size=2.0)
    missing = np.isnan(got.probabilities)
    expected = np.zeros((40, 50), dtype=bool)
    expected[11:20] = True
    expected[:, 49] = True
    assert (missing == expected).all()


def test_a_map_pixel_half_of_whose_area_has_data_is_scored():
    array = with_blob((64, 64), (20, 20), width=4)
    array[:, 30:32], array[:, 44:47] = np.nan, np.nan  # half of columns 30 to 33, three of 42 to 45
    array[:, 42] = np.nan
    got = score_map(array, pixel_model(Brightness()), pixel_size=2.0)
    # map column c is nearest to the columns 4c - 2 to 4c + 1
    assert np.flatnonzero(np.isnan(got.score[3])).tolist() == [11]


def test_a_coarse_micrograph_is_missing_where_its_nearest_pixel_is():
    array = with_blob((40, 40), (20, 20), width=4)
    array[10, 20] = np.nan
    got = score_map(array, pixel_model(Brightness()), pixel_size=16.0)
    assert got.score.shape == (80, 80)
    rows, columns = np.nonzero(np.isnan(got.score))
    assert set(rows) <= {19, 20, 21}
    assert 20 in rows
    assert 40 in columns


def test_a_micrograph_without_data_is_refused():
    with pytest.raises(InputError, match="no pixel with data"):
        score_map(np.full((32, 32), np.nan, dtype=np.float32), pixel_model(Brightness()), pixel_size=2.0)


@pytest.mark.parametrize("pixel_size", [0.0, -1.0, float("nan"), float("inf")])
def test_a_pixel_size_that_is_none_is_refused(pixel_size):
    array = with_blob((32, 32), (16, 16), width=2)
    with pytest.raises(InputError, match="above 0"):
        score_map(array, pixel_model(Brightness()), pixel_size=pixel_size)


def model_of_kind(kind):
    if kind == "pixels":
        return pixel_model(Brightness())
    net = patch_network("conv", channels=CHANNELS, patch=32)
    return patch_model(net, channels=CHANNELS, patch=32, pixel_size=2.0)


@pytest.mark.parametrize("kind", ["pixels", "patches"])
def test_the_same_input_gives_the_same_map(kind):
    array = with_blob((160, 200), (60, 100), width=6)
    model = model_of_kind(kind)
    first, second = (score_map(array, model, pixel_size=1.5).probabilities for _ in range(2))
    assert np.array_equal(first, second)
    level = score_level(levelled(array), model, pixel_size=1.5)
    assert np.array_equal(first, level.probabilities)


@pytest.mark.parametrize("kind", ["pixels", "patches"])
def test_threads_that_share_a_model_get_what_one_gets(kind):
    model = model_of_kind(kind)
    arrays = [with_blob((160, 200), (60, 20 * n), width=4) for n in range(6)]
    alone = [score_map(array, model, pixel_size=1.5).probabilities for array in arrays]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda array: score_map(array, model, pixel_size=1.5), arrays))
    assert all(np.array_equal(one, two.probabilities) for one, two in zip(alone, together, strict=True))


def test_a_larger_micrograph_scores_the_same_inside():
    array = np.random.default_rng(1).normal(size=(320, 320)).astype(np.float32)
    model = model_of_kind("patches")
    small = score_level(array[:240, :240], model, pixel_size=1.5).probabilities
    large = score_level(array, model, pixel_size=1.5).probabilities
    # the view's own scale, median and robust deviation, is that of other pixels
    assert small.shape == (2, 45, 45)
    inside = np.abs(small - large[:, :45, :45])[:, 16:30, 16:30]
    assert inside.max() < 0.02


def test_interpolation_is_linear_and_ends_at_the_last_value():
    values = np.array([[[0.0, 2.0], [4.0, 6.0]]], dtype=np.float32)
    got = interpolated(values, rows=np.array([0.0, 0.25, 1.5]), columns=np.array([0.0, 0.5, 1.0]))
    assert got[0].tolist() == [[0, 1, 2], [1, 2, 3], [4, 5, 6]]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", ["pixels", "patches"])
def test_a_gpu_gives_what_the_cpu_gives(kind):
    import dataclasses

    model, array = model_of_kind(kind), with_blob((160, 200), (60, 100), width=4)
    expected = score_map(array, model, pixel_size=1.5).probabilities
    device = torch.device("cuda")
    got = score_map(
        array, dataclasses.replace(model, net=model.net.to(device), device=device), pixel_size=1.5
    )
    np.testing.assert_allclose(got.probabilities, expected, atol=0.02)
