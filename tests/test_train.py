"""Whole programs: what they leave behind, what they say, and with which status they end."""

import json
import re

import pytest

from cryoice.experiment.run import train
from cryoice.report.curves import read_history
from training import CONF, SMALL_FIELD, compose_config, run_program, tiny

ELSEWHERE = ("detector", "detector_second", "finetune", "leave_one_protein_out", "folds")
PRESETS = sorted(path.stem for path in (CONF / "experiment").glob("[!_]*.yaml") if path.stem not in ELSEWHERE)
"""All but those that tests of pixels, of fine-tuning and of several entries train."""


def test_a_run_leaves_numbers_figures_history_and_two_checkpoints(finished):
    folder, _, _ = finished
    for name in (
        "metrics.json",
        "metrics.md",
        "predictions.csv",
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
        "history/version_0/metrics.csv",
    ):
        assert (folder / name).stat().st_size > 0
    figures = sorted(path.stem for path in (folder / "figures").glob("*.png"))
    assert [name[0] for name in figures] == ["a", "b", "c", "d", "e"]


def test_a_run_returns_the_monitored_value_and_writes_it(finished):
    folder, value, _ = finished
    written = json.loads((folder / "metrics.json").read_text())
    assert 0.5 < value <= 1
    assert written["monitor"] == {"metric": "val/auroc", "mode": "max", "value": value}


def test_the_accuracy_of_the_training_split_is_in_the_history(finished):
    values = read_history(finished[0])["train/accuracy"].dropna()
    assert len(values) == 2
    assert values.between(0, 1).all()


@pytest.mark.slow
def test_no_library_has_anything_to_say_in_a_run(blobs, cache, tmp_path):
    done = run_program("train", *tiny(blobs, cache, "trainer.max_epochs=1"), f"hydra.run.dir={tmp_path}")
    others = [line for line in done.stderr.splitlines() if not line.startswith(("INFO: ", "WARNING: "))]
    assert others == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "overrides", "said"),
    [
        ("train", ("patch=0",), "error: patch=0: must be at least 8 px"),
        ("train", ("hydra.run.dir=train.py/x",), "error: hydra.run.dir=train.py/x: cannot be made"),
        ("evaluate", ("ckpt=train.py",), "error: train.py: not a readable checkpoint"),
    ],
)
def test_bad_input_is_one_line_and_status_1(blobs, cache, tmp_path, program, overrides, said):
    given = (*(tiny(blobs, cache) if program == "train" else ()), f"hydra.run.dir={tmp_path}/run", *overrides)
    done = run_program(program, *given)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(said)


@pytest.mark.slow
def test_a_failing_job_of_a_sweep_leaves_the_others_and_says_why_in_a_line(blobs, cache, tmp_path):
    overrides = (
        *tiny(blobs, cache, "trainer.max_epochs=1"),
        f"hydra.sweep.dir={tmp_path}/sweep",
        "patch=16,0",
    )
    done = run_program("train", "-m", *overrides)
    assert done.returncode == 1
    assert "failed: patch=0: must be at least 8 px" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: 1 of 2 jobs failed: 1;")
    assert "Traceback" not in done.stderr
    assert (tmp_path / "sweep/0/metrics.json").exists()
    assert (tmp_path / "sweep/sweep.csv").exists()


@pytest.mark.slow
def test_a_sweep_is_one_run_a_job_and_a_table(blobs, cache, tmp_path):
    overrides = (*tiny(blobs, cache, "trainer.max_epochs=1"), f"hydra.sweep.dir={tmp_path}")
    done = run_program("train", "-m", *overrides, "patch=16,24", "model.depth=1,2")
    assert done.returncode == 0, done.stderr
    assert sorted(path.parent.name for path in tmp_path.glob("*/metrics.json")) == ["0", "1", "2", "3"]
    assert "model.depth" in done.stdout
    assert re.search(r"sweep\.md", done.stdout)


