"""What a user gave wrongly is one line: key, fault and remedy."""

import subprocess
import sys

import pytest
from hydra.errors import HydraException, InstantiationException

from cryoice.errors import InputError
from cryoice.experiment import command_line
from cryoice.experiment.command_line import composition_fault, one_line_composition, one_line_errors
from training import CONF, compose_config, sweep_params


def caused_by(cause, message="Error in call to target 'torch.optim.adam.Adam':\nrepr"):
    error = InstantiationException(message)
    error.__cause__ = cause
    return error


@pytest.fixture
def single(tmp_path):
    compose_config("data.root=x", "data=cryoppp", run_dir=tmp_path)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("patch=0: too small"), "error: patch=0: too small"),
        (caused_by(InputError("patch=0: too small")), "error: patch=0: too small"),
        (caused_by(ValueError("Invalid\n rate")), "error: optimizer: Invalid rate"),
        (caused_by(TypeError("no"), "Error in call to target 'mine.Net':"), "error: mine.Net: no"),
    ],
)
def test_what_the_user_gave_wrong_is_one_line(single, error, said):
    with pytest.raises(SystemExit, match=f"^{said}$"), one_line_errors():
        raise error


def test_in_a_sweep_the_line_goes_to_hydra_so_that_the_other_jobs_run(tmp_path):
    compose_config("data.root=x", "data=cryoppp", run_dir=tmp_path, mode="MULTIRUN")
    with pytest.raises(InputError, match=r"^optimizer: bad$"), one_line_errors():
        raise caused_by(ValueError("bad"))


@pytest.mark.parametrize(
    "error", [KeyError("ours"), InstantiationException("a library's"), caused_by(KeyError("ours"))]
)
def test_our_own_faults_keep_their_traceback(single, error):
    with pytest.raises(type(error)), one_line_errors():
        raise error


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("patch=abc", "patch=abc: must be a whole number"),
        ("patch=64.5", "patch=64.5: must be a whole number"),
        ("pixel_size=abc", "pixel_size=abc: must be a number"),
        ("augment.d4=maybe", "augment.d4=maybe: must be true or false"),
        ("augment=3", "augment=3: must be a group of keys"),
        ("name=null", "name=null: must be something else than null"),
        ("model=foo", "model=foo: choose from baseline, deep, resnet18, shallow, two_stream"),
        ("data=foo", "data=foo: choose from cryoppp, own_masks, own_picks, pixels, synthetic"),
        ("optimizer.lrr=1", "optimizer.lrr: no such key; did you mean optimizer.lr?"),
        ("optimiser.lr=1", "optimiser: no such key; did you mean optimizer?"),
        ("pach=64", "pach: no such key; did you mean patch?"),
        ("loss.colour=1", "loss.colour: no such key; loss has class_weights, label_smoothing"),
        ("data.frame.x=1", "data.frame.x: no such key"),
        ("data.entries=[a", "data.entries=[a: cannot be read; write key=value"),
        ("optimizer.lr", "optimizer.lr: cannot be read; write key=value"),
        ("patch=64,128", "patch=64,128: several values make a sweep; add -m"),
        ("~nothing", "Could not delete from config. 'nothing' does not exist."),
    ],
)
def test_a_config_that_does_not_compose_is_named_by_its_key(tmp_path, override, said):
    with pytest.raises(HydraException) as fault:
        compose_config(override, run_dir=tmp_path)
    assert composition_fault(fault.value).startswith(said)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("split=leave_one_entry_out", "data=cryoppp"), "data.root: has no value; leaving one entry out"),
        (("split=leave_one_entry_out", "data=cryoppp", "data.root=nowhere"), "nowhere: no such folder"),
        (("split=folds", "data.split.folds=many"), "data.split.folds=many: must be a whole number"),
    ],
)
def test_a_sweep_over_what_is_not_there_is_one_line(monkeypatch, overrides, said):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    with pytest.raises(SystemExit, match=f"^error: {said}"), one_line_composition():
        sweep_params(*overrides)


def test_hydras_faults_end_the_program_but_not_a_bug(monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    with pytest.raises(SystemExit, match=r"^error: a key$"), one_line_composition():
        raise HydraException("a key\nand more")
    with pytest.raises(SystemExit, match=r"^error: a group of the config"), one_line_composition():
        raise ValueError("Config group override must be a string or a list. Got int")
    with pytest.raises(ValueError, match="ours"), one_line_composition():
        raise ValueError("ours")


def test_a_user_who_wants_tracebacks_gets_them(single, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr(command_line, "WANTS_TRACEBACKS", True)
    with pytest.raises(HydraException), one_line_composition():
        raise HydraException("a key")
    with pytest.raises(InputError), one_line_errors():
        raise InputError("a key")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train.py", "model=foo"), "error: model=foo: choose from baseline"),
        (("train.py", "-m", "patch=64,abc"), "error: patch=abc: must be a whole number"),
        (("train.py", "model=3"), "error: a group of the config was given a number"),
        (("evaluate.py", "data.rot=x"), "error: data.rot: no such key; did you mean data.root?"),
    ],
)
def test_a_program_says_it_in_one_line_with_status_1(arguments, said, tmp_path):
    command = [sys.executable, *arguments, f"hydra.run.dir={tmp_path}", f"hydra.sweep.dir={tmp_path}"]
    done = subprocess.run(command, cwd=CONF.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
