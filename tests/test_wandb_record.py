"""What W&B keeps of a whole sweep, read from its own record."""

import json
import struct

import pytest

from training import run_program, tiny


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


def read_record(path):
    """Return how a run was started and its config, from W&B's own record."""
    from wandb.proto.wandb_internal_pb2 import Record

    for chunk in record_chunks(path.read_bytes()):
        record = Record.FromString(chunk)
        if record.WhichOneof("record_type") == "run":
            config = {item.key: json.loads(item.value_json) for item in record.run.config.update}
            return {"group": record.run.run_group, "name": record.run.display_name}, config
    raise AssertionError(f"{path} holds no run")


def record_chunks(raw, block=32768, header=7):
    """Yield the messages of a W&B file: LevelDB's log format behind 7 bytes of its own."""
    at, message = 7, b""
    while at + header <= len(raw):
        if block - at % block < header:  # a header never spans two blocks
            at += block - at % block
            continue
        length, kind = struct.unpack_from("<HB", raw, at + 4)
        message += raw[at + header : at + header + length]
        at += header + length
        if kind in (1, 4):  # whole, or the last part
            yield message
            message = b""
