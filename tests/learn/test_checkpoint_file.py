"""Checkpoints are read as data only, and refused with a reason."""

import os
import pickle

import pytest
import torch

from cryoice.errors import InputError
from cryoice.experiment.evaluate import evaluate
from cryoice.learn.checkpoint_file import SETTINGS, read_checkpoint
from training import compose_config


class Code:
    def __reduce__(self):
        return (os.mkdir, ("pwned",))


@pytest.mark.parametrize(
    "content",
    [b"", b"not a checkpoint", b"PK\x03\x04 torn zip", pickle.dumps([1, 2], protocol=2), bytes(range(99))],
)
def test_a_corrupt_checkpoint_is_one_line(tmp_path, content):
    path = tmp_path / "best.ckpt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"best\.ckpt: .*give one that train\.py wrote"):
        read_checkpoint(path)


def test_a_truncated_checkpoint_is_one_line(tmp_path):
    path = tmp_path / "best.ckpt"
    torch.save({SETTINGS: {}, "weights": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="not a readable checkpoint"):
        read_checkpoint(path)


def test_a_checkpoint_with_code_is_refused_and_the_code_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({SETTINGS: {}, "state_dict": Code()}, "evil.ckpt")
    with pytest.raises(InputError, match="not a readable checkpoint"):
        read_checkpoint(tmp_path / "evil.ckpt")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "target",
    [
        "os.mkdir",
        "cryoice.experiment.checkpoints.shutil.rmtree",  # what a module of ours imports
        "cryoice.learn.networks.resnet18",
        "torch.optim.nothing",
        "pytorch_lightning.Trainer.fit",
        "${oc.env:HOME}",
        3,
    ],
)
@pytest.mark.parametrize("place", [SETTINGS, "hyper_parameters", "anywhere"])
def test_a_checkpoint_that_would_call_something_else_is_refused(tmp_path, place, target):
    path = tmp_path / "evil.ckpt"
    hidden = {"model": [{"depth": {"_target_": target, "path": str(tmp_path / "pwned")}}]}
    torch.save({SETTINGS: {}} | {place: hidden}, path)
    with pytest.raises(InputError, match=r"evil\.ckpt: (would call _target_=|holds an interpolation)"):
        read_checkpoint(path)


@pytest.mark.parametrize("key", ["_args_", "_partial_", "_call_"])
def test_a_checkpoint_may_not_change_how_a_class_is_called(tmp_path, key):
    torch.save({SETTINGS: {"model": {"_target_": "torch.optim.Adam", key: [1]}}}, tmp_path / "evil.ckpt")
    with pytest.raises(InputError, match=f"would call {key}="):
        read_checkpoint(tmp_path / "evil.ckpt")


def test_nothing_is_called_on_the_way_to_a_refusal(tmp_path):
    target = {"_target_": "os.mkdir", "path": str(tmp_path / "pwned")}
    torch.save({SETTINGS: {}, "hyper_parameters": {"model": target}}, tmp_path / "evil.ckpt")
    config = compose_config(f"ckpt={tmp_path}/evil.ckpt", run_dir=tmp_path, name="evaluate")
    with pytest.raises(InputError, match=r"_target_=os\.mkdir"):
        evaluate(config)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("content", [{"state_dict": {}}, [1, 2]])
def test_another_programs_checkpoint_is_named_as_such(tmp_path, content):
    torch.save(content, tmp_path / "other.ckpt")
    with pytest.raises(InputError, match="without this project's settings"):
        read_checkpoint(tmp_path / "other.ckpt")
