"""From a micrograph to a map of what is not vitreous ice, and coordinates against it: arrays in and out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryoice.mask.clean import judge_positions
    from cryoice.mask.masking import mask_micrograph
    from cryoice.mask.model import load_model

__all__ = ["judge_positions", "load_model", "mask_micrograph"]

_HOMES = {"judge_positions": "clean", "load_model": "model", "mask_micrograph": "masking"}


def __getattr__(name: str) -> Any:
    """Import what is asked for: who compares coordinates with masks does not wait for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
