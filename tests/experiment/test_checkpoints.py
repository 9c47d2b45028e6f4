"""Checkpoints are found, and refused with a reason where they cannot be continued."""

import os
from pathlib import Path

import pytest

from cryoice.errors import InputError
from cryoice.experiment.callbacks import LAST
from cryoice.experiment.checkpoints import (
    continuation,
    find_checkpoint,
    require_same_settings,
)
from cryoice.learn.checkpoint_file import SETTINGS


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
