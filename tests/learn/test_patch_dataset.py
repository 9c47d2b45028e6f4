"""A pick's pixel is the middle of its patch in every view and frame."""

import os
import pickle
import resource

import numpy as np
import pandas as pd
import pytest
import torch

from cryoice.files.frames import FRAMES
from cryoice.files.micrograph import write_mrc
from cryoice.learn.dataset import OPENED, PatchDataset, PreparedMicrograph, View
from cryoice.learn.prepare import prepare
from entry_builder import write_picks

SHAPE = (64, 81)
MARKED = (25.0, 46.0)


def write_marked(folder, *, frame="cryoppp", pixel_size=1.5, blob=False, shape=SHAPE):
    """Write one micrograph of faint noise with one bright pixel, or blob, that is its only GOOD pick."""
    array = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    distance = np.hypot(rows - MARKED[0], cols - MARKED[1])
    array += 10 * np.exp(-(distance**2) / 8) if blob else 11 * (distance == 0)
    write_mrc(folder / "micrographs/m0.mrc", array.astype(np.float32), pixel_size=pixel_size)
    write_picks(folder, "m0", np.array([MARKED]), shape=shape, frame=frame, kind="good")


def item(root, cache, *, frame="cryoppp", patch=9, pixel_size=1.5, region=0):
    found = prepare(
        root, entries=None, frame=frame, pixel_sizes={}, pixel_size=pixel_size,
        spectrum_pixel_size=1.5, cache=cache,
    )  # fmt: skip
    dataset = PatchDataset(found.micrographs, found.picks, patch=patch, pixel_size=pixel_size, region=region)
    return dataset[0]


def brightest(patch):
    return tuple(int(i) for i in np.unravel_index(np.argmax(patch.float().numpy()), patch.shape))


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("patch", [8, 9])
def test_the_picked_pixel_is_the_middle_of_both_views(tmp_path, frame, patch):
    write_marked(tmp_path / "data/10000", frame=frame)
    got = item(tmp_path / "data", tmp_path / "cache", frame=frame, patch=patch, region=12)
    assert brightest(got["real"]) == (patch // 2, patch // 2)
    assert brightest(got["region"]) == (6, 6)
    assert got["measured"].item() is True
    assert got["label"].item() == 0


def centre(patch):
    """Return the centroid of what stands out of the noise."""
    weight = np.where(patch.float().numpy() > 3, patch.float().numpy(), 0)
    rows, cols = np.indices(patch.shape)
    return (weight * rows).sum() / weight.sum(), (weight * cols).sum() / weight.sum()


@pytest.mark.parametrize("shape", [(64, 81), (65, 80)])
def test_the_picked_blob_is_the_middle_of_a_view_twice_as_coarse(tmp_path, shape):
    write_marked(tmp_path / "data/10000", blob=True, shape=shape)
    got = item(tmp_path / "data", tmp_path / "cache", patch=15, pixel_size=3.0, region=16)
    # the pick lies between pixels of the coarse view, which is cut at the nearest one
    assert centre(got["real"]) == pytest.approx((7, 7), abs=0.6)
    assert centre(got["region"]) == pytest.approx((8, 8), abs=0.15)


def test_a_micrograph_coarser_than_asked_is_interpolated_about_the_pick(tmp_path):
    write_marked(tmp_path / "data/10000", pixel_size=3.0, blob=True)
    got = item(tmp_path / "data", tmp_path / "cache", patch=17, pixel_size=1.5, region=12)
    assert got["real"].shape == (17, 17)
    assert centre(got["real"]) == pytest.approx((8, 8), abs=0.25)
    assert (got["real"] > 5).sum() == pytest.approx(4 * np.pi * 2.35**2, rel=0.3)  # σ 2 px, now 4 px
    assert got["measured"].item() is False
    assert not got["region"].any()


def test_a_pickled_data_set_opens_its_files_anew(tmp_path):
    write_marked(tmp_path / "data/10000")
    found = prepare(
        tmp_path / "data", entries=None, frame="cryoppp", pixel_sizes={}, pixel_size=1.5,
        spectrum_pixel_size=None, cache=tmp_path / "cache",
    )  # fmt: skip
    dataset = PatchDataset(found.micrographs, found.picks, patch=8, pixel_size=1.5, region=0)
    before = dataset[0]["real"]
    stored = pickle.dumps(dataset)
    assert b"memmap" not in stored
    assert torch.equal(pickle.loads(stored)[0]["real"], before)


def test_more_micrographs_than_files_may_be_open_are_read(tmp_path):
    views = []
    for index in range(OPENED + 60):
        np.save(tmp_path / f"{index}.npy", np.full((8, 8), index, dtype=np.float16))
        views.append(View(path=str(tmp_path / f"{index}.npy"), pixel_size=1.5, scale=(1.0, 1.0)))
    micrographs = [
        PreparedMicrograph(entry="e", name=str(view), path="", real=view, spectrum=view) for view in views
    ]
    columns = {"row": 4.0, "col": 4.0, "label": 0, "true_label": -1}
    picks = pd.DataFrame({"micrograph": range(len(views))}).assign(**columns)
    dataset = PatchDataset(micrographs, picks, patch=8, pixel_size=1.5, region=8)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = len(os.listdir("/dev/fd"))  # noqa: PTH208 - the folder that lists what this process has open
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + OPENED + 20, hard))
    try:
        batch = dataset.__getitems__(list(range(len(views))))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert batch["real"][:, 0, 0].tolist() == list(range(len(views)))
    assert torch.equal(batch["region"], batch["real"])


@pytest.mark.parametrize(("native", "measured"), [(1.5, True), (1.4, True), (1.6, False)])
def test_the_spectrum_of_an_interpolated_patch_is_not_measured(tmp_path, native, measured):
    write_marked(tmp_path / "data/10000", pixel_size=native)
    assert item(tmp_path / "data", tmp_path / "cache")["measured"].item() is measured


def test_a_view_that_is_not_available_does_not_open(tmp_path):
    write_marked(tmp_path / "data/10000", pixel_size=3.0)
    found = prepare(
        tmp_path / "data", entries=None, frame="cryoppp", pixel_sizes={}, pixel_size=3.0,
        spectrum_pixel_size=1.5, cache=tmp_path / "cache",
    )  # fmt: skip
    with pytest.raises(ValueError, match="not available"):
        found.micrographs[0].spectrum.open()
