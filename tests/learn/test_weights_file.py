"""A file of weights comes back as it was, or is refused with a reason."""

import json
import struct

import pytest
import torch
from safetensors.torch import save_file

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.learn.weights_file import KEY, MOST_FACTS, read_weights, save_weights

STATE = {"stem.weight": torch.arange(6.0).reshape(2, 3), "stem.count": torch.tensor(7)}
FACTS = {
    "kind": "pixels",
    "classes": ["clean", "other"],
    "pixel_size": 8.0,
    "patch": 256,
    "model": {"_target_": "cryoice.learn.unet.UNet", "width": 4, "dilations": [1, 2]},
    "channels": None,
    "commit": "abc",
}


def write(path, facts, key=KEY):
    save_file(STATE, path, metadata={key: facts if isinstance(facts, str) else json.dumps(facts)})
    return path


def test_weights_and_facts_come_back_as_they_were(tmp_path):
    save_weights(tmp_path / "a.safetensors", state=STATE, facts=FACTS)
    state, facts = read_weights(tmp_path / "a.safetensors")
    assert facts == FACTS
    assert state.keys() == STATE.keys()
    assert all(torch.equal(state[name], STATE[name]) for name in STATE)


def test_weights_in_any_memory_layout_are_written(tmp_path):
    layout = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    save_weights(tmp_path / "a.safetensors", state={"w": layout}, facts=FACTS)
    assert torch.equal(read_weights(tmp_path / "a.safetensors")[0]["w"], layout)


@pytest.mark.parametrize("content", [b"", b"1234", b"x" * 100, struct.pack("<Q", 10) + b"{}"])
def test_a_corrupt_file_is_one_line(tmp_path, content):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.safetensors: .*not a readable file of weights"):
        read_weights(path)


def test_a_truncated_file_is_one_line(tmp_path):
    save_weights(tmp_path / "a.safetensors", state=STATE, facts=FACTS)
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(whole[:-4])
    with pytest.raises(InputError, match="not a readable file of weights"):
        read_weights(tmp_path / "a.safetensors")


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"a\.safetensors: cannot be read \(No such file"):
        read_weights(tmp_path / "a.safetensors")


def test_a_header_that_is_too_large_is_refused(tmp_path):
    path = write(tmp_path / "a.safetensors", FACTS | {"settings": "x" * MOST_FACTS})
    with pytest.raises(InputError, match="its header claims"):
        read_weights(path)


def test_a_header_that_claims_the_whole_memory_is_not_read(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(InputError, match="its header claims 4611686018427387904 bytes"):
        read_weights(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "words"}, "a network of kind 'words'; known are pixels, patches"),
        ({"kind": 3}, "lack a valid kind"),
        ({"classes": "clean"}, "lack a valid classes"),
        ({"pixel_size": "8"}, "lack a valid pixel_size"),
        ({"pixel_size": 0}, "its pixel_size must be a number above 0"),
        ({"pixel_size": float("nan")}, "its pixel_size must be a number above 0"),
        ({"pixel_size": float("inf")}, "its pixel_size must be a number above 0"),
        ({"pixel_size": True}, "its pixel_size must be a number above 0"),
        ({"patch": 0}, "its patch must be a number above 0"),
        ({"patch": True}, "its patch must be a number above 0"),
        ({"classes": []}, "a network of classes"),
        ({"classes": ["clean"]}, "a network of classes"),
        ({"classes": ["clean", 3]}, "a network of classes"),
        ({"classes": ["clean", ["other"]]}, "a network of classes"),
        ({"classes": ["clean", "other", "other"]}, "a network of classes"),
        ({"classes": ["other", "clean"]}, "a network of classes"),
        ({"classes": ["clean", "bad"]}, "a network of classes"),
        ({"classes": ["bad", "good"]}, "a network of classes"),
        ({"channels": 1}, "lack a valid channels"),
        ({"model": {"_target_": "os.mkdir", "path": "x"}}, "would call _target_=os.mkdir"),
        ({"extra": [{"_partial_": True}]}, "would call _partial_=True"),
        ({"name": "${oc.env:HOME}"}, "holds an interpolation"),
    ],
)
def test_facts_that_are_not_ours_are_refused(tmp_path, change, said):
    path = write(tmp_path / "a.safetensors", FACTS | change)
    with pytest.raises(InputError, match=said) as fault:
        read_weights(path)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("lacking", ["kind", "classes", "pixel_size", "patch", "model", "channels"])
def test_facts_that_are_not_whole_are_refused(tmp_path, lacking):
    facts = {key: value for key, value in FACTS.items() if key != lacking}
    with pytest.raises(InputError, match=f"lack a valid {lacking}"):
        read_weights(write(tmp_path / "a.safetensors", facts))
    with pytest.raises(InputError, match=f"lack a valid {lacking}"):
        save_weights(tmp_path / "b.safetensors", state=STATE, facts=facts)
    assert not (tmp_path / "b.safetensors").exists()


@pytest.mark.parametrize("facts", ["no json", "[1]", "3"])
def test_facts_that_are_no_table_are_refused(tmp_path, facts):
    with pytest.raises(InputError, match="give a file that cryoice exported"):
        read_weights(write(tmp_path / "a.safetensors", facts))


def test_another_programs_weights_are_named_as_such(tmp_path):
    with pytest.raises(InputError, match="without this project's facts"):
        read_weights(write(tmp_path / "a.safetensors", FACTS, key="other"))


def test_the_settings_of_a_run_are_a_record_that_imports_nothing(tmp_path):
    settings = {"trainer": {"_target_": "a.module.nobody.has"}}
    path = write(tmp_path / "a.safetensors", FACTS | {"settings": settings})
    assert read_weights(path)[1]["settings"] == settings


@pytest.mark.parametrize("classes", [["good", "bad"], ["clean", "other"], list(CLASSES)])
def test_classes_that_masks_are_made_of_are_taken(tmp_path, classes):
    path = write(tmp_path / "a.safetensors", FACTS | {"classes": classes})
    assert read_weights(path)[1]["classes"] == classes
