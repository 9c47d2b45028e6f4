"""Types of the root config keys, registered with Hydra; values live in ``conf/``."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf

from cryoice.experiment.processes import started


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


def register() -> None:
    """Make the schemas known to Hydra, and ``${product:a,b}`` and ``${started:pattern}`` to configs."""
    OmegaConf.register_new_resolver("product", lambda a, b: a * b, replace=True)
    OmegaConf.register_new_resolver("started", started, replace=True)
    store = ConfigStore.instance()
    store.store(name="schema", node=Train)
    store.store(name="evaluation_schema", node=Evaluate)
