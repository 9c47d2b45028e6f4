"""Small, plain settings for the simulation's tests."""

from collections.abc import Mapping
from typing import Any

from cryoice.simulate.presets import load_preset
from cryoice.simulate.settings import SimulationSettings

_DEFAULT = load_preset("default")


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Replace single settings, those of groups one by one."""
    groups = {
        key: merged(base[key], value) if isinstance(value, Mapping) else value
        for key, value in changes.items()
    }
    return {**base, **groups}


def with_shares(settings: Mapping[str, Any], share: float) -> dict[str, Any]:
    """Set how many of the micrographs hold each artifact."""
    groups = [name for name, group in settings.items() if isinstance(group, Mapping) and "share" in group]
    return merged(settings, {name: {"share": share} for name in groups})


PLAIN = merged(
    with_shares(_DEFAULT, 0.0),
    {
        "seed": 3,
        "micrographs": 2,
        "size": [256, 288],
        "pixel_size": 3.0,
        "proteins": ["ring"],
        "microscope": {
            "voltages": [300.0],
            "cs": [2.7],
            "astigmatism": [0.0, 0.0],
            "defocus": [1.5, 1.5],
            "amplitude_contrast": [0.1, 0.1],
            "b_factor": [60.0, 60.0],
        },
        "camera": {
            "dose": [40.0, 40.0],
            "detectors": ["k2"],
            "dose_weighted": 0.0,
            "drifting": 0.0,
            "counting": [1.0, 1.0],
            "unevenness": [0.0, 0.0],
        },
        "film": {
            "thickness": [400.0, 400.0],
            "thickness_gradient": [0.0, 0.0],
            "roughness": [0.0, 0.0],
            "meniscus": [0.0, 0.0],
            "steps": [0.0, 0.0],
        },
        "particles": {
            "potential": [2.5, 2.5],
            "softness": [3.5, 3.5],
            "coverage": [0.3, 0.3],
            "overlap": [0.0, 0.0],
            "edge": [0.0, 0.0],
            "stray_share": 0.0,
            "debris": [0.0, 0.0],
        },
        "picks": {"jitter": 2.0, "bad_per_good": [1.0, 1.0], "good_noise": 0.0, "background_share": 0.1},
        "crystalline": {"size": [300.0, 400.0], "fringe_contrast": [0.02, 0.02], "whole_share": 0.0},
        "contaminants": {"number": [3, 5], "size": [100.0, 250.0], "large_share": 0.0},
        "support": {"thickness": [60.0, 60.0], "gold": 0.0, "covered": [0.1, 0.2]},
        "aggregates": {"number": [3, 3], "size": [300.0, 500.0]},
        "denatured": {"number": [1, 1], "size": [300.0, 500.0]},
        "vesicles": {"number": [1, 1]},
    },
)
"""A level film of 400 Å with particles and nothing else."""

BUSY = merged(
    with_shares(PLAIN, 1.0),
    {
        "film": {"thickness_gradient": [0.0, 0.4], "roughness": [2.0, 10.0]},
        "nuisances": {"share": 0.0},
    },
)
"""Every kind of artifact in every micrograph, as the camera counts it."""


def settings_with(base: Mapping[str, Any], **changes: Any) -> SimulationSettings:
    """Parse settings with some values changed, groups key by key."""
    return SimulationSettings.parse(merged(base, changes))
