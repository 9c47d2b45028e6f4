"""The best checkpoint moves with a run that is continued elsewhere."""

import logging

import pytest
import torch

from cryoice.experiment.callbacks import BestCheckpoint


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
