"""Folders of finished runs and sweeps as judgements of picks that their networks never saw."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from cryoice.constants import BAD, GOOD, UNKNOWN
from cryoice.errors import InputError
from cryoice.experiment.evaluate import evaluated_settings
from cryoice.experiment.settings import plain_settings
from cryoice.learn.checkpoint_file import require_known_classes
from cryoice.schema import register

PREDICTIONS = "predictions.csv"
_NAMES, _NUMBERS = ["entry", "micrograph"], ["y", "x", "label", "true_label", "probability"]


@dataclass(frozen=True)
class JudgedRun:
    """A run's predictions on its test picks, and its data settings where its folder tells them."""

    folder: Path
    predictions: pd.DataFrame
    data: dict[str, Any] | None


def read_runs(places: Sequence[Path]) -> tuple[list[JudgedRun], list[str]]:
    """Read the runs in folders of runs and of sweeps, and tell in a line each which cannot be read, and why.

    Raises
    ------
    InputError
        None can be read, or they judged different data.
    """
    runs: list[JudgedRun] = []
    failures: list[str] = []
    for folder in dict.fromkeys(job.resolve() for place in places for job in _jobs(place)):
        try:
            runs.append(JudgedRun(folder, read_predictions(folder / PREDICTIONS), data_settings(folder)))
        except InputError as error:
            failures.append(str(error))
    if not runs:
        raise InputError(failures[0] if failures else "no folder is given; name those of finished runs")
    _require_same_data(runs)
    return runs, failures


def _jobs(place: Path) -> list[Path]:
    """Return the job folders of a sweep in order; of anything else itself."""
    inside = place.iterdir() if place.is_dir() and not (place / PREDICTIONS).exists() else ()
    jobs = [path for path in inside if path.name.isdigit() and path.is_dir()]
    return sorted(jobs, key=lambda job: int(job.name)) or [place]


def read_predictions(path: Path) -> pd.DataFrame:
    """Read what `learn.evaluation.prediction_table` wrote.

    Raises
    ------
    InputError
        The file is missing, torn, or holds something else.
    """
    try:
        text = path.read_text("utf-8")
        types: Any = dict.fromkeys(_NAMES, str)  # names of digits stay names
        table = pd.read_csv(io.StringIO(text), dtype=types, keep_default_na=False)[_NAMES + _NUMBERS]
        numbers = table[_NUMBERS].astype(np.float64)
        sound = np.isfinite(numbers).all(axis=None) and numbers["probability"].between(0, 1).all()
        sound &= (
            numbers["label"].isin((GOOD, BAD)).all()
            and numbers["true_label"].isin((GOOD, BAD, UNKNOWN)).all()
        )
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: no such file; the run did not finish, or it is no folder of one"
        ) from error
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: no table of predictions ({error}); score the run again") from error
    if not sound or not text.endswith("\n"):
        raise InputError(f"{path}: torn, or not as train.py writes it; score the run again with evaluate.py")
    return table.assign(**numbers).astype({"label": np.int64, "true_label": np.int64})


def data_settings(folder: Path) -> dict[str, Any] | None:
    """Return the data settings that a run's folder keeps, of train.py or evaluate.py; None if it keeps none.

    Raises
    ------
    InputError
        They would build anything but a class of this project.
    """
    path = folder / ".hydra" / "config.yaml"
    register()
    try:
        settings = plain_settings(OmegaConf.load(path))  # type: ignore[arg-type]
        if "_target_" not in settings["data"]:
            settings = _of_checkpoint(settings)
        data: dict[str, Any] = settings["data"]
        _ = data["_target_"]
    except (OSError, YAMLError, OmegaConfBaseException, InputError, KeyError, TypeError, AssertionError):
        return None
    require_known_classes(data, path)
    return data


def _of_checkpoint(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that evaluate.py used; which run was its ``last`` nobody knows any more."""
    if wanted["ckpt"] == "last":
        raise KeyError("ckpt")
    return evaluated_settings(Path(wanted["ckpt"]), wanted)


def _require_same_data(runs: Sequence[JudgedRun]) -> None:
    known = [(run.folder, _source(run.data)) for run in runs if run.data is not None]
    for folder, source in known[1:]:
        if source != known[0][1]:
            raise InputError(f"{known[0][0]} and {folder} judged different data; give runs on the same")


def _source(data: dict[str, Any]) -> Any:
    return data["simulation"] if "simulation" in data else str(Path(data.get("root", "")).resolve())


def joint_settings(runs: Sequence[JudgedRun]) -> dict[str, Any] | None:
    """Return data settings for the picks of all runs; None where no folder keeps any."""
    known = [run.data for run in runs if run.data is not None]
    if not known:
        return None
    data = known[0] | {"suspects": None, "cleaning": "drop"}
    if any(one.get("entries") != data.get("entries") for one in known):
        data["entries"] = sorted({entry for run in runs for entry in run.predictions["entry"].unique()})
    return data
