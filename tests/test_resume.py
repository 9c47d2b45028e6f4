"""A training that was stopped and resumed is the training that was never stopped."""

import os
import signal

import pytest
import torch
from pytorch_lightning import Callback

from cryoice.errors import InputError
from cryoice.experiment import run as run_module
from cryoice.experiment.callbacks import Stopped
from cryoice.experiment.run import train
from cryoice.report.curves import read_history
from training import compose_config, tiny

BATCHES = 5  # of 16 picks in an epoch of the tiny training
EPOCHS = 2


class SignalAt(Callback):
    """Sends this process a signal amid a training step or a validation."""

    def __init__(self, number, *, epoch, batch, stage):
        self.number, self.epoch, self.batch, self.stage = number, epoch, batch, stage

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if self.stage == "train" and (trainer.current_epoch, batch_idx) == (self.epoch, self.batch):
            os.kill(os.getpid(), self.number)

    def on_validation_batch_start(self, trainer, pl_module, batch, batch_idx, dataloader_idx=0):
        if self.stage == "val" and not trainer.sanity_checking and trainer.current_epoch == self.epoch:
            os.kill(os.getpid(), self.number)


@pytest.fixture(scope="module")
def overrides(blobs, cache):
    return tiny(
        blobs, cache, f"trainer.max_epochs={EPOCHS}", "model.dropout=0.5", "optimizer.weight_decay=0.01"
    )


def state(folder, name="last.ckpt"):
    return torch.load(folder / "checkpoints" / name, weights_only=True)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@pytest.fixture
def only_training(monkeypatch):
    monkeypatch.setattr(run_module, "report_outcome", lambda *args, **kwargs: None)


@pytest.fixture(scope="module")
def uninterrupted(overrides, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "report_outcome", lambda *args, **kwargs: None)
        value = train(compose_config(*overrides, run_dir=folder))
    return folder, value


@pytest.fixture(scope="module")
def resumed(overrides, tmp_path_factory):
    folder = tmp_path_factory.mktemp("resumed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "report_outcome", lambda *args, **kwargs: None)
        callback = SignalAt(signal.SIGTERM, epoch=1, batch=1, stage="train")
        interrupted(overrides, folder / "a", callback, patch)
        train(compose_config(*overrides, "ckpt=last", run_dir=folder / "b"))
    return folder / "b"


def interrupted(overrides, folder, callback, monkeypatch):
    original = run_module.training_callbacks

    def with_signal(settings, **places):
        best, callbacks = original(settings, **places)
        return best, [callback, *callbacks]

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "training_callbacks", with_signal)
        with pytest.raises((Stopped, RuntimeError)) as stopped:
            train(compose_config(*overrides, run_dir=folder))
    return stopped.value


def assert_same_run(folder, whole):
    for name in ("last.ckpt", "best.ckpt"):
        ours, theirs = state(folder, name), state(whole, name)
        assert same(ours["state_dict"], theirs["state_dict"])
        assert (ours["epoch"], ours["global_step"]) == (theirs["epoch"], theirs["global_step"])
        assert ours["lr_schedulers"] == theirs["lr_schedulers"]
        assert str(ours["optimizer_states"]) == str(theirs["optimizer_states"])


def test_a_training_stopped_amid_an_epoch_continues_as_if_it_never_stopped(resumed, uninterrupted):
    assert_same_run(resumed, uninterrupted[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "epoch", "batch", "stage", "more"),
    [
        pytest.param(signal.SIGINT, 0, 0, "train", (), id="first step"),
        pytest.param(signal.SIGTERM, 0, BATCHES - 1, "train", (), id="last step"),
        pytest.param(signal.SIGTERM, 0, 0, "val", (), id="validation"),
        pytest.param(signal.SIGTERM, 1, 2, "train", ("data.num_workers=2",), id="workers"),
    ],
)
def test_a_training_stopped_anywhere_continues_as_if_it_never_stopped(
    overrides, uninterrupted, only_training, monkeypatch, tmp_path, number, epoch, batch, stage, more
):
    callback = SignalAt(number, epoch=epoch, batch=batch, stage=stage)
    stopped = interrupted((*overrides, *more), tmp_path / "a", callback, monkeypatch)
    assert isinstance(stopped, Stopped)
    assert stopped.code == 128 + number
    steps = epoch * BATCHES + batch + 1 if stage == "train" else (epoch + 1) * BATCHES
    assert state(tmp_path / "a")["global_step"] == steps
    value = train(compose_config(*overrides, *more, "ckpt=last", run_dir=tmp_path / "b"))
    assert value == uninterrupted[1]
    assert_same_run(tmp_path / "b", uninterrupted[0])


def test_a_resumed_run_keeps_the_history_of_what_it_continues(resumed, uninterrupted):
    whole, continued = (read_history(folder).set_index("step") for folder in (uninterrupted[0], resumed))
    assert continued["val/auroc"].dropna().to_dict() == whole["val/auroc"].dropna().to_dict()
    losses, expected = (table["train/loss_step"].dropna().to_dict() for table in (continued, whole))
    assert losses.items() <= expected.items()
    assert len(losses) == len(expected) - 1  # the step that was stopped behind is not logged any more


def test_a_stop_does_not_touch_the_best_checkpoint(resumed):
    stopped = resumed.with_name("a")
    assert state(stopped, "best.ckpt")["global_step"] == BATCHES
    assert state(stopped, "last.ckpt")["global_step"] == BATCHES + 2
    assert sorted(path.name for path in (stopped / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]


def test_an_error_amid_a_step_leaves_the_last_whole_epoch(overrides, only_training, monkeypatch, tmp_path):
    class Fails(Callback):
        def on_before_optimizer_step(self, trainer, pl_module, optimizer):
            if trainer.global_step == BATCHES + 1:
                raise RuntimeError("out of memory")

    assert isinstance(interrupted(overrides, tmp_path, Fails(), monkeypatch), RuntimeError)
    assert state(tmp_path)["global_step"] == BATCHES


def test_signals_are_given_back(overrides, uninterrupted):
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_other_settings_are_refused_by_name(overrides, uninterrupted, tmp_path):
    checkpoint = uninterrupted[0] / "checkpoints/last.ckpt"
    config = compose_config(
        *overrides, f"ckpt={checkpoint}", "batch_size=8", "optimizer.lr=1e-2", run_dir=tmp_path
    )
    with pytest.raises(InputError, match=r"other settings: batch_size=8 \(was 16\).*optimizer.lr=0.01"):
        train(config)


def test_there_is_nothing_to_continue_without_a_run(overrides, tmp_path):
    with pytest.raises(InputError, match="ckpt=last: no run under"):
        train(compose_config(*overrides, "ckpt=last", run_dir=tmp_path / "a"))
