"""A calibration that was taken away is found again, and written where the network reads it."""

import sys

import numpy as np
import pytest
import torch
from benchmarks.calibrate import __main__ as program
from benchmarks.calibrate.fit import Picture, fit
from benchmarks.calibrate.measure import ANY, IDENTITY, TOP, curves, isotonic_left_out, left_out, surprise
from scipy.special import log_softmax, softmax

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.files.mrc import write_mrc
from cryoice.files.picture import write_png
from cryoice.learn.unet import UNet
from cryoice.learn.weights_file import read_weights, save_weights
from cryoice.mask.calibration import Calibration
from cryoice.mask.model import load_model

BIAS = np.array([0.5, -0.5, 0.25, -0.25, 0.0])


def pictures(count=6, *, temperature=2.0, bias=BIAS, pixels=5_000, seed=0):
    """Pixels whose classes are drawn from softmax(logits / temperature + bias)."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        logits = log_softmax(rng.normal(0, 3, (pixels, 5)), axis=1)
        chances = softmax(logits / temperature + bias, axis=1)
        truth = (chances.cumsum(axis=1) < rng.uniform(size=(pixels, 1))).sum(axis=1)
        found.append(
            Picture("ab"[number % 2], f"m{number}", logits.astype(np.float32), truth.astype(np.uint8))
        )
    return found


def test_a_known_temperature_and_bias_are_found_again():
    found = fit(pictures(), pull=0.0)
    bias = np.array(found.bias)
    assert found.temperature == pytest.approx(2.0, rel=0.03)
    assert bias - bias.mean() == pytest.approx(BIAS, abs=0.06)


def test_a_shared_bias_is_the_best_of_those_that_artifacts_share():
    drawn = pictures(bias=np.array([1.0, 0.0, 0.0, 0.0, 0.0]))
    found = fit(drawn, pull=0.0, shared=True)
    assert found.temperature == pytest.approx(2.0, rel=0.03)
    assert len(set(found.bias[1:])) == 1
    assert found.bias[0] - found.bias[1] == pytest.approx(1.0, abs=0.06)


def test_logits_that_tell_nothing_leave_the_shares_of_the_classes():
    truth = np.repeat(np.arange(5), [50, 20, 15, 10, 5]).astype(np.uint8)
    found = fit([Picture("a", "m", np.zeros((100, 5), dtype=np.float32), truth)], pull=0.0)
    assert softmax(found.bias) == pytest.approx([0.5, 0.2, 0.15, 0.1, 0.05], abs=1e-3)


def test_the_pull_keeps_the_bias_of_a_class_that_never_comes_from_running_away():
    truth = np.zeros(50, dtype=np.uint8)
    nothing = [Picture("a", "m", np.zeros((50, 5), dtype=np.float32), truth)]
    free, held = fit(nothing, pull=0.0), fit(nothing)
    assert min(free.bias) < min(held.bias) < 0
    # at the minimum p - y + 2 · pull · b = 0 for every class
    chances = softmax(held.bias)
    assert chances - np.eye(5)[0] == pytest.approx(-2 * 0.003 * np.array(held.bias), abs=1e-3)


def test_each_picture_weighs_the_same_however_many_pixels_it_has():
    def one(value, pixels):
        return Picture("a", "m", np.zeros((pixels, 5), np.float32), np.full(pixels, value, np.uint8))

    assert fit([one(0, 10), one(1, 30_000)], pull=0.01).bias[0] == pytest.approx(
        fit([one(0, 40), one(1, 10)], pull=0.01).bias[1], abs=1e-3
    )


def test_calibration_mends_what_was_bent_also_for_a_source_left_out():
    bent = pictures(temperature=3.0)
    sources = {"a": IDENTITY, "b": IDENTITY}
    before = curves(bent, sources)
    mended = left_out(bent, pull=0.003, shared=False)
    after = curves(bent, mended)
    assert before[ANY].ece > 0.05
    assert before[TOP].ece > 0.1
    assert max(curve.ece for curve in after.values()) < 0.02
    assert surprise(bent, mended) < surprise(bent, sources) - 0.1
    assert isotonic_left_out(bent) < before[ANY].ece / 2
    assert before[ANY].weight.sum() == pytest.approx(len(bent))


@pytest.fixture
def labelled(tmp_path):
    """Three micrographs, one of them doubtful: noise, bright where the label is contamination."""
    rng, rows = np.random.default_rng(0), []
    for number, use in enumerate(("yes", "yes", "doubtful")):
        array, label = rng.normal(size=(64, 72)).astype(np.float32), np.zeros((64, 72, 3), dtype=np.uint8)
        array[20:40, 20:50] += 5
        label[20:40, 20:50] = 2
        write_mrc(tmp_path / f"m{number}.mrc", array, pixel_size=8.0)
        write_png(tmp_path / f"label{number}.png", label)
        rows.append(f"s{number},m{number}.mrc,label{number}.png,8.0,{use},\n")
    (tmp_path / "index.csv").write_text("source,image,label,angpix,use,note\n" + "".join(rows))
    return tmp_path


def weights(path, *, classes=CLASSES):
    torch.manual_seed(0)
    net = UNet(in_channels=1, classes=len(classes), width=4, depth=2, dilations=[1, 2])
    model = {"_target_": "cryoice.learn.unet.UNet", "width": 4, "depth": 2, "dilations": [1, 2]}
    facts = {"kind": "pixels", "classes": list(classes), "channels": None, "model": model, "patch": 64}
    save_weights(path, state=net.state_dict(), facts=facts | {"pixel_size": 8.0, "name": "a"})
    return path


def test_the_program_writes_the_same_weights_with_their_calibration(labelled, tmp_path, monkeypatch, capsys):
    given, out, figure = (
        weights(tmp_path / "in.safetensors"),
        tmp_path / "out.safetensors",
        tmp_path / "r.png",
    )
    words = [labelled, "--model", given, "--out", out, "--figure", figure]
    monkeypatch.setattr(sys, "argv", ["calibrate", *map(str, words)])
    program.main()
    (state, facts), (before, known) = read_weights(out), read_weights(given)
    assert all(torch.equal(state[name], before[name]) for name in before)
    fitted = facts["calibration"].pop("fitted")
    assert facts.items() >= known.items()
    assert fitted["pictures"] == {"s0": 1, "s1": 1}  # the doubtful one is not fitted
    assert fitted["ece"]["calibrated"][ANY] < fitted["ece"]["as given"][ANY]
    model = load_model(out, device="cpu")
    assert model.calibration == Calibration(
        facts["calibration"]["temperature"], tuple(facts["calibration"]["bias"])
    )
    told = capsys.readouterr().out
    assert "source left out" in told
    assert "isotonic regression of any artifact" in told
    assert figure.stat().st_size > 10_000


def test_a_network_of_other_classes_is_one_line(labelled, tmp_path):
    model = load_model(weights(tmp_path / "a.safetensors", classes=("clean", "support")), device="cpu")
    with pytest.raises(InputError, match=r"a\.safetensors: tells clean, support; give one of clean,"):
        list(program.read_pictures(labelled, model))
