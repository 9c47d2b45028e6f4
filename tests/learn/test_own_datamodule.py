"""A user's own micrographs as tiles beside simulated ones: what is shown, how often, and what is held out."""

import numpy as np
import pytest
from PIL import Image

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.micrograph import write_mrc
from cryoice.learn.own_datamodule import OwnDataModule, split_own
from cryoice.learn.own_micrographs import OwnTiles, cut_tiles, micrograph_key
from pixel_training import SIDE, module_settings

SHAPE = (100, 120)


def write_own(folder, count):
    """Write micrographs at 8 Å/px whose mask marks a square of more and more rows."""
    rng = np.random.default_rng(0)
    for number in range(count):
        mask = np.zeros(SHAPE, dtype=np.uint8)
        mask[: 10 * (number + 1), :20] = 2
        array = (rng.normal(size=SHAPE) - 5 * (mask > 0)).astype(np.float32)
        write_mrc(folder / f"micrographs/m{number}.mrc", array, pixel_size=8.0)
        (folder / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(folder / f"masks/m{number}_mask.png")
    return folder


def module(folder, cache, **changes):
    given = {
        "micrographs": str(folder / "micrographs"),
        "angpix": None,
        "masks": str(folder / "masks"),
        "good": None,
        "bad": None,
        "radius": None,
        "flip_y": None,
        "rehearsal": 6,
        "side": SIDE,
    }
    return OwnDataModule(**(module_settings(cache, micrographs=600) | given | changes))


def names(data, split):
    dataset = data.datasets[split]
    return [dataset.name(index) for index in range(len(dataset))]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def test_of_four_micrographs_one_is_held_out_and_the_others_fill_half_an_epoch(tmp_path, cache):
    data = module(write_own(tmp_path, 4), cache)
    data.setup("fit")
    assert [name for _, name in names(data, "val")] == [str(tmp_path / "micrographs/m2.mrc")]
    owners = [owner for owner, _ in names(data, "train")]
    assert owners.count("own") >= owners.count("mixed") > 0
    assert len({name for owner, name in names(data, "train") if owner == "own"}) == 3
    assert {owner for owner, _ in names(data, "test")} == {"own", "mixed"}
    item = data.datasets["val"][0]
    assert item["view"].shape == item["mask"].shape == (SIDE, SIDE)
    assert np.count_nonzero(item["mask"] == 2) == 30 * 20
    top, left = (SIDE - 100) // 2, (SIDE - 120) // 2
    assert item["mask"][top, left] == 2
    assert item["mask"][top - 1, left] == item["mask"][top + 100, left] == IGNORE
    assert item["view"][top : top + 30, left : left + 20].mean() < -3


def test_fewer_micrographs_are_all_learnt_from_and_simulated_ones_validate(tmp_path, cache, caplog):
    data = module(write_own(tmp_path, 2), cache)
    data.setup("fit")
    assert {owner for owner, _ in names(data, "val")} == {"mixed"}
    assert len({name for owner, name in names(data, "train") if owner == "own"}) == 2
    assert "2 own micrographs: none is held out" in caplog.text


def test_every_fourth_by_its_artifacts_is_held_out():
    view, mask = np.zeros((1, 2, 2), dtype=np.float16), np.zeros((1, 2, 2), dtype=np.uint8)
    tiles = [OwnTiles(str(rank), view, mask, rank / 10) for rank in (3, 7, 0, 5, 1, 6, 2, 4)]
    learnt, held = split_own(tiles)
    assert [one.name for one in held] == ["6", "2"]
    assert [one.name for one in learnt] == ["7", "5", "4", "3", "1", "0"]


def test_what_was_learnt_before_is_not_held_out():
    view, mask = np.zeros((1, 2, 2), dtype=np.float16), np.zeros((1, 2, 2), dtype=np.uint8)
    tiles = [OwnTiles(f"in/m{rank}.mrc", view, mask, rank / 10) for rank in range(6)]
    known = {micrograph_key(f"elsewhere/m{rank}.mrc") for rank in (4, 2, 1, 0)}
    assert [one.name for one in split_own(tiles, known)[1]] == ["in/m3.mrc"]
    assert [one.name for one in split_own(tiles, known | {tiles[5].key})[1]] == ["in/m3.mrc"]
    assert split_own(tiles, {one.key for one in tiles})[1] == []


def test_tiles_cover_a_large_view_once_each_end_and_skip_what_has_no_label():
    view = np.arange(50 * 90).reshape(50, 90)
    label = np.zeros(view.shape, dtype=np.uint8)
    label[:, 40:] = IGNORE
    views, masks = cut_tiles(view, label, side=40)
    assert views.shape == masks.shape == (4, 40, 40)  # three columns of tiles, of which two hold labels
    assert [int(one[0, 0]) for one in views] == [0, 25, 10 * 90, 10 * 90 + 25]


@pytest.mark.parametrize("given", [{"masks": None}, {"good": "a.star"}])
def test_labels_are_masks_or_picks(tmp_path, cache, given):
    with pytest.raises(InputError, match="give a folder of masks, or GOOD and BAD picks, and not both"):
        module(write_own(tmp_path, 1), cache, **given)


def test_micrographs_without_a_labelled_pixel_are_refused(tmp_path, cache):
    folder = write_own(tmp_path, 1)
    Image.fromarray(np.full(SHAPE, IGNORE, dtype=np.uint8)).save(folder / "masks/m0_mask.png")
    with pytest.raises(InputError, match="no pixel of the micrographs has a label"):
        module(folder, cache).setup("fit")


def test_a_micrograph_without_a_picture_is_refused_by_its_name(tmp_path, cache):
    folder = write_own(tmp_path, 1)
    array = np.full(SHAPE, 7.0, dtype=np.float32)
    array[50, 60] = 1.0
    write_mrc(folder / "micrographs/m0.mrc", array, pixel_size=8.0)
    with pytest.raises(InputError, match=r"m0\.mrc: nearly all pixels have one value"):
        module(folder, cache).setup("fit")


def test_a_place_without_micrographs_is_told(tmp_path, cache):
    with pytest.raises(InputError, match=r"none: no such file|none: not a micrograph"):
        module(tmp_path, cache, micrographs=str(tmp_path / "none")).setup("fit")
