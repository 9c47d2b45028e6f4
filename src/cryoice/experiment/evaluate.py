"""A checkpoint scored once more, or on other micrographs: what ``evaluate.py`` does."""

import logging
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from cryoice.errors import InputError
from cryoice.experiment.callbacks import BEST
from cryoice.experiment.checkpoints import find_checkpoint
from cryoice.experiment.limits import check_values
from cryoice.experiment.run import build_data, score_checkpoint, start_process
from cryoice.experiment.settings import check_targets, plain_settings
from cryoice.learn.checkpoint_file import SETTINGS, read_checkpoint

log = logging.getLogger(__name__)

ELSEWHERE: dict[str, Any] = {
    "_target_": "cryoice.learn.whole_folder.WholeFolder",
    "frame": "auto",
    "entries": None,
    "pixel_sizes": None,
    "margin": None,
    "suspects": None,
    "cleaning": "drop",
}
"""Data settings for another folder, where those of the training mean nothing."""


def evaluate(config: DictConfig) -> None:
    """Test a checkpoint on its own test micrographs, or on all of another folder's; write the figures.

    Raises
    ------
    InputError
        There is no such checkpoint, it cannot be read, or a value is wrong.
    """
    wanted = plain_settings(config)
    run_dir = Path(HydraConfig.get().runtime.output_dir)
    path = find_checkpoint(wanted["ckpt"], outputs=Path("outputs"), name=BEST, finished=True)
    settings = evaluated_settings(path, wanted)
    check_values(settings)
    check_targets(settings)
    start_process(settings["seed"])
    score_checkpoint(path, build_data(settings), settings, [], run_dir=run_dir, monitor=None)
    log.info("figures and numbers: %s", run_dir)


def evaluated_settings(path: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a checkpoint with what an evaluation changes.

    Raises
    ------
    InputError
        The checkpoint cannot be read, or is one of pixels and given other data.
    """
    changes = {"bootstrap": wanted["bootstrap"], "report": "full"}
    settings: dict[str, Any] = read_checkpoint(path)[SETTINGS] | changes
    if settings.get("task") == "pixels" and any(value is not None for value in wanted["data"].values()):
        raise InputError(
            f"ckpt={path}: a per-pixel network, scored on its own simulated micrographs; "
            "leave data.* out, and use `cryoice mask` for others"
        )
    given = {key: value for key, value in wanted["data"].items() if value is not None}
    settings["data"] = changed_data(settings["data"], given)
    if settings.get("task") != "pixels":
        settings["data"] |= _cleaning(settings["data"])
    return settings


def _cleaning(data: dict[str, Any]) -> dict[str, Any]:
    """Return how the training's labels were cleaned: not at all in older runs, or if its list is gone."""
    suspects = data.get("suspects")
    if suspects is not None and not Path(suspects).is_file():
        log.warning("data.suspects=%s is gone: the baselines are fitted on labels as they are", suspects)
        suspects = None
    return {"suspects": suspects, "cleaning": data.get("cleaning", "drop")}


def changed_data(data: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the training's data settings with what was given; another folder is tested as a whole."""
    if "root" not in given or Path(given["root"]).resolve() == Path(data.get("root", "")).resolve():
        return data | given
    log.info(
        "all micrographs of %s are tested: its scores mean little if the training used them", given["root"]
    )
    kept = {key: value for key, value in data.items() if key not in ("simulation", "jobs")}
    return kept | ELSEWHERE | given
