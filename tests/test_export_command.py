"""Weights to pass on come from a checkpoint of ours only."""

import pytest
import torch
from typer import Typer
from typer.testing import CliRunner

from cryoice.errors import InputError
from cryoice.export_command import export, export_weights
from cryoice.learn.checkpoint_file import SETTINGS
from cryoice.learn.weights_file import read_weights

KNOWN = {
    "model": {"_target_": "cryoice.learn.networks.ConvClassifier", "width": 4},
    "channels": {"use": ["real"], "spectrum": {"kind": "plain"}},
    "patch": 16,
    "pixel_size": 4.0,
}


def write_checkpoint(path, known=KNOWN):
    state = {"net.a": torch.ones(2), "loss.weights": torch.ones(3)}
    torch.save(
        {
            SETTINGS: {"seed": 3, "cache": "here", "data": {"cache": "here", "patch": 8}},
            "hyper_parameters": known,
            "state_dict": state,
            "epoch": 4,
        },
        path,
    )
    return path


def test_a_patch_classifiers_network_is_exported_without_its_loss(tmp_path):
    export_weights(write_checkpoint(tmp_path / "best.ckpt"), tmp_path / "a.safetensors")
    state, facts = read_weights(tmp_path / "a.safetensors")
    assert {name: values.tolist() for name, values in state.items()} == {"a": [1.0, 1.0]}
    assert (facts["kind"], facts["classes"]) == ("patches", ["good", "bad"])
    assert (facts["settings"], facts["epoch"]) == ({"seed": 3, "data": {"patch": 8}}, 4)
    assert {key: facts[key] for key in KNOWN} == KNOWN


def test_a_checkpoint_without_a_networks_settings_is_refused(tmp_path):
    with pytest.raises(InputError, match="lack a valid pixel_size"):
        export_weights(write_checkpoint(tmp_path / "best.ckpt", {}), tmp_path / "a.safetensors")


def test_the_file_must_be_called_what_it_is(tmp_path):
    with pytest.raises(InputError, match=r"a\.pt: must end in \.safetensors"):
        export_weights(write_checkpoint(tmp_path / "best.ckpt"), tmp_path / "a.pt")


def test_the_command_says_what_it_wrote_or_why_not(tmp_path):
    app = Typer()
    app.command()(export)
    path = write_checkpoint(tmp_path / "best.ckpt")
    done = CliRunner().invoke(app, [str(path), "-o", str(tmp_path / "a.safetensors")])
    assert (done.exit_code, "patches, 2 classes at 4 Å/px" in done.output) == (0, True)
    done = CliRunner().invoke(app, [str(tmp_path / "none.ckpt"), "-o", str(tmp_path / "b.safetensors")])
    assert done.exit_code == 1
    assert "not a readable checkpoint" in done.output
