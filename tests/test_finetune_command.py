"""``cryoice finetune``: what it is given wrongly, and a small tuning from end to end."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytorch_lightning.utilities.exceptions import SIGTERMException
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.constants import IGNORE
from cryoice.experiment import finetune as finetune_module
from cryoice.experiment.finetune import composed, finetune
from cryoice.files.corrections import COLUMNS
from cryoice.files.micrograph import write_mrc
from cryoice.learn.own_micrographs import micrograph_key
from cryoice.learn.pixel_dataset import PixelDataset, PixelSet
from cryoice.learn.weights_file import read_weights
from cryoice.mask import device
from cryoice.mask.model import load_model
from cryoice.mask.score_map import score_map
from mask_folder import marked_mask, write_mask_folder

SHAPE = (200, 220)
SPOT = np.s_[60:140, 60:150]
QUICK = {
    "data.rehearsal": 8,
    "data.side": 256,
    "data.jobs": 2,
    "data.split": {"by": "micrograph", "train": 0.4, "val": 0.3, "test": 0.3, "seed": 0},
    "patch": 128,
    "batch_size": 2,
    "trainer.max_epochs": 6,
    "trainer.accelerator": "cpu",
    "trainer.enable_progress_bar": False,
    "optimizer.lr": 2e-3,
}


def run(*arguments):
    return CliRunner().invoke(app, ["finetune", *map(str, arguments)])


def test_the_help_teaches_masks_and_picks():
    done = run("--help")
    assert done.exit_code == 0
    for words in ("--masks", "--corrections", "--mended", "--good", "254", "empty film", "--model"):
        assert words in done.output


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-o", "a.pt", "--masks", "masks"], "a.pt: must end in .safetensors"),
        (["-o", "a.safetensors"], "give --masks, or --good and --bad, and not both"),
        (["-o", "a.safetensors", "--masks", "m", "--bad", "b"], "give --masks, or --good and --bad, and not"),
        (
            ["-o", "a.safetensors", "--masks", "m", "--epochs", "0"],
            "--epochs 0: must be at least 1",
        ),
        (["-o", "a.safetensors", "--masks", "m", "--device", "mps"], "device 'mps': this machine has 0"),
        (["-o", "a.safetensors", "--masks", "m", "--device", "gpu"], "device 'gpu': this machine has none"),
        (["-o", "taken.safetensors", "--masks", "m"], "taken.safetensors: is a folder; name a file"),
        (["-o", "a.mrc/a.safetensors", "--masks", "m"], "a.mrc/a.safetensors: cannot be written"),
        (["-o", "a.safetensors", "--masks", "m", "--model", "none.ckpt"], "none.ckpt: no such file"),
        (["-o", "a.safetensors", "--masks", "none"], "none: holds no mask"),
        (["-o", "a.safetensors", "--good", "g", "--corrections", "c"], "--corrections: give --masks too"),
        (
            ["-o", "a.safetensors", "--masks", "m", "--mended", "d"],
            "--mended: keeps masks that --corrections",
        ),
        (["-o", "a.safetensors", "--masks", "m", "--corrections", "c"], "m: holds no summary.csv"),
    ],
)
def test_a_fault_is_one_line(flags, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device, "_count", lambda kind: int(kind == "cpu"))
    (tmp_path / "taken.safetensors").mkdir()
    write_mrc(tmp_path / "a.mrc", np.eye(300, dtype=np.float32), pixel_size=8.0)
    done = run("a.mrc", *flags)
    assert done.exit_code == 1
    assert said in done.output
    assert done.output.startswith("error: ")
    assert len(done.output.splitlines()) == 1


def test_the_packaged_settings_are_those_of_the_preset():
    found = composed({"data.masks": "m", "data.micrographs": ["a b,c=.mrc"]})
    assert (found["name"], found["init"], found["task"]) == ("finetune", "shipped", "pixels")
    assert found["data"]["micrographs"] == ["a b,c=.mrc"]
    assert composed({"data.good": "g", "data.bad": None, "data.micrographs": "m"})["data"]["masks"] is None


def write_spotted(folder, count):
    """Write noise that is called support around stripes that are called clean: what no network would say."""
    rng = np.random.default_rng(2)
    (folder / "masks").mkdir(parents=True)
    for number in range(count):
        array, mask = rng.normal(size=SHAPE), np.full(SHAPE, 3, dtype=np.uint8)
        array[SPOT] += 1.5 * np.sign(np.sin(np.arange(SHAPE[1])[SPOT[1]] * 0.8))
        mask[SPOT] = 0
        write_mrc(folder / f"m{number}.mrc", array.astype(np.float32), pixel_size=8.0)
        Image.fromarray(mask).save(folder / f"masks/m{number}_mask.png")
    return folder


@pytest.mark.slow
def test_a_tuned_network_knows_what_it_was_shown(tmp_path):
    folder, output = write_spotted(tmp_path / "own", 4), tmp_path / "tuned.safetensors"
    values = {"data.masks": str(folder / "masks"), "data.micrographs": str(folder)}
    tuned = finetune(output, QUICK | values)
    assert (tuned.micrographs, tuned.held_out) == (3, 1)
    assert tuned.after["own"]["ap"] > tuned.before["own"]["ap"]
    _, facts = read_weights(output)
    told = facts["tuned"]
    assert told["learnt"] == sorted(micrograph_key(f"m{number}.mrc") for number in range(4) if number != 1)
    assert (told["labels"], told["micrographs"], told["epochs"]) == ("masks", 3, 6)
    assert told["digest"] == load_model(device="cpu").digest
    assert not {"metrics", "calibration", "settings"} & set(facts)
    assert str(tmp_path) not in str(facts)
    array = np.random.default_rng(5).normal(size=SHAPE).astype(np.float32)
    array[SPOT] += 1.5 * np.sign(np.sin(np.arange(SHAPE[1])[SPOT[1]] * 0.8))
    scores = [
        score_map(array, load_model(path, device="cpu"), pixel_size=8.0).score for path in (None, output)
    ]
    outside = [score[:, 170:].mean() for score in scores]
    assert outside[1] > outside[0] + 0.2


def test_the_command_tells_what_was_gained(tmp_path, monkeypatch):
    given = {}

    def quick(output, values):
        given.update(values)
        scores = {"own": {"ap": 0.25, "auroc": 0.5}, "simulated": {"ap": math.nan, "auroc": 1.0}}
        return finetune_module.Tuned(3, 1, scores, scores | {"own": {"ap": 0.875, "auroc": 0.5}})

    monkeypatch.setattr(finetune_module, "finetune", quick)
    output = tmp_path / "t.safetensors"
    done = run("a.mrc", "b.mrc", "--good", "g.star", "--radius", "60", "-o", output)
    assert done.exit_code == 0
    assert "3 micrographs; 1 held out" in done.output
    assert "0.250" in done.output
    assert "0.875" in done.output
    assert "nan" not in done.output  # what cannot be ranked is a dash
    assert given["data.micrographs"] == ["a.mrc", "b.mrc"]
    assert (given["data.good"], given["data.masks"], given["data.radius"]) == ("g.star", None, 60.0)


@pytest.mark.parametrize(("stop", "status"), [(SIGTERMException(), 143), (SystemExit(1), 130)])
def test_a_tuning_that_lightning_stops_says_so_and_is_no_success(stop, status, tmp_path, monkeypatch):
    def stopped(output, values):
        raise stop

    monkeypatch.setattr(finetune_module, "finetune", stopped)
    output = tmp_path / "t.safetensors"
    done = run("a.mrc", "--good", "g.star", "-o", output)
    assert done.exit_code == status
    assert done.stderr == f"stopped: {output} is not written; the same command begins anew\n"


def quick_tuning(output, values):
    quick_tuning.given = values
    quick_tuning.files = {path.name for path in Path(values["data.masks"]).iterdir()}
    scores = {"simulated": {"ap": 0.75, "auroc": 1.0}}
    return finetune_module.Tuned(1, 0, scores, scores)


@pytest.mark.parametrize("kept", [False, True])
def test_corrections_become_the_masks_that_are_learnt_from(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(finetune_module, "finetune", quick_tuning)
    for stem in "ab":
        write_mrc(tmp_path / f"in/{stem}.mrc", np.eye(80, 100, dtype=np.float32), pixel_size=2.0)
    names = {stem: f"in/{stem}.mrc" for stem in "ab"}
    masks = write_mask_folder(tmp_path / "out", dict.fromkeys("ab", marked_mask((3, 4))), names=names)
    corrections = tmp_path / "c.csv"
    rows = ["in/a.mrc,a,region,12,16,,support", "in/b.mrc,b,verdict,,,,rejected"]
    corrections.write_text("\n".join([",".join(COLUMNS), *rows, "in/c.mrc,c,whole,,,,right"]) + "\n")
    flags = ["--mended", tmp_path / "mended"] if kept else []
    output = tmp_path / "t.safetensors"
    done = run(tmp_path / "in", "--masks", masks, "--corrections", corrections, *flags, "-o", output)
    assert done.exit_code == 1  # for the row on c
    assert done.stderr == f"error: {corrections}: line 4: 'in/c.mrc' is not in {masks}\n"
    assert "1 micrographs with 1 corrections to learn from" in done.stdout
    assert quick_tuning.files == {"a_mask.png"}
    assert not Path(quick_tuning.given["data.masks"]).exists()
    if kept:
        assert (tmp_path / "mended/a.png").exists()
        found = np.asarray(Image.open(tmp_path / "mended/a_mask.png"))
        assert np.argwhere(found == 3).tolist() == [[3, 4]]


def test_verdicts_alone_teach_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(finetune_module, "finetune", quick_tuning)
    masks = write_mask_folder(tmp_path / "out", {"a": marked_mask()}, names={"a": "a.mrc"})
    write_mrc(tmp_path / "a.mrc", np.eye(80, 100, dtype=np.float32), pixel_size=2.0)
    corrections = tmp_path / "c.csv"
    corrections.write_text(f"{','.join(COLUMNS)}\na.mrc,a,verdict,,,,rejected\n")
    done = run(
        tmp_path / "a.mrc", "--masks", masks, "--corrections", corrections, "-o", tmp_path / "t.safetensors"
    )
    assert done.exit_code == 1
    assert "corrects the pixels of no micrograph; nothing can be learnt from it" in done.stderr


def test_a_mistyped_folder_is_named(tmp_path):
    masks = write_mask_folder(tmp_path / "out", {"a": marked_mask()}, names={"a": "in/a.mrc"})
    corrections, output = tmp_path / "c.csv", tmp_path / "t.safetensors"
    corrections.write_text(f"{','.join(COLUMNS)}\nin/a.mrc,a,whole,,,,right\n")
    done = run(tmp_path / "inn", "--masks", masks, "--corrections", corrections, "-o", output)
    assert done.exit_code == 1
    [said] = done.stderr.splitlines()
    assert said.startswith(f"error: {tmp_path / 'inn'}: ")


@pytest.mark.parametrize(("given", "expected"), [(None, 2.0), (1.5, 1.5)])
def test_the_pixel_size_is_that_of_the_masks_unless_told(given, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(finetune_module, "finetune", quick_tuning)
    write_mrc(tmp_path / "a.mrc", np.eye(80, 100, dtype=np.float32), pixel_size=3.0)
    masks = write_mask_folder(tmp_path / "out", {"a": marked_mask()}, names={"a": "a.mrc"})
    corrections = tmp_path / "c.csv"
    corrections.write_text(f"{','.join(COLUMNS)}\na.mrc,a,whole,,,,right\n")
    flags = [] if given is None else ["--angpix", given]
    done = run(
        tmp_path / "a.mrc", "--masks", masks, "--corrections", corrections, *flags,
        "-o", tmp_path / "t.safetensors",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert quick_tuning.given["data.angpix"] == expected


def test_without_clean_and_artifact_pixels_nothing_is_ranked():
    mask = np.zeros((2, 4, 4), dtype=np.uint8)
    mask[0, 0], mask[1] = IGNORE, 2
    data = PixelDataset([PixelSet.held("own", ["a", "b"], views=mask.astype(np.float16), masks=mask)], [])
    holds = finetune_module._holds_both
    assert [holds(data, chosen) for chosen in ([(0, 0)], [(0, 1)], [(0, 0), (0, 1)])] == [False, False, True]
