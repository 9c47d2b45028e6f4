"""Simulated micrographs become views and masks that belong together, split by micrograph."""

import json

import numpy as np
import pytest
import torch

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.micrograph import read_micrograph
from cryoice.files.mrc import read_mrc
from cryoice.learn.pixel_datamodule import PixelDataModule
from cryoice.learn.pixel_dataset import PixelDataset, prepare_set
from cryoice.signal.views import levelled, resampled_view
from pixel_training import SIDE, module_settings, small_simulation

CRYSTALLINE = 1


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("pixels")


@pytest.fixture(scope="module")
def mixed(place):
    return prepare_set("mixed", small_simulation(), pixel_size=8.0, faintest=0.0, cache=place, jobs=1)


def files(place, ending):
    """Return the files of the first data set simulated, in the order of the arrays."""
    root = next(path for path in place.glob("synthetic-*") if path.is_dir())
    return sorted(root.glob(f"*/{ending}"))


def module(place, **changes):
    return PixelDataModule(**(module_settings(place) | changes))


def test_a_cached_view_is_what_inference_sees(mixed, place):
    path = files(place, "micrographs/*.mrc")[2]
    assert mixed.stems[2] == path.stem
    expected = resampled_view(levelled(read_micrograph(path).array), pixel_size=8.0, target=8.0)
    np.testing.assert_array_equal(mixed.views[2], expected.astype(np.float16))


def test_a_cached_mask_is_the_truth(mixed, place):
    masks = [read_mrc(path)[0] for path in files(place, "ground_truth/masks/*.mrc")]
    np.testing.assert_array_equal(mixed.masks, np.stack(masks))
    assert len(np.unique(mixed.masks)) > 2


def test_at_another_sampling_a_masks_pixel_is_the_one_at_its_place(mixed, place):
    coarse = prepare_set("mixed", small_simulation(), pixel_size=16.0, faintest=0.0, cache=place, jobs=1)
    assert coarse.views.shape == coarse.masks.shape == (6, SIDE // 2, SIDE // 2)
    np.testing.assert_array_equal(coarse.masks, mixed.masks[:, ::2, ::2])


def test_crystals_too_faint_to_be_seen_have_no_label(mixed, place):
    strengths = [
        [domain["mottle"] for domain in json.loads(path.read_text()).get("crystalline", [])]
        for path in files(place, "ground_truth/parameters/*.json")
    ]
    strongest = sorted(max(one) for one in strengths if one)
    limit = strongest[len(strongest) // 2]
    given = {"pixel_size": 8.0, "faintest": limit, "cache": place, "jobs": 1}
    found = prepare_set("mixed", small_simulation(), **given).masks
    for strength, before, now in zip(strengths, mixed.masks, found, strict=True):
        hidden = IGNORE if max(strength, default=0.0) < limit else CRYSTALLINE
        np.testing.assert_array_equal(now, np.where(before == CRYSTALLINE, hidden, before))
    assert not np.array_equal(found, mixed.masks)


def test_no_micrograph_is_in_two_splits_and_none_is_lost(mixed, place):
    data = module(place)
    data.prepare_data()
    data.setup("fit")
    chosen = [place for dataset in data.datasets.values() for place in dataset.chosen]
    assert sorted(chosen) == [(0, row) for row in range(6)]
    assert all(len(dataset) for dataset in data.datasets.values())


def test_a_batch_holds_whole_views_with_their_masks_and_names(mixed):
    dataset = PixelDataset([mixed], [(0, 4), (0, 1)])
    batch = dataset.__getitems__([1, 0])
    assert torch.equal(batch["view"], torch.from_numpy(mixed.views[[1, 4]]))
    assert torch.equal(batch["mask"], torch.from_numpy(mixed.masks[[1, 4]]))
    assert batch["index"].tolist() == [1, 0]
    assert dataset.name(0) == ("mixed", mixed.stems[4])
    assert torch.equal(dataset[1]["view"], batch["view"][0])


def test_training_batches_depend_on_seed_and_epoch_and_continue_amid_one(mixed, place):
    data = module(place)
    data.setup("fit")
    loader = data.train_dataloader()

    def indices(epoch, given=0):
        loader.sampler.set_epoch(epoch)
        loader.load_state_dict({"given": given})
        return [batch["index"].tolist() for batch in loader]

    first = indices(0)
    assert indices(0) == first
    assert indices(0, given=1) == first[1:]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"simulations": {}}, "data.simulations: is empty"),
        ({"simulations": {"a": {"seed": 3}}}, "data.simulation"),
        ({"split": {"by": "micrograph", "train": 1.0, "val": 0.0, "test": 0.0, "seed": 0}}, "data.split"),
    ],
)
def test_settings_that_are_wrong_are_named(mixed, place, changes, said):
    with pytest.raises(InputError, match=said):
        module(place, **changes).setup("fit")


def test_sets_of_different_shape_are_refused(mixed, place):
    wide = small_simulation(micrographs=3) | {"size": [SIDE, SIDE + 64]}
    other = prepare_set("wide", wide, pixel_size=8.0, faintest=0.0, cache=place, jobs=1)
    with pytest.raises(InputError, match=r"data\.simulations: their views differ in shape"):
        PixelDataset([mixed, other], [(0, 0)])
