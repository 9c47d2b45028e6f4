"""How a run ends for its user, and what it hands to the tracker."""

import pytest

from cryoice.errors import InputError
from cryoice.experiment.command_line import one_line_errors
from cryoice.experiment.evaluate import evaluate
from cryoice.experiment.output_folder import require_writable
from cryoice.experiment.run import build_data, build_module, train
from cryoice.experiment.settings import plain_settings
from training import compose_config, tiny


def test_a_folder_under_a_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"error: hydra\.run\.dir=.*cannot be made .*choose another"):
        require_writable(tmp_path / "file/run", key="hydra.run.dir")


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(SystemExit, match="cannot be written"):
        require_writable(tmp_path, key="hydra.run.dir")


def test_settings_become_the_data_and_the_module_they_name(blobs, cache, tmp_path):
    settings = plain_settings(compose_config(*tiny(blobs, cache), run_dir=tmp_path))
    data, module = build_data(settings), build_module(settings)
    assert (data.patch, data.batch_size) == (16, 16)
    assert module.hparams["model"]["width"] == 4


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("patch=0", "patch=0: must be at least 8 px"),
        ("patch=200", "patch=200: no pick keeps the"),
        ("model.depth=9", "model.depth=9: halves a patch of 16 px to nothing"),
        ("data.root=nowhere", "nowhere: no such folder"),
        ("loss.class_weights=[1]", "loss.class_weights=.*must be two numbers"),
        ("ckpt=last", "ckpt=last: no run under"),
        ("ckpt=nowhere.ckpt", "ckpt=nowhere.ckpt: no such file"),
        ("trainer.accelerator=foo", "trainer: .*invalid accelerator name"),
    ],
)
def test_a_fault_found_while_building_is_one_line(blobs, cache, tmp_path, override, said):
    with pytest.raises(SystemExit, match=f"^error: {said}"), one_line_errors():
        train(compose_config(*tiny(blobs, cache, override), run_dir=tmp_path / "train/run"))


def test_evaluate_refuses_a_checkpoint_that_is_none(tmp_path):
    (tmp_path / "a.ckpt").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a readable checkpoint"):
        evaluate(compose_config(f"ckpt={tmp_path}/a.ckpt", run_dir=tmp_path, name="evaluate"))
