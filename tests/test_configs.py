"""Every config composes, and its keys are what the classes that it names take."""

import inspect
from dataclasses import fields

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.utils import get_class
from omegaconf import OmegaConf

from cryoice.errors import InputError
from cryoice.experiment.limits import check_values
from cryoice.experiment.settings import check_targets, constructor, plain_settings
from cryoice.experiment.tasks import build_module, require_fitting
from cryoice.schema import Train
from training import CONF, compose_config, sweep_params, write_blobs

GROUPS = (
    "data",
    "split",
    "channels",
    "model",
    "optimizer",
    "schedule",
    "loss",
    "trainer",
    "logger",
    "experiment",
)
OPTIONS = [
    (group, path.stem)
    for group in GROUPS
    for path in sorted((CONF / group).glob("*.yaml"))
    if path.stem[0] != "_"
]
SIMULATED = dict.fromkeys([("data", "synthetic"), ("data", "pixels")], ())
OWN = ["data.micrographs=x", "data.masks=x"]
NEEDED = SIMULATED | {
    ("data", "own_masks"): OWN,
    ("data", "own_picks"): ["data.micrographs=x", "data.good=x", "data.bad=null"],
    ("experiment", "finetune"): OWN,
    ("experiment", "noise_real"): ["data.root=x"],
    ("experiment", "noise_told"): ["loss=forward", "loss.good_to_bad=0.3", "loss.bad_to_good=0.1"],
    ("experiment", "noise_cleaned"): ["data.suspects=x"],
    ("experiment", "noise_real_folds"): ["data.root=x"],
    ("experiment", "noise_real_told"): [
        "data.root=x",
        "loss=forward",
        "loss.good_to_bad=0.3",
        "loss.bad_to_good=0.1",
    ],
    ("experiment", "noise_real_cleaned"): ["data.root=x", "data.suspects=x"],
}
"""Overrides that an option cannot do without, where it is not a folder."""

BUILT_WITH = {
    "model": {"in_channels", "patch", "classes"},
    "optimizer": {"params"},
    "schedule": {"optimizer"},
    "trainer": {"callbacks", "logger", "default_root_dir"},
}
"""What the code gives beside the config's keys."""


def settings(tmp_path, *overrides):
    return plain_settings(compose_config("data.root=x", *overrides, run_dir=tmp_path))


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_of_every_group_composes_and_is_accepted(group, option, tmp_path):
    chosen = [f"{group}={option}"] + ([] if group in ("data", "experiment") else ["data=cryoppp"])
    needed = NEEDED.get((group, option), () if group == "experiment" else ["data.root=x"])
    found = plain_settings(compose_config(*chosen, *needed, run_dir=tmp_path))
    check_values(found)
    check_targets(found)


@pytest.mark.parametrize(
    ("group", "option"), [pair for pair in OPTIONS if pair[0] not in ("experiment", "split")]
)
def test_keys_bind_to_the_constructor(group, option, tmp_path):
    chosen = [f"{group}={option}", *NEEDED.get((group, option), ["data.root=x"])]
    chosen += [] if group == "data" else ["data=cryoppp"]
    node = plain_settings(compose_config(*chosen, run_dir=tmp_path))[group]
    if "_target_" not in node:
        return
    target = get_class(node["_target_"])
    keys = set(node) - {"_target_"}
    known, _ = constructor(target)
    assert keys <= known
    required = {
        name
        for name, parameter in inspect.signature(target).parameters.items()
        if parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY
    }
    missing = required - keys - BUILT_WITH.get(group, set())
    assert group != "model" or not missing
    assert group != "loss" or not missing


@pytest.mark.parametrize("preset", [option for group, option in OPTIONS if group == "experiment"])
def test_a_preset_wins_over_the_defaults_and_names_its_runs(preset, tmp_path):
    needed = NEEDED.get(("experiment", preset), ())
    assert plain_settings(compose_config(f"experiment={preset}", *needed, run_dir=tmp_path))["name"] == preset


