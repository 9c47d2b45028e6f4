"""What W&B keeps of a whole sweep, read from its own record."""

import json

import pytest

from training import run_program, tiny
from wandb_records import read_record, record_chunks


@pytest.mark.slow
def test_a_sweep_is_kept_offline_as_one_group_with_everything_in_it(blobs, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    overrides = tiny(blobs, cache, "trainer.max_epochs=1", "logger=wandb", "seed=0,1")
    done = run_program("train", "-m", *overrides, f"hydra.sweep.dir={tmp_path}/sweep")
    assert done.returncode == 0, done.stderr
    records = sorted(tmp_path.glob("sweep/[01]/wandb/offline-run-*/run-*.wandb"))
    assert len(records) == 2
    started, configs = zip(*(read_record(path) for path in records), strict=True)
    assert [one["group"] for one in started] == ["sweep-train"] * 2
    assert [one["seed"] for one in configs] == [0, 1]
    assert configs[0]["data"]["patch"] == configs[0]["patch"] == 16
    assert "${" not in json.dumps(configs)
    for record in records:
        raw = b"".join(record_chunks(record.read_bytes()))
        for held in WANDB_KEYS:
            assert held.encode() in raw, held
        assert list(record.parent.glob("files/media/images/samples/real*.png"))
        figures = {path.name[:2] for path in record.parent.glob("files/media/images/figures/*.png")}
        assert figures >= {"a_", "b_", "c_", "d_", "e_"}
        if "f_" in figures:  # where so small a network doubts any label
            assert b"tables/suspects" in raw


WANDB_KEYS = (
    "charts/roc", "charts/precision_recall", "charts/confusion", "samples/real", "samples/spectrum",
    "figures/d_performance", "train/loss", "train/accuracy", "val/auroc", "test/auroc", "model-",
)  # fmt: skip
