"""Gradient accumulation, bf16 and compilation: what they change, and what they do not."""

import signal

import pytest
import torch

from cryoice.errors import InputError
from cryoice.experiment import run as run_module
from cryoice.experiment.checkpoints import require_same_settings
from cryoice.experiment.run import train
from cryoice.experiment.settings import plain_settings
from cryoice.experiment.tasks import load_module
from cryoice.learn.checkpoint_file import SETTINGS, read_checkpoint
from cryoice.report.curves import read_history
from many_devices import frozen
from test_resume import BATCHES, SignalAt, assert_same_run, interrupted, state
from training import compose_config, run_program, tiny

pytestmark = pytest.mark.slow

BF16, COMPILED = "trainer.precision=bf16-mixed", "compile=true"
AS_THEY_ARE = ("augment.d4=false", "augment.gain=0", "augment.offset=0", "model.dropout=0")
SGD = ("optimizer._target_=torch.optim.SGD", "optimizer.lr=0.5")


@pytest.fixture(autouse=True)
def only_training(monkeypatch):
    monkeypatch.setattr(run_module, "report_outcome", lambda *args, **kwargs: None)


def test_two_batches_of_half_the_size_are_one_step_of_a_whole_one(blobs, cache, tmp_path, monkeypatch):
    build = run_module.build_module
    monkeypatch.setattr(run_module, "build_module", lambda settings: frozen(build(settings)))
    few = ("trainer.max_epochs=1", "+trainer.limit_train_batches={}", *AS_THEY_ARE, *SGD)
    for name, more in {
        "whole": ("batch_size=16", few[1].format(4)),
        "halves": ("batch_size=8", few[1].format(8), "trainer.accumulate_grad_batches=2"),
    }.items():
        train(compose_config(*tiny(blobs, cache, few[0], *few[2:], *more), run_dir=tmp_path / name))
    whole, halves = (state(tmp_path / name) for name in ("whole", "halves"))
    assert whole["global_step"] == halves["global_step"] == 4
    for key, value in whole["state_dict"].items():
        torch.testing.assert_close(halves["state_dict"][key], value, rtol=1e-4, atol=1e-6)


def test_a_stop_waits_for_the_end_of_the_window_and_the_run_continues_exactly(
    blobs, cache, tmp_path, monkeypatch
):
    overrides = tiny(blobs, cache, "trainer.accumulate_grad_batches=2", "model.dropout=0.5")
    train(compose_config(*overrides, run_dir=tmp_path / "whole"))
    steps = BATCHES // 2 + 1  # the last window of an epoch holds one batch
    losses = read_history(tmp_path / "whole").dropna(subset="train/loss_step")["step"].tolist()
    assert losses == list(range(2 * steps))
    at = SignalAt(signal.SIGTERM, epoch=1, batch=2, stage="train")
    interrupted(overrides, tmp_path / "a", at, monkeypatch)
    assert state(tmp_path / "a")["global_step"] == steps + 2
    train(compose_config(*overrides, "ckpt=last", run_dir=tmp_path / "b"))
    assert_same_run(tmp_path / "b", tmp_path / "whole")


def test_the_weights_have_the_same_names_and_types_and_nearly_the_same_loss(blobs, cache, tmp_path):
    few = ("trainer.max_epochs=1", "model.dropout=0", "model.depth=1", "report=scores")
    for name, more in {"plain": (), "bf16": (BF16,)}.items():
        train(compose_config(*tiny(blobs, cache, *few, *more), run_dir=tmp_path / name))
    given = tiny(blobs, cache, *few, COMPILED)
    done = run_program("train", *given, f"hydra.run.dir={tmp_path / 'compiled'}")
    assert done.returncode == 0, done.stderr
    plain = state(tmp_path / "plain")["state_dict"]
    loss = read_history(tmp_path / "plain")["val/loss"].dropna().item()
    for name, rel in {"bf16": 0.02, "compiled": 1e-3}.items():
        changed = state(tmp_path / name)["state_dict"]
        assert {key: value.dtype for key, value in changed.items()} == {
            key: value.dtype for key, value in plain.items()
        }
        assert read_history(tmp_path / name)["val/loss"].dropna().item() == pytest.approx(loss, rel=rel)
        path = tmp_path / name / "checkpoints/last.ckpt"
        load_module(path, read_checkpoint(path)[SETTINGS])


def test_a_compiled_run_is_continued_without_compiling(blobs, cache, tmp_path):
    overrides = tiny(blobs, cache)
    before, now = (
        plain_settings(compose_config(*overrides, f"compile={value}", run_dir=tmp_path))
        for value in ("true", "false")
    )
    assert (before["compile"], now["compile"]) == (True, False)
    require_same_settings({SETTINGS: before}, now, tmp_path)
    with pytest.raises(InputError, match="cannot continue with other settings: patch=24"):
        require_same_settings({SETTINGS: before}, now | {"patch": 24}, tmp_path)
