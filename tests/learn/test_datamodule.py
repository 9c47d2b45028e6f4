"""Picks are counted, kept whole by micrograph and refused where a patch has no room."""

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.learn.datamodule import CryoPPPDataModule
from entry_builder import write_picks
from training import SHAPE, write_blobs

AVERAGED = {"kind": "averaged", "pixel_size": 1.5, "field": 40, "window": "hann"}
SPLIT = {"by": "micrograph", "train": 0.6, "val": 0.15, "test": 0.25, "seed": 0}
CLEAN = {"kind": "none", "rate": 0.0, "seed": 0}


def module(root, cache, **changes):
    options = {
        "entries": None,
        "frame": "auto",
        "pixel_sizes": {},
        "margin": None,
        "split": SPLIT,
        "noise": CLEAN,
        "suspects": None,
        "cleaning": "drop",
        "patch": 16,
        "pixel_size": 1.5,
        "spectrum": AVERAGED,
        "batch_size": 8,
        "num_workers": 0,
        "seed": 0,
    }
    return CryoPPPDataModule(root=str(root), cache=str(cache), **(options | changes))


def ready(root, cache, **changes):
    data = module(root, cache, **changes)
    data.prepare_data()
    data.setup("fit")
    return data


def owners(data):
    return {
        split: {dataset.micrographs[i].name for i in dataset.picks["micrograph"]}
        for split, dataset in data.datasets.items()
    }


def test_no_micrograph_is_in_two_splits_and_none_is_lost(blobs, cache):
    found = owners(ready(blobs, cache))
    assert sorted(name for names in found.values() for name in names) == [f"m{i}" for i in range(6)]


def test_the_entry_held_out_tests_whole_and_trains_nothing(tmp_path, cache):
    for name in ("10000", "10001", "10002"):
        write_blobs(tmp_path / name, count=4)
    data = ready(tmp_path, cache, split=SPLIT | {"held_out": 10001, "fold": None, "folds": 4})
    entries = {split: set(found.entries()) for split, found in data.datasets.items()}
    assert entries == {"train": {0, 2}, "val": {0, 2}, "test": {1}}
    assert owners(data)["test"] == {"m0", "m1", "m2", "m3"}
    with pytest.raises(InputError, match="held_out=10009: no such entry; there are 10000, 10001, 10002"):
        ready(tmp_path, cache, split=SPLIT | {"held_out": "10009"})


def test_what_a_fold_leaves_out_is_in_no_split(blobs, cache):
    fold = {"fold": 1, "folds": 3, "test": 0.25}
    whole = owners(ready(blobs, cache))
    found = owners(ready(blobs, cache, split=SPLIT | fold))
    assert set.union(*found.values()) == {f"m{i}" for i in range(6)} - whole["test"]


def test_balance_shows_as_many_patches_of_a_small_entry_as_of_a_large_one(tmp_path, cache):
    write_blobs(tmp_path / "10000", count=9)
    write_blobs(tmp_path / "10001", count=3)
    shares = {}
    for balance in ("none", "entry"):
        data = ready(tmp_path, cache, balance=balance)
        entry = np.array(data.datasets["train"].entries())
        order = data.train_dataloader().sampler.order(0)
        assert len(order) == len(entry)
        shares[balance] = float(np.mean(entry[order] == 1))
    assert shares["none"] < 0.3
    assert shares["entry"] == pytest.approx(0.5, abs=1 / len(entry))


def test_batches_hold_both_views_and_every_test_pick_once(blobs, cache):
    data = ready(blobs, cache)
    batches = list(data.test_dataloader())
    assert batches[0]["real"].shape == (16, 16, 16)
    assert batches[0]["region"].shape == (16, data.region, data.region)
    assert [i for b in batches for i in b["index"].tolist()] == list(range(len(data.datasets["test"])))
    train = next(iter(data.train_dataloader()))
    assert train["label"].shape == (8,)


def test_picks_that_cannot_be_cut_are_counted_and_never_moved(tmp_path, cache):
    root = tmp_path / "data"
    write_blobs(root / "10000")
    bad = np.array([[-9.0, 50.0], [2.0, 50.0], [75.0, 80.0], [75.0, 81.0], [148.0, 3.0]])
    write_picks(root / "10000", "m0", bad, shape=SHAPE, frame="cryoppp", kind="bad")
    before = ready_dropped(root, cache)
    write_picks(root / "10000", "m0", bad[2:4], shape=SHAPE, frame="cryoppp", kind="bad")
    after = ready_dropped(root, cache)
    assert before["off the micrograph"] - after["off the micrograph"] == 1
    assert before["too near its edge"] - after["too near its edge"] == 2


def ready_dropped(root, cache):
    data = ready(root, cache)
    kept = {tuple(row) for split in data.datasets.values() for row in split.picks[["row", "col"]].to_numpy()}
    assert {(75.0, 80.0), (75.0, 81.0)} <= kept
    return data.dropped


def test_a_margin_keeps_the_same_picks_for_two_patch_sizes(blobs, cache):
    small, large = (ready(blobs, cache, patch=patch, margin=60) for patch in (16, 24))
    for split in small.datasets:
        assert small.datasets[split].picks.equals(large.datasets[split].picks)
    without = [sum(map(len, ready(blobs, cache, patch=p).datasets.values())) for p in (16, 40)]
    assert without[0] > without[1]


