"""Named settings of simulations: ``default`` holds every prior, the others say how they differ."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from cryoice.errors import InputError

_FOLDER = Path(__file__).parent
PRESETS = tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))
"""Names that `load_preset` knows."""


def load_preset(name: str) -> dict[str, Any]:
    """Return the plain settings of a preset, those of the presets it builds on included.

    Raises
    ------
    InputError
        There is no such preset.
    """
    settings: dict[str, Any] = OmegaConf.to_container(_composed(name), resolve=True)  # type: ignore[assignment]
    return settings


def _composed(name: str) -> DictConfig:
    """Merge a file over those in its ``defaults`` list, as Hydra does."""
    if name not in PRESETS:
        raise InputError(f"preset {name}: is unknown; choose from {', '.join(PRESETS)}")
    own = OmegaConf.load(_FOLDER / f"{name}.yaml")
    assert isinstance(own, DictConfig)
    bases = own.pop("defaults", [])
    merged = OmegaConf.merge(*(_composed(base) for base in bases if base != "_self_"), own)
    assert isinstance(merged, DictConfig)
    return merged
