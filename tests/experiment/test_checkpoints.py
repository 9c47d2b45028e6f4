"""Checkpoints are found, read as data only, and refused with a reason."""

import os
import pickle

import pytest
import torch

from cryoice.errors import InputError
from cryoice.experiment.callbacks import LAST, SETTINGS
from cryoice.experiment.checkpoints import (
    continuation,
    find_checkpoint,
    read_checkpoint,
    require_same_settings,
)


class Code:
    def __reduce__(self):
        return (os.mkdir, ("pwned",))


def test_last_is_the_newest_run_of_a_name_or_of_a_sweep(tmp_path):
    for age, run in enumerate(("a/1", "a/2", "sweeps/b/1/0")):
        path = tmp_path / run / "checkpoints/last.ckpt"
        path.parent.mkdir(parents=True)
        path.touch()
        os.utime(path, (age, age))
        assert find_checkpoint("last", outputs=tmp_path, name=LAST) == path


def test_a_path_is_taken_as_it_is_and_must_exist(tmp_path):
    path = tmp_path / "mine.ckpt"
    with pytest.raises(InputError, match="no such file"):
        find_checkpoint(str(path), outputs=tmp_path, name=LAST)
    path.touch()
    assert find_checkpoint(str(path), outputs=tmp_path, name=LAST) == path


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


@pytest.mark.parametrize("content", [{"state_dict": {}}, [1, 2]])
def test_another_programs_checkpoint_is_named_as_such(tmp_path, content):
    torch.save(content, tmp_path / "other.ckpt")
    with pytest.raises(InputError, match="without this project's settings"):
        read_checkpoint(tmp_path / "other.ckpt")


def test_settings_that_do_not_touch_the_weights_may_differ(tmp_path):
    before = {"patch": 16, "name": "a", "bootstrap": 10, "cache": "here", "data": {"cache": "here", "n": 1}}
    now = {"patch": 16, "name": "b", "bootstrap": 20, "cache": "there", "data": {"cache": "there", "n": 1}}
    require_same_settings({SETTINGS: before}, now, tmp_path)
    with pytest.raises(InputError, match=r"data\.n=2 \(was 1\)"):
        require_same_settings({SETTINGS: before}, now | {"data": {"cache": "there", "n": 2}}, tmp_path)


def test_the_command_to_continue_keeps_the_overrides_and_quotes_them(tmp_path):
    said = continuation(tmp_path / "last.ckpt", overrides=["data.entries=[a b]", "ckpt=last"])
    assert said == f"python train.py 'data.entries=[a b]' ckpt={tmp_path}/last.ckpt"
