"""Entries of different Å/px in one data set show the same specimen the same way."""

import numpy as np
import pytest

from cryoice.learn.datamodule import CryoPPPDataModule
from specimen_at_two_pixel_sizes import SIZES, write_specimen

SPECTRUM = {"kind": "averaged", "pixel_size": 1.5, "field": 48, "window": "hann"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = write_specimen(tmp_path_factory.mktemp("specimen"), micrographs=4)
    found = CryoPPPDataModule(
        root=str(root),
        cache=str(tmp_path_factory.mktemp("cache")),
        entries=None,
        frame="cryoppp",
        pixel_sizes=None,
        margin=None,
        split={"by": "micrograph", "train": 0.6, "val": 0.15, "test": 0.25, "seed": 0, "held_out": "coarse"},
        patch=16,
        pixel_size=3.0,
        spectrum=SPECTRUM,
        batch_size=8,
        num_workers=0,
        seed=0,
        balance="entry",
    )
    found.prepare_data()
    found.setup("fit")
    return found


def patches_at(data, entry):
    """Return the real patches of an entry's GOOD picks by micrograph and position in Å."""
    found = {}
    for dataset in data.datasets.values():
        picks = dataset.picks
        for index in np.flatnonzero(picks["label"] == 0):
            micrograph = dataset.micrographs[picks["micrograph"][index]]
            if micrograph.entry == entry:
                place = (picks["row"][index] * SIZES[entry], picks["col"][index] * SIZES[entry])
                found[micrograph.name, *place] = dataset[int(index)]["real"].float().numpy()
    return found


def correlation(first, second):
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_the_same_particle_is_the_same_patch_at_both_pixel_sizes(data):
    fine, coarse = patches_at(data, "fine"), patches_at(data, "coarse")
    shared = sorted(fine.keys() & coarse.keys())
    assert len(shared) > 60
    for place in shared:
        assert correlation(fine[place], coarse[place]) > 0.95
        shifted = np.roll(fine[place], 1, axis=0)  # a pixel off would be seen
        assert correlation(shifted, coarse[place]) < correlation(fine[place], coarse[place]) - 0.02


def test_the_darkest_point_of_a_patch_is_the_marked_position(data):
    for entry in SIZES:
        mean = np.mean(list(patches_at(data, entry).values()), axis=0)
        assert np.abs(np.subtract(np.unravel_index(mean.argmin(), mean.shape), 8)).max() <= 1


def test_rings_are_measured_only_where_nyquist_shows_them(data):
    for dataset in data.datasets.values():
        entry = np.array([dataset.micrographs[i].entry for i in dataset.picks["micrograph"]])
        measured = dataset.__getitems__(list(range(len(dataset))))["measured"].numpy()
        assert (measured == (entry == "fine")).all()
    assert set(data.datasets["test"].entries()) == {0}  # coarse is held out
