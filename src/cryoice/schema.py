"""Types of the root config keys, registered with Hydra; values live in ``conf/``."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import MISSING, DictConfig, OmegaConf

from cryoice.errors import InputError
from cryoice.experiment.processes import started
from cryoice.experiment.sweep_job import register_folders


@dataclass
class Monitor:
    """The metric that chooses the checkpoint and stops the training."""

    metric: str = MISSING
    mode: str = MISSING


@dataclass
class Augment:
    """Changes of a training patch that keep its label."""

    d4: bool = MISSING
    gain: float = MISSING
    offset: float = MISSING


@dataclass
class Train:
    """Root keys of ``conf/train.yaml``."""

    data: Any = MISSING
    channels: Any = MISSING
    model: Any = MISSING
    optimizer: Any = MISSING
    schedule: Any = MISSING
    loss: Any = MISSING
    trainer: Any = MISSING
    logger: Any = MISSING
    task: str = MISSING
    name: str = MISSING
    seed: int = MISSING
    patch: int = MISSING
    pixel_size: float = MISSING
    batch_size: int = MISSING
    channels_last: bool = MISSING
    compile: bool = MISSING
    augment: Augment = field(default_factory=Augment)
    degrade: Any = MISSING
    monitor: Monitor = field(default_factory=Monitor)
    patience: int = MISSING
    ckpt: str | None = MISSING
    init: str | None = MISSING
    bootstrap: int = MISSING
    report: str = MISSING
    cache: str = MISSING


@dataclass
class Evaluate:
    """Root keys of ``conf/evaluate.yaml``."""

    ckpt: str = MISSING
    bootstrap: int = MISSING
    data: dict[str, Any] = MISSING


def _folds(n: Any) -> str:
    if not isinstance(n, int) or n < 1:
        raise InputError(f"data.split.folds={n}: must be a whole number from 3 up")
    return ",".join(map(str, range(n)))


def _entries(data: DictConfig) -> str:
    from cryoice.learn.entry_names import entry_names  # not needed by a start

    parser = OverridesParser.create()

    def typed(name: str) -> str:
        try:
            plain = parser.parse_override(f"x={name}").value() == name
        except HydraException:
            plain = False
        return name if plain else "'" + name.replace("'", "\\'") + "'"

    return ",".join(map(typed, entry_names(data)))


def _noise_rate(folder: str, name: str) -> float:
    path = Path(folder) / "summary.json"
    try:
        return float(json.loads(path.read_text("utf-8"))[name])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: holds no {name}; let `cryoice suspects … -o {folder}` write it") from error


def _direction(mode: str) -> str:
    found = {"max": "maximize", "min": "minimize"}.get(mode)
    if found is None:
        raise InputError(f"monitor.mode={mode}: must be max or min")
    return found


def _quick_precision(accelerator: str) -> str:
    from cryoice.mask.device import quick_precision  # torch, which not every start needs

    return quick_precision(accelerator)


def register() -> None:
    """Make the schemas known to Hydra, and to configs ``${product:a,b}`` and the following.

    ``${folds:n}`` is 0 to n - 1, ``${entries:${data}}`` the entries of the data, ``${job_folder:n}`` where
    job number n runs, ``${noise_rate:DIR,name}`` what `cryoice suspects` estimated, ``${started:pattern}``
    when a run started, the same in all its processes, ``${direction:mode}`` what Optuna calls a mode of
    ``monitor``, ``${quick_precision:accelerator}`` what computes the fastest there.
    """
    register_folders()
    OmegaConf.register_new_resolver("product", lambda a, b: a * b, replace=True)
    OmegaConf.register_new_resolver("folds", _folds, replace=True)
    OmegaConf.register_new_resolver("entries", _entries, replace=True)
    OmegaConf.register_new_resolver("noise_rate", _noise_rate, replace=True)
    OmegaConf.register_new_resolver("started", started, replace=True)
    OmegaConf.register_new_resolver("direction", _direction, replace=True)
    OmegaConf.register_new_resolver("quick_precision", _quick_precision, replace=True)
    store = ConfigStore.instance()
    store.store(name="schema", node=Train)
    store.store(name="evaluation_schema", node=Evaluate)