ONE_NOISE = ("data.noise={kind:good_to_bad,rate:0.4}", "seed=0", "hydra/launcher=basic")
FEW_PICKS = ("data.simulation.size=[700,700]", "data.simulation.micrographs=4")
SHRUNK = {
    "noise_study": (*ONE_NOISE, *FEW_PICKS, "loss=elr"),
    "noise_folds": (*ONE_NOISE, *FEW_PICKS),
    "noise_cleaned": (*ONE_NOISE, *FEW_PICKS, "data.suspects=null", "data.cleaning=drop"),
    "noise_told": (*ONE_NOISE, *FEW_PICKS, "loss=forward", "loss.good_to_bad=0.3", "loss.bad_to_good=0.1"),
    "noise_real": (*ONE_NOISE, "loss=co_teaching"),
    "noise_real_folds": ONE_NOISE,
    "noise_real_told": (*ONE_NOISE, "loss=forward", "loss.good_to_bad=0.3", "loss.bad_to_good=0.1"),
    "noise_real_cleaned": (*ONE_NOISE, "data.suspects=null", "data.cleaning=drop"),
    "patch_depth_lr": ("patch=16", "model.depth=2", "optimizer.lr=1e-3", "data.margin=30"),
    **dict.fromkeys(
        ("patch_depth_lr_random", "patch_depth_lr_tpe"),
        ("patch=16,24", "model.depth=1,2", "data.margin=30", "hydra.sweeper.n_trials=2"),
    ),
    "channels_ablation": ("seed=0", "channels.use=[spectrum]"),
    "seed_protocol": ("patch=64", "pixel_size=0.3185"),
    "default": (),
    "large_micrographs": ("data.simulation.size=[1024,1000]", "data.simulation.pixel_size=1.2"),
    "patch_size_study": (
        "patch=16",
        "channels.use=[real]",
        "seed=0",
        "data.margin=30",
        "data.simulation.size=[512,512]",
        "data.simulation.micrographs=3",
        "trainer.check_val_every_n_epoch=1",
    ),
    "patch_detector": (
        "pixel_size=8.0",
        "data.simulation.size=[256,256]",
        "data.simulation.micrographs=12",
        "data.split={train:0.5,val:0.25,test:0.25}",
    ),
}
"""What makes each preset quick without touching what it is about."""

SIMULATED = (
    "large_micrographs", "patch_size_study", "patch_detector",
    "noise_study", "noise_folds", "noise_cleaned", "noise_told",
)  # fmt: skip
"""Presets that are about their own simulation."""


SWEEPS = ("patch_depth_lr_random", "patch_depth_lr_tpe")
"""Presets whose sweeper is their point, run as the sweeps they are; of grids one job is run here."""


def shrunk(preset, blobs, cache):
    """Return the overrides under which a preset takes seconds."""
    unwanted = ("data=", "data.root=") if preset in SIMULATED else ()
    if preset in ("seed_protocol", "patch_detector") or preset.startswith("noise"):  # no spectrum of a field
        unwanted += (SMALL_FIELD,)
    overrides = tiny(blobs, cache, "trainer.max_epochs=1")
    kept = [override for override in overrides if not override.startswith(unwanted or "-")]
    return (f"experiment={preset}", *kept, *SHRUNK[preset])


@pytest.mark.slow
@pytest.mark.parametrize("preset", SWEEPS)
def test_every_sweep_of_a_preset_runs(blobs, cache, tmp_path, preset):
    done = run_program("train", *shrunk(preset, blobs, cache), f"hydra.sweep.dir={tmp_path}")
    assert done.returncode == 0, done.stderr
    found = [json.loads(path.read_text()) for path in tmp_path.glob("*/metrics.json")]
    assert [one["name"] for one in found] == [preset] * 2


@pytest.mark.slow
@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset not in SWEEPS])
def test_every_preset_runs(blobs, cache, tmp_path, preset):
    train(compose_config(*shrunk(preset, blobs, cache), run_dir=tmp_path))
    assert json.loads((tmp_path / "metrics.json").read_text())["name"] == preset