def test_the_seed_protocol_is_64_pixels_of_20_angstrom(tmp_path):
    found = settings(tmp_path, "data=cryoppp", "experiment=seed_protocol")
    assert found["patch"] * found["pixel_size"] == pytest.approx(20.4, abs=0.05)
    assert found["channels"] == {"use": ["real", "spectrum"], "spectrum": {"kind": "plain"}}


def test_the_detectors_second_leg_is_its_first_but_for_what_it_says(tmp_path):
    first = plain_settings(compose_config("experiment=detector", run_dir=tmp_path))
    second = plain_settings(compose_config("experiment=detector_second", "init=shipped", run_dir=tmp_path))
    require_fitting(second)
    assert second["init"] == "shipped"
    assert {key for key in first if first[key] != second[key]} <= {
        "name", "init", "degrade", "optimizer", "schedule", "trainer",
    }  # fmt: skip
    build_module(second)


def test_the_detector_is_one_word(tmp_path):
    found = plain_settings(compose_config("experiment=detector", run_dir=tmp_path))
    assert found["task"] == "pixels"
    assert found["model"]["_target_"] == "cryoice.learn.unet.UNet"
    assert found["patch"] * found["pixel_size"] == 3072
    require_fitting(found)
    build_module(found)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (
            ("experiment=detector", "task=patches"),
            r"data\._target_=.*PixelDataModule: is not for task=patches",
        ),
        (("experiment=detector", "model=baseline"), r"model\._target_=.*: is not for task=pixels"),
        (("experiment=detector", "loss=cross_entropy"), r"loss\._target_=.*: is not for task=pixels"),
        (("task=pixels",), r"data\._target_=.*SyntheticDataModule: is not for task=pixels"),
        (("model=unet",), r"model\._target_=.*UNet: is not for task=patches"),
    ],
)
def test_groups_of_the_other_task_are_refused(tmp_path, overrides, said):
    with pytest.raises(InputError, match=said):
        require_fitting(plain_settings(compose_config(*overrides, run_dir=tmp_path)))


def test_a_larger_patch_and_a_deeper_network_are_two_words(tmp_path):
    found = settings(tmp_path, "data=cryoppp", "model=deep", "patch=128")
    assert (found["model"]["depth"], found["model"]["blocks"]) == (5, 2)
    assert found["data"]["patch"] == found["patch"] == 128


def jobs(*overrides):
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return BasicSweeper.split_arguments(parsed, max_batch_size=None)[0]


def jobs_of(*overrides):
    return jobs(*(f"{key}={value}" for key, value in sweep_params(*overrides).items()))


def test_folds_are_as_many_jobs_as_there_are_folds():
    assert jobs_of("experiment=folds", "data.split.folds=3") == [[f"data.split.fold={k}"] for k in range(3)]
    assert len(jobs_of("experiment=folds")) == 4


def test_leaving_one_protein_out_is_a_job_for_each_entry_of_the_data(tmp_path):
    held_out = "data.split.held_out"
    embedded = ("synthetic-globular", "synthetic-ring", "synthetic-rod")
    assert jobs_of("experiment=leave_one_protein_out") == [[f"{held_out}={name}"] for name in embedded]
    chosen = jobs_of("split=leave_one_entry_out", "data.entries=[synthetic-rod,synthetic-ring]")
    assert chosen == [[f"{held_out}=synthetic-rod"], [f"{held_out}=synthetic-ring"]]
    for name in ("10061", "b (old)", "it's, c", "true"):
        write_blobs(tmp_path / name, count=1)
    (tmp_path / "10081/micrographs").mkdir(parents=True)  # an entry whose micrographs are missing
    found = jobs_of("split=leave_one_entry_out", "data=cryoppp", f"data.root={tmp_path}")
    names = [settings(tmp_path, "data=cryoppp", *job)["data"]["split"]["held_out"] for job in found]
    assert names == ["10061", "b (old)", "it's, c", "true"]


