"""The best checkpoint moves with a run that is continued elsewhere."""

import logging
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from cryoice.experiment.callbacks import BestCheckpoint, training_callbacks


def best(folder, resume=None):
    return BestCheckpoint(folder, metric="val/auroc", mode="max", resume=resume)


@pytest.fixture
def earlier(tmp_path):
    (tmp_path / "a").mkdir()
    keeper = best(tmp_path / "a")
    path = tmp_path / "a/best.ckpt"
    keeper.best_model_path, keeper.best_model_score = str(path), torch.tensor(0.75)
    keeper.best_k_models = {str(path): torch.tensor(0.75)}
    keeper.kth_best_model_path, keeper.kth_value = str(path), torch.tensor(0.75)
    return keeper.state_dict()


def test_the_best_so_far_is_copied_with_its_score(tmp_path, earlier):
    (tmp_path / "a/best.ckpt").write_bytes(b"weights")
    keeper = best(tmp_path / "b", resume=tmp_path / "a/last.ckpt")
    keeper.load_state_dict(earlier)
    path = tmp_path / "b/best.ckpt"
    assert path.read_bytes() == b"weights"
    assert keeper.best_model_path == keeper.kth_best_model_path == str(path)
    assert keeper.best_model_score == 0.75
    assert list(keeper.best_k_models) == [str(path)]


def test_a_run_continued_in_its_own_folder_copies_nothing(tmp_path, earlier):
    (tmp_path / "a/best.ckpt").write_bytes(b"weights")
    keeper = best(tmp_path / "a", resume=tmp_path / "a/last.ckpt")
    keeper.load_state_dict(earlier)
    assert keeper.best_model_score == 0.75


def test_without_the_earlier_best_the_search_begins_anew(tmp_path, earlier, caplog):
    keeper = best(tmp_path / "b", resume=tmp_path / "a/last.ckpt")
    with caplog.at_level(logging.WARNING):
        keeper.load_state_dict(earlier)
    assert keeper.best_model_score is None
    assert "the best is sought anew" in caplog.text


@pytest.mark.parametrize("kind", [ModelCheckpoint, EarlyStopping])
def test_epochs_of_a_warm_up_are_neither_kept_nor_counted(kind, tmp_path, monkeypatch):
    counted = []
    for name in ("on_validation_end", "on_train_epoch_end"):
        monkeypatch.setattr(kind, name, lambda self, trainer, module: counted.append(trainer.current_epoch))
    _, callbacks = training_callbacks(
        {"monitor": {"metric": "val/auroc", "mode": "max"}, "patience": 3}, folder=tmp_path, resume=None
    )
    (callback,) = (one for one in callbacks if isinstance(one, kind))
    warms_up, other = (MagicMock(spec=pl.LightningModule) for _ in range(2))
    warms_up.loss = SimpleNamespace(wants_validation=lambda epoch: epoch < 2)
    for epoch in range(4):
        trainer = MagicMock(spec=pl.Trainer, current_epoch=epoch)
        callback.on_validation_end(trainer, warms_up)
        callback.on_train_epoch_end(trainer, warms_up)
    assert counted == [2, 2, 3, 3]
    callback.on_validation_end(MagicMock(spec=pl.Trainer, current_epoch=0), other)
    assert counted[-1] == 0