def test_every_kept_pick_can_be_cut_at_the_edge_too(blobs, cache):
    for patch in (15, 16):
        data = ready(blobs, cache, patch=patch, spectrum={"kind": "plain"})
        for dataset in data.datasets.values():
            assert dataset.__getitems__(list(range(len(dataset))))["real"].shape[1:] == (patch, patch)


def test_fine_and_coarse_entries_share_a_data_set(tmp_path, cache):
    write_blobs(tmp_path / "10000", count=3)
    write_blobs(tmp_path / "10001", count=3, pixel_size=2.5)
    data = ready(tmp_path, cache, pixel_size=2.5)
    dataset = data.datasets["train"]
    batch = dataset.__getitems__(list(range(len(dataset))))
    entry = np.array([dataset.micrographs[i].entry for i in dataset.picks["micrograph"]])
    assert (batch["measured"].numpy() == (entry == "10000")).all()
    assert not batch["region"][~batch["measured"]].any()
    assert set(entry) == {"10000", "10001"}


def test_names_that_look_like_numbers_are_names(tmp_path, cache):
    write_blobs(tmp_path / "10000")
    write_blobs(tmp_path / "10001")
    data = ready(tmp_path, cache, entries=[10001], pixel_sizes={10001: 1.6})
    assert {micrograph.entry for micrograph in data.datasets["test"].micrographs} == {"10001"}
    assert data.prepared().pixel_sizes == [1.6] * 6


def test_everything_left_out_is_counted_and_logged(tmp_path, cache, caplog):
    root = tmp_path / "data/10000"
    write_blobs(root, count=8)
    for path in root.rglob("m0*.csv"):
        path.unlink()
    (root / "micrographs/m1.mrc").write_text("<html>gone</html>")
    bad = root / "ground_truth/false_positives/m2_false_positives.csv"
    bad.write_text(bad.read_text() + "nan,5,12\n-3,5,12\n5,,12\n")
    for _ in range(2):  # once while it is built, once from the cache
        caplog.clear()
        dropped = ready(tmp_path / "data", cache).dropped
        assert dropped["not a position"] == 3
        assert dropped["micrographs skipped"] == 1
        assert dropped["micrographs without picks"] == 1
        (line,) = [line for line in caplog.messages if line.startswith("left out: ")]
        assert "3 not a position, 1 micrographs skipped, 1 micrographs without picks" in line
        assert "10000: no pick file for m0" in caplog.messages


def test_doubts_about_frame_and_scale_are_logged_by_every_run(tmp_path, cache, caplog):
    write_blobs(tmp_path / "10345", pixel_size=0.673, frame="top")
    for _ in range(2):
        caplog.clear()
        ready(tmp_path, cache, frame="cryoppp", spectrum={"kind": "plain"})
        assert '10345: the picks fit frame "top"' in caplog.text
        assert "0.673 Å/px is known to be wrong; set data.pixel_sizes={10345:1.345}" in caplog.text


def test_a_class_without_examples_is_named(tmp_path, cache):
    root = write_blobs(tmp_path / "data/10000")
    for path in (root / "ground_truth/false_positives").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="split holds no BAD pick"):
        ready(tmp_path / "data", cache)


def test_one_micrograph_cannot_be_split(tmp_path, cache):
    write_blobs(tmp_path / "data/10000", count=1)
    with pytest.raises(InputError, match="give at least three"):
        ready(tmp_path / "data", cache)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"patch": 0}, "patch=0: must be at least 8 px"),
        ({"pixel_size": 0.0}, "pixel_size=0.0: must be positive"),
        ({"patch": 200}, r"patch=200: no pick keeps the \d+ Å .*use a smaller patch"),
        ({"frame": "up"}, "data.frame=up: unknown"),
        ({"entries": ["10009"]}, "no entry 10009; there are 10000"),
        ({"split": SPLIT | {"train": 0.9}}, "data.split: the fractions"),
    ],
)
def test_impossible_settings_are_named(blobs, cache, changes, said):
    with pytest.raises(InputError, match=said):
        ready(blobs, cache, **changes)


@pytest.mark.parametrize("how", ["drop", "flip"])
def test_suspects_are_cleaned_from_training_and_validation_alone(blobs, cache, tmp_path, how):
    before = {split: dataset.picks for split, dataset in ready(blobs, cache).datasets.items()}
    first = [f"10000,m{row.micrograph},{row.row},{row.col},{'GOOD' if row.label == 0 else 'BAD'},"
             f"{'BAD' if row.label == 0 else 'GOOD'}"
             for picks in before.values() for row in picks.iloc[[0, -1]].itertuples()]  # fmt: skip
    listing = tmp_path / "suspects.csv"
    listing.write_text("\n".join(["entry,micrograph,row,col,label,suggested", *first]) + "\n")
    data = ready(blobs, cache, suspects=str(listing), cleaning=how)
    for split, dataset in data.datasets.items():
        kept, all_of_it = dataset.picks, before[split]
        if split == "test":
            assert kept.equals(all_of_it)
        elif how == "drop":
            assert kept.equals(all_of_it.iloc[1:-1].reset_index(drop=True))
        else:
            assert (kept["label"] != all_of_it["label"]).to_numpy().nonzero()[0].tolist() == [
                0,
                len(kept) - 1,
            ]
    assert data.dropped.get("suspect labels") == (4 if how == "drop" else None)


def test_a_missing_root_is_named(tmp_path, cache):
    with pytest.raises(InputError, match="nowhere: no such folder"):
        ready(tmp_path / "nowhere", cache)
