"""A patch network on a grid gives what it gives patch by patch."""

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
import torch
from networks_of_tests import NETWORKS, VIEWS, patch_model, patch_network, told_apart

from cryoice.files.micrograph import write_mrc
from cryoice.learn.dataset import PatchDataset
from cryoice.learn.prepare import prepare
from cryoice.learn.view import make_channels, spectrum_region
from cryoice.mask import patch_scores as module
from cryoice.mask.mirror import MirroredView, mirrored
from cryoice.mask.patch_grid import patch_grid
from cryoice.mask.patch_scores import patch_scores
from cryoice.mask.region_spectra import RegionSpectra
from cryoice.signal.fourier import averaged_spectrum, window_2d
from cryoice.signal.views import levelled
from entry_builder import write_picks

BOTH, PLAIN = {"use": ["real", "spectrum"], "spectrum": VIEWS}, {"kind": "plain"}
SHAPE, PATCH = (260, 241), 32


@pytest.fixture
def whole_precision(monkeypatch):
    monkeypatch.setattr(module, "fast_precision", lambda device: nullcontext())


def micrograph(shape=SHAPE, seed=0):
    """Noise with blobs, a bright half and a ripple of 3.7 Å at 1.5 Å/px."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    array = draw.normal(size=shape) + 2 * (columns > shape[1] / 2)
    for row, column in draw.uniform(20, 220, (12, 2)):
        array -= 3 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 128)
    return (array + (rows > 150) * np.cos(2 * np.pi * rows * 1.5 / 3.7)).astype(np.float32)


def patch_by_patch(folder, grid, net, model, *, native):
    """Return the points whose patch and region lie on the micrograph, and their probabilities."""
    array = micrograph()
    write_mrc(folder / "data/10000/micrographs/m0.mrc", array, pixel_size=native)
    write_picks(folder / "data/10000", "m0", np.array([[50.0, 50.0]]), shape=SHAPE, frame="top", kind="good")
    spectrum, region = model.channels["spectrum"], spectrum_region(model.channels["spectrum"], patch=PATCH)
    found = prepare(
        folder / "data", entries=None, frame="top", pixel_sizes={}, pixel_size=model.pixel_size,
        spectrum_pixel_size=spectrum.get("pixel_size"), cache=folder / "cache",
    )  # fmt: skip
    points = np.argwhere(np.ones(grid.points, dtype=bool))
    places = points * grid.step
    half = max(PATCH * model.pixel_size, region * spectrum.get("pixel_size", 0)) / 2 / native + 2
    clear = ((places >= half) & (places <= np.array(SHAPE) - half)).all(axis=1)
    picks = pd.DataFrame(places[clear], columns=["row", "col"])
    picks = picks.assign(micrograph=0, label=0, true_label=-1)
    data = PatchDataset(found.micrographs, picks, patch=PATCH, pixel_size=model.pixel_size, region=region)
    batch = data.__getitems__(list(range(len(picks))))
    with torch.no_grad():
        logits = net.eval()(make_channels(batch, **model.channels, patch=PATCH), batch["measured"])
    assert bool(batch["measured"].all()) is grid.measured
    return tuple(points[clear].T), told_apart(net, logits).softmax(1).numpy().T


def both_ways(tmp_path, name, *, channels, native=1.5, pixel_size=2.0):
    net = patch_network(name, channels=channels, patch=PATCH)
    model = patch_model(net, channels=channels, patch=PATCH, pixel_size=pixel_size)
    grid = patch_grid(levelled(micrograph()), model, pixel_size=native, spectrum=True)
    where, expected = patch_by_patch(tmp_path, grid, net, model, native=native)
    assert len(where[0]) >= 12
    return patch_scores(grid, model)[:, *where], expected


@pytest.mark.usefixtures("whole_precision")
@pytest.mark.parametrize("channels", [BOTH, BOTH | {"use": ["spectrum", "real"]}], ids=["real first", "last"])
@pytest.mark.parametrize("name", NETWORKS)
def test_dense_scores_are_those_of_the_patch_data_set(tmp_path, name, channels):
    dense, expected = both_ways(tmp_path, name, channels=channels)
    np.testing.assert_allclose(dense, expected, atol=5e-3)  # the data set keeps half precision


@pytest.mark.parametrize("name", NETWORKS)
def test_bfloat16_moves_probabilities_little(tmp_path, name):
    dense, expected = both_ways(tmp_path, name, channels=BOTH)
    np.testing.assert_allclose(dense, expected, atol=5e-2)


@pytest.mark.usefixtures("whole_precision")
@pytest.mark.parametrize(
    ("channels", "native", "pixel_size"),
    [
        ({"use": ["real"], "spectrum": PLAIN}, 1.5, 2.0),
        ({"use": ["real"], "spectrum": VIEWS}, 1.5, 2.0),
        ({"use": ["real", "spectrum"], "spectrum": PLAIN}, 1.5, 1.5),
        ({"use": ["real", "spectrum"], "spectrum": PLAIN}, 1.5, 1.2),  # interpolated
        (BOTH, 3.0, 4.0),  # too coarse for ice
        (BOTH, 3.0, 2.0),  # and for the real view
        (BOTH, 1.7, 2.0),  # finer spectra than the micrograph
    ],
)
def test_dense_scores_follow_every_kind_of_channel(tmp_path, channels, native, pixel_size):
    dense, expected = both_ways(tmp_path, "conv", channels=channels, native=native, pixel_size=pixel_size)
    np.testing.assert_allclose(dense, expected, atol=5e-3)


@pytest.mark.parametrize("window", ["hann", "tukey", "none"])
@pytest.mark.parametrize(("patch", "hops"), [(16, 1), (16, 3), (9, 2)])
def test_shared_spectra_are_those_of_each_region(window, patch, hops):
    side, array = patch + 3 * (patch // 2), micrograph((90, 77)) + 5
    step = hops * (patch // 2)
    grid = (-(-90 // step), -(-77 // step))
    shared = RegionSpectra(
        MirroredView(array), patch=patch, side=side, hops=hops, grid=grid, window=window,
        device=torch.device("cpu"),
    )  # fmt: skip
    padded = np.pad(array, 2 * side, mode="reflect")
    for row, spectra in enumerate(shared.rows()):
        top, lefts = 2 * side + row * step - side // 2, 2 * side + np.arange(grid[1]) * step - side // 2
        regions = np.stack([padded[top : top + side, left : left + side] for left in lefts])
        direct = averaged_spectrum(torch.from_numpy(regions), window_2d(window, patch))
        torch.testing.assert_close(spectra, direct, rtol=1e-4, atol=1e-2)
    assert row == grid[0] - 1


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_a_view_is_mirrored_about_its_outermost_pixels(count):
    indices = np.arange(-20, 20)
    expected = np.pad(np.arange(count), (20, 20), mode="reflect")[: len(indices)]
    assert mirrored(indices, count).tolist() == expected.tolist()


def test_the_grid_reaches_both_edges():
    net = patch_network("conv", channels=BOTH, patch=PATCH)
    model = patch_model(net, channels=BOTH, patch=PATCH, pixel_size=2.0)
    for shape in ((5, 7), (64, 97), (260, 241)):
        grid = patch_grid(micrograph(shape), model, pixel_size=1.5, spectrum=True)
        last = (np.array(grid.points) - 1) * grid.step
        assert (last >= np.array(shape) - 1 - 1e-6).all()
        assert (last - grid.step < np.array(shape) - 1).all()
        assert patch_scores(grid, model).sum(0) == pytest.approx(1, abs=1e-5)


def test_pictures_of_eight_bits_have_no_spectrum():
    net = patch_network("conv", channels=BOTH, patch=PATCH)
    model = patch_model(net, channels=BOTH, patch=PATCH, pixel_size=2.0)
    grid = patch_grid(micrograph(), model, pixel_size=1.5, spectrum=False)
    assert grid.measured is False
    assert grid.spectra is None
