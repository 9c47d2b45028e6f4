"""How a run ends for its user, and what it hands to the tracker."""

import pytest
from hydra.errors import CompactHydraException, InstantiationException

from cryoice.errors import InputError
from cryoice.experiment.output_folder import require_writable
from cryoice.experiment.run import build_data, build_module, evaluate, one_line_errors, train
from cryoice.experiment.settings import plain_settings
from training import compose_config, tiny


def fault():
    error = InstantiationException("Error in call to target")
    error.__cause__ = InputError("patch=0: too small")
    return error


@pytest.mark.parametrize("error", [InputError("patch=0: too small"), fault()])
def test_what_the_user_gave_wrong_is_one_line(tmp_path, error):
    compose_config("data.root=x", "data=cryoppp", run_dir=tmp_path)
    with pytest.raises(SystemExit, match=r"^error: patch=0: too small$"), one_line_errors():
        raise error


def test_in_a_sweep_the_line_goes_to_hydra_so_that_the_other_jobs_run(tmp_path):
    compose_config("data.root=x", "data=cryoppp", run_dir=tmp_path, mode="MULTIRUN")
    with pytest.raises(CompactHydraException, match="error: patch=0: too small"), one_line_errors():
        raise InputError("patch=0: too small")


@pytest.mark.parametrize("error", [KeyError("ours"), InstantiationException("a library's")])
def test_our_own_faults_keep_their_traceback(tmp_path, error):
    compose_config("data.root=x", "data=cryoppp", run_dir=tmp_path)
    with pytest.raises(type(error)), one_line_errors():
        raise error


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
    ],
)
def test_a_fault_found_while_building_is_one_line(blobs, cache, tmp_path, override, said):
    with pytest.raises(SystemExit, match=f"^error: {said}"), one_line_errors():
        train(compose_config(*tiny(blobs, cache, override), run_dir=tmp_path / "train/run"))


def test_evaluate_refuses_a_checkpoint_that_is_none(tmp_path):
    (tmp_path / "a.ckpt").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a readable checkpoint"):
        evaluate(compose_config(f"ckpt={tmp_path}/a.ckpt", run_dir=tmp_path, name="evaluate"))