def test_the_sweep_of_the_readme_is_eight_jobs_that_compose(tmp_path):
    found = jobs("patch=64,128", "model=shallow,deep", "optimizer.lr=1e-3,3e-4")
    assert len(found) == 8
    rates = {settings(tmp_path, "data=cryoppp", *job)["optimizer"]["lr"] for job in found}
    assert rates == {1e-3, 3e-4}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "count"),
    [
        ("patch_depth_lr", 27),
        ("channels_ablation", 9),
        ("patch_size_study", 45),
        ("folds", 4),
        ("noise_study", 189),
        ("noise_folds", 63),
        ("noise_cleaned", 42),
        ("noise_told", 21),
        ("noise_real_folds", 18),
        ("noise_real_cleaned", 12),
        ("noise_real_told", 6),
    ],
)
def test_the_jobs_of_a_sweep_preset_compose(preset, count, tmp_path):
    found = jobs_of(f"experiment={preset}")
    assert len(found) == count
    needed = NEEDED.get(("experiment", preset), ())
    for job in found[:: -(-count // 9)]:  # some from all over the grid
        check_values(settings(tmp_path, "data=cryoppp", f"experiment={preset}", *job, *needed))


@pytest.mark.parametrize("preset", ["patch_depth_lr_tpe", "patch_depth_lr_random"])
@pytest.mark.parametrize(("mode", "direction"), [("max", "maximize"), ("min", "minimize")])
def test_optuna_seeks_what_runs_are_judged_by(preset, mode, direction, tmp_path):
    compose_config(f"experiment={preset}", f"monitor.mode={mode}", run_dir=tmp_path, mode="MULTIRUN")
    assert HydraConfig.get().sweeper.direction == direction


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("optimizer.lrr=1", "Key 'lrr' is not in struct"),
        ("pach=64", "Key 'pach' not in 'Train'"),
        ("patch=abc", "Value 'abc' of type 'str' could not be converted to Integer"),
        ("patch=64.5", "could not be converted to Integer"),
        ("pixel_size=abc", "could not be converted to Float"),
        ("augment.d4=maybe", "is not a valid bool"),
        ("augment.d5=true", "Key 'd5' not in 'Augment'"),
        ("monitor.metrik=x", "Key 'metrik' not in 'Monitor'"),
        ("data.rot=x", "Key 'rot' is not in struct"),
        ("trainer.max_epoch=3", "Key 'max_epoch' is not in struct"),
        ("channels.spectrum.feld=1", "Key 'feld' is not in struct"),
    ],
)
def test_a_misspelt_key_or_a_wrong_type_does_not_compose(override, said, tmp_path):
    with pytest.raises(HydraException) as fault:
        compose_config("data=cryoppp", override, run_dir=tmp_path)
    told = f"{fault.value} {fault.value.__cause__}"
    assert said in told
    assert override.split("=")[0] in told


def test_an_unknown_model_lists_those_there_are(tmp_path):
    with pytest.raises(HydraException, match="Could not find 'model/huge'") as fault:
        compose_config("model=huge", run_dir=tmp_path)
    for path in (CONF / "model").glob("*.yaml"):
        assert path.stem in str(fault.value)


def test_the_evaluation_config_composes_and_asks_for_a_checkpoint(tmp_path):
    config = compose_config(run_dir=tmp_path, name="evaluate")
    assert OmegaConf.is_missing(config, "ckpt")
    assert compose_config("ckpt=last", "data.root=x", run_dir=tmp_path, name="evaluate").data.root == "x"


def test_no_value_is_machine_bound():
    for path in CONF.rglob("*.yaml"):
        assert not any(word in path.read_text("utf-8") for word in ("/home/", "/tmp/", "/mnt/")), path


def test_every_key_of_the_root_has_a_type():
    root = OmegaConf.load(CONF / "train.yaml")
    assert set(root) - {"defaults", "hydra"} <= {field.name for field in fields(Train)}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("logger.table=-1", r"logger\.table=-1: must be at least 0"),
        ("logger.table=20000", r"logger\.table=20000: must be at most 10000"),
        ("logger.table=1.5", r"logger\.table=1.5: must be a whole number"),
        ("logger.finish_timeout=0", r"logger\.finish_timeout=0: must be at least 1"),
        ("logger.init_timeout=soon", r"logger\.init_timeout=soon: must be a number"),
    ],
)
def test_what_w_and_b_is_told_has_limits(override, said, tmp_path):
    with pytest.raises(InputError, match=said):
        check_values(settings(tmp_path, "data=cryoppp", override))
