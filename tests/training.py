"""Tiny trainings for the tests: entries of a few blobs, one light network, one or two epochs."""

import subprocess
import sys
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from cryoice.schema import register
from entry_builder import write_entry

CONF = Path(__file__).parents[1] / "conf"
SHAPE = (150, 161)
PIXEL_SIZE = 1.5
TINY = (
    "patch=16",
    "pixel_size=1.5",
    "model=shallow",
    "model.width=4",
    "model.depth=2",
    "model.hidden=8",
    "batch_size=16",
    "trainer.max_epochs=2",
    "trainer.accelerator=cpu",
    "trainer.enable_progress_bar=false",
    "trainer.enable_model_summary=false",
    "trainer.log_every_n_steps=1",
    "logger=csv",
    "bootstrap=10",
)
SMALL_FIELD = "channels.spectrum.field=40"


def write_blobs(folder: Path, *, count=6, pixel_size=PIXEL_SIZE, frame="cryoppp", shape=SHAPE):
    """Write an entry whose GOOD picks lie on dark discs and whose BAD ones lie anywhere."""
    return write_entry(folder, count=count, shape=shape, pixel_size=pixel_size, depth=3.0, frame=frame)


def compose_config(*overrides, run_dir: Path, name="train", mode="RUN") -> DictConfig:
    """Compose as `train.py` does, with Hydra told that the run's folder is ``run_dir``."""
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(
            name,
            overrides=[*overrides, f"hydra.mode={mode}", f"hydra.runtime.output_dir={run_dir}"],
            return_hydra_config=True,
        )
    HydraConfig.instance().set_config(config)
    with open_dict(config):
        del config["hydra"]
    return config


def sweep_params(*overrides):
    """Return what a preset sweeps over: key to values, as Hydra's sweeper gets them."""
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        hydra = compose("train", overrides=list(overrides), return_hydra_config=True).hydra
    assert hydra.mode.name == "MULTIRUN"
    return OmegaConf.to_container(hydra.sweeper.params, resolve=True)


def tiny(root: Path, cache: Path, *more):
    """Return the overrides of a training on the entries under ``root`` that takes seconds."""
    return ("data=cryoppp", f"data.root={root}", f"cache={cache}", *TINY, SMALL_FIELD, *more)


def run_program(program: str, *overrides: str, cwd: Path = CONF.parent) -> subprocess.CompletedProcess[str]:
    """Run `train` or `evaluate` as a user does."""
    command = [sys.executable, str(CONF.parent / f"{program}.py"), *overrides]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
