"""How a run that ended early is told: to W&B, to its sweep's agent, and by its exit status."""

import signal
import sys

import pytest
import pytorch_lightning as pl

from cryoice.errors import InputError
from cryoice.experiment import run as run_module
from cryoice.experiment.callbacks import LastCheckpoint, Stopped
from cryoice.experiment.tracking import KILLED
from training import compose_config, tiny
from wandb_records import exit_code

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture
def handlers():
    """Return what handles the signals; it does again afterwards."""
    before = [signal.getsignal(number) for number in SIGNALS]
    yield before
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("fault", "agent", "told", "status"),
    [
        (InputError("no micrographs"), False, 1, None),
        (KeyboardInterrupt(), False, KILLED, None),
        (SystemExit(1), False, 1, 1),
        (Stopped(143), False, KILLED, 143),
        (Stopped(143), True, KILLED, 0),
    ],
)
@pytest.mark.usefixtures("handlers")
def test_the_end_of_a_run_is_told(fault, agent, told, status, blobs, cache, tmp_path, monkeypatch, caplog):
    def ends(*_, **__):
        raise fault

    monkeypatch.setenv("WANDB_MODE", "offline")
    if agent:
        monkeypatch.setenv("WANDB_SWEEP_ID", "sweep42")
    monkeypatch.setattr(run_module, "_fit", ends)
    config = compose_config(*tiny(blobs, cache, "logger=wandb"), run_dir=tmp_path / "run")
    with pytest.raises(type(fault)) as caught:
        run_module.train(config)
    assert getattr(caught.value, "code", None) == status
    (record,) = tmp_path.glob("run/wandb/offline-run-*/run-*.wandb")
    assert exit_code(record) == told
    assert ("to continue: " in caplog.text) == isinstance(fault, Stopped)
    assert (signal.getsignal(signal.SIGTERM) == signal.SIG_IGN) == agent  # the agent's other one may come


def test_an_exit_out_of_an_interrupt_is_a_stop(tmp_path, monkeypatch):
    codes = []
    monkeypatch.setattr(run_module, "finish", lambda loggers, exit_code: codes.append(exit_code))

    def exits():
        """Do as Lightning does."""
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            sys.exit(1)

    with pytest.raises(SystemExit), run_module._finished([], last=tmp_path):
        exits()
    assert codes == [KILLED]


def test_another_signal_is_no_second_one(tmp_path, handlers):
    last = LastCheckpoint(tmp_path / "last.ckpt")
    told = pl.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu"), pl.LightningModule()
    last.on_train_start(*told)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    last.on_train_end(*told)
    assert [signal.getsignal(number) for number in SIGNALS] == handlers
