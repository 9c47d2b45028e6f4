"""What the README tells people to type works, and what it points at exists."""

import re
import shlex

import pytest
import typer
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from cryoice.cli import app
from cryoice.experiment.limits import check_values
from cryoice.experiment.settings import check_targets, plain_settings
from cryoice.schema import register
from training import CONF, compose_config

ROOT = CONF.parent
TEXT = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^python (train|evaluate)\.py([^#\n]*)", TEXT, flags=re.MULTILINE)


def overrides(typed):
    """Return the jobs that a command line stands for, each as its overrides, without placeholders."""
    words = [word.strip("[]") if "DIR" in word else word for word in shlex.split(typed)]
    kept = [word.replace("…", "some-run") for word in words if word not in ("-m", "…")]
    if "-m" not in words:
        return [kept]
    parsed = OverridesParser.create().parse_overrides(kept)
    return BasicSweeper.split_arguments(parsed, max_batch_size=None)[0]


def check_settings(*given, tmp_path):
    given = [word for word in given if not word.startswith("hydra")]
    found = plain_settings(compose_config(*given, run_dir=tmp_path))
    check_values(found)
    check_targets(found)


def test_there_are_commands():
    assert {program for program, _ in COMMANDS} == {"train", "evaluate"}


@pytest.mark.slow
@pytest.mark.parametrize("typed", [typed for program, typed in COMMANDS if program == "train"])
def test_every_training_of_the_readme_composes(typed, tmp_path):
    for job in overrides(typed):
        check_settings(*job, tmp_path=tmp_path)


@pytest.mark.parametrize("typed", [typed for program, typed in COMMANDS if program == "evaluate"])
def test_every_evaluation_of_the_readme_composes(typed, tmp_path):
    for job in overrides(typed):
        assert plain_settings(compose_config(*job, run_dir=tmp_path, name="evaluate"))["ckpt"]


def test_every_launcher_of_the_readme_composes():
    chosen = [word for _, typed in COMMANDS for word in shlex.split(typed) if word.startswith("hydra")]
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        launcher = compose("train", overrides=chosen, return_hydra_config=True).hydra.launcher
    assert OmegaConf.to_container(launcher)["n_jobs"] == 2


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?m)(?:^|`)make ([a-z]+)", TEXT))))
def test_every_make_target_of_the_readme_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?://)([^)#]+)", TEXT))
def test_every_link_of_the_readme_leads_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("group", ["model", "experiment"])
def test_the_readme_names_every_option(group):
    assert all(path.stem in TEXT for path in (CONF / group).glob("[!_]*.yaml"))


MICROSCOPIST = re.findall(r"^cryoice (\w+)([^#\n]*)", TEXT, flags=re.MULTILINE)


def test_the_readme_shows_the_commands_of_the_microscopist():
    assert {"mask", "clean", "select", "check", "simulate"} <= {name for name, _ in MICROSCOPIST}


@pytest.mark.parametrize(("name", "typed"), MICROSCOPIST)
def test_every_flag_of_the_readme_exists(name, typed):
    command = typer.main.get_command(app).commands[name]
    assert command.make_context(name, shlex.split(typed), resilient_parsing=True).params
