"""Checkpoints are found, read as data only, and refused with a reason."""

import os
import pickle
from pathlib import Path

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
from cryoice.experiment.evaluate import evaluate
from training import compose_config


class Code:
    def __reduce__(self):
        return (os.mkdir, ("pwned",))


def test_last_is_the_newest_run_of_a_name_or_of_a_sweep(tmp_path):
    for age, run in enumerate(("a/1", "a/2", "sweeps/b/1/0")):
        path = tmp_path / run / "checkpoints/last.ckpt"
        path.parent.mkdir(parents=True)
        path.touch()
        os.utime(path, (age, age))
        assert find_checkpoint("last", outputs=tmp_path, name=LAST, finished=False) == path


def test_a_path_is_taken_as_it_is_and_must_exist(tmp_path):
    path = tmp_path / "mine.ckpt"
    with pytest.raises(InputError, match="no such file"):
        find_checkpoint(str(path), outputs=tmp_path, name=LAST, finished=False)
    path.touch()
    assert find_checkpoint(str(path), outputs=tmp_path, name=LAST, finished=False) == path


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


def test_last_is_an_unfinished_run_to_train_and_a_finished_one_to_evaluate(tmp_path):
    paths = {}
    for age, run in enumerate(("stopped", "done", "stopped_too", "done_too")):
        paths[run] = tmp_path / run / "checkpoints/last.ckpt"
        paths[run].parent.mkdir(parents=True)
        paths[run].touch()
        os.utime(paths[run], (age, age))
        if run.startswith("done"):
            (tmp_path / run / "metrics.json").touch()
    found = {
        done: find_checkpoint("last", outputs=tmp_path, name=LAST, finished=done) for done in (False, True)
    }
    assert found == {False: paths["stopped_too"], True: paths["done_too"]}


@pytest.mark.parametrize(
    ("finished", "said"), [(True, "is left to continue, all have finished"), (False, "has finished")]
)
def test_there_may_be_no_run_of_the_kind_that_last_means(tmp_path, finished, said):
    (tmp_path / "a/checkpoints").mkdir(parents=True)
    (tmp_path / "a/checkpoints/last.ckpt").touch()
    if finished:
        (tmp_path / "a/metrics.json").touch()
    with pytest.raises(InputError, match=f"ckpt=last: no run under .* {said}"):
        find_checkpoint("last", outputs=tmp_path, name=LAST, finished=not finished)


BEFORE = {
    "patch": 16,
    "name": "a",
    "logger": {"kind": "csv"},
    "data": {"cache": "here", "jobs": 1, "num_workers": 0, "root": "data", "margin": None},
    "trainer": {"enable_progress_bar": True, "log_every_n_steps": 1, "max_epochs": 2},
}


def changed(key, value):
    group, _, name = key.partition(".")
    return BEFORE | {group: BEFORE[group] | {name: value} if name else value}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "b"),
        ("logger.kind", "none"),
        ("data.cache", "there"),
        ("data.jobs", 2),
        ("data.num_workers", 4),
        ("data.root", str(Path.cwd() / "data")),
        ("trainer.enable_progress_bar", False),
        ("trainer.log_every_n_steps", 5),
    ],
)
def test_settings_that_do_not_touch_the_weights_may_differ(tmp_path, key, value):
    now = changed(key, value)
    assert now != BEFORE
    require_same_settings({SETTINGS: BEFORE}, now, tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("patch", 32), ("data.root", "/elsewhere"), ("data.margin", 3), ("trainer.max_epochs", 9)],
)
def test_settings_that_touch_the_weights_may_not_differ(tmp_path, key, value):
    with pytest.raises(InputError, match=rf"{key}=.*{value} \(was "):
        require_same_settings({SETTINGS: BEFORE}, changed(key, value), tmp_path)


def test_the_command_to_continue_keeps_the_overrides_and_quotes_them(tmp_path):
    said = continuation(tmp_path / "last.ckpt", overrides=["data.entries=[a b]", "ckpt=last"])
    assert said == f"python train.py 'data.entries=[a b]' ckpt={tmp_path}/last.ckpt"
