"""A training on pixels: what it leaves behind, that it can be stopped, scored again and passed on."""

import json
import signal

import pytest
import torch

from cryoice.errors import InputError
from cryoice.experiment import run as run_module
from cryoice.experiment.evaluate import evaluate
from cryoice.experiment.run import train
from cryoice.export_command import export_weights
from cryoice.learn.weights_file import read_weights
from cryoice.report.curves import read_history
from pixel_training import tiny_pixels
from test_resume import SignalAt, assert_same_run, interrupted
from training import compose_config, run_program

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def overrides(tmp_path_factory):
    return tiny_pixels(tmp_path_factory.mktemp("pixel_cache"))


@pytest.fixture(scope="module")
def finished_pixels(overrides, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pixels") / "outputs/detector/run"
    folder.mkdir(parents=True)
    return folder, train(compose_config(*overrides, run_dir=folder))


def test_a_run_leaves_numbers_figures_history_and_two_checkpoints(finished_pixels):
    folder, value = finished_pixels
    for name in ("metrics.md", "checkpoints/best.ckpt", "checkpoints/last.ckpt"):
        assert (folder / name).stat().st_size > 0
    figures = sorted(path.stem for path in (folder / "figures").glob("*.png"))
    assert figures == ["a_predictions", "b_confusion", "c_curves"]
    written = json.loads((folder / "metrics.json").read_text())
    assert written["monitor"] == {"metric": "val/ap", "mode": "max", "value": value}
    assert set(written["per_entry"]["label"]) >= {"mixed", "hard_negatives", "clean"}
    scores = {name: found["estimate"] for name, found in written["test"]["label"]["network"].items()}
    assert all(value is None or 0 <= value <= 1 for name, value in scores.items() if name != "loss")


def test_every_metric_of_an_epoch_is_in_the_history(finished_pixels):
    history = read_history(finished_pixels[0])
    for name in ("val/ap", "val/auroc", "val/miou", "val/iou_clean", "val/iou_other", "val/loss"):
        assert history[name].notna().sum() == 2, name


def test_a_training_stopped_amid_an_epoch_continues_as_if_it_never_stopped(
    overrides, finished_pixels, monkeypatch, tmp_path
):
    monkeypatch.setattr(run_module, "report_outcome", lambda *args, **kwargs: None)
    callback = SignalAt(signal.SIGTERM, epoch=1, batch=0, stage="train")
    stopped = interrupted(overrides, tmp_path / "a", callback, monkeypatch)
    assert stopped.code == 128 + signal.SIGTERM
    value = train(compose_config(*overrides, "ckpt=last", run_dir=tmp_path / "b"))
    assert value == finished_pixels[1]
    assert_same_run(tmp_path / "b", finished_pixels[0])


def test_evaluate_equals_the_end_of_training(finished_pixels, tmp_path):
    checkpoint = finished_pixels[0] / "checkpoints/best.ckpt"
    evaluate(compose_config(f"ckpt={checkpoint}", run_dir=tmp_path, name="evaluate"))
    ours, theirs = (
        json.loads((place / "metrics.json").read_text()) for place in (tmp_path, finished_pixels[0])
    )
    assert (ours["test"], ours["per_entry"]) == (theirs["test"], theirs["per_entry"])


def test_evaluate_sends_other_micrographs_to_the_mask_command(finished_pixels, tmp_path):
    checkpoint = finished_pixels[0] / "checkpoints/best.ckpt"
    given = (f"ckpt={checkpoint}", f"data.root={tmp_path}")
    with pytest.raises(InputError, match=r"leave data\.\* out, and use `cryoice mask`"):
        evaluate(compose_config(*given, run_dir=tmp_path, name="evaluate"))


def test_a_checkpoint_is_exported_with_its_facts(finished_pixels, tmp_path):
    checkpoint = finished_pixels[0] / "checkpoints/best.ckpt"
    export_weights(checkpoint, tmp_path / "detector.safetensors")
    state, facts = read_weights(tmp_path / "detector.safetensors")
    trained = torch.load(checkpoint, weights_only=True)["state_dict"]
    assert all(torch.equal(values, trained[f"net.{name}"]) for name, values in state.items())
    assert (facts["kind"], facts["name"], facts["patch"]) == ("pixels", "detector", 64)
    assert facts["metrics"] == json.loads((finished_pixels[0] / "metrics.json").read_text())["test"]


def test_a_sweep_of_detectors_is_a_table(overrides, tmp_path):
    given = ("trainer.max_epochs=1", f"hydra.sweep.dir={tmp_path}", "optimizer.lr=1e-3,1e-4")
    done = run_program("train", "-m", *overrides, *given)
    assert done.returncode == 0, done.stderr
    assert "unfinished" not in (tmp_path / "sweep.csv").read_text()
