"""A small, quick and quiet simulation that tests change to their need."""

from typing import Any

from cryoice.simulate.settings import SimulationSettings

PLAIN: dict[str, Any] = {
    "seed": 7,
    "micrographs": 2,
    "size": [256, 288],
    "pixel_size": 3.0,
    "proteins": ["ring"],
    "voltage": 300.0,
    "cs": 2.7,
    "dose": [40.0, 40.0],
    "defocus": [1.5, 1.5],
    "amplitude_contrast": [0.1, 0.1],
    "b_factor": [60.0, 60.0],
    "thickness": [400.0, 400.0],
    "thickness_gradient": [0.0, 0.0],
    "roughness": [0.0, 0.0],
    "mean_free_path": 4000.0,
    "sqrt_dqe": [0.80, 0.64, 0.35],
    "ntf_nyquist": 0.85,
    "protein_potential": [2.5, 2.5],
    "particle_density": [2000.0, 2000.0],
    "stray_share": 0.0,
    "debris": [0.0, 0.0],
    "pick_jitter": 2.0,
    "bad_per_good": [1.0, 1.0],
    "label_noise": 0.2,
    "good_noise": 0.0,
    "background_share": 0.1,
    "crystalline_share": 0.0,
    "crystalline_size": [300.0, 400.0],
    "fringe_contrast": [0.02, 0.02],
    "mottle": [0.0, 0.05],
    "contaminant_share": 0.0,
    "contaminants": [3, 5],
    "contaminant_size": [100.0, 250.0],
    "support_share": 0.0,
    "support_thickness": [60.0, 60.0],
    "aggregate_share": 0.0,
    "aggregates": [1, 1],
}
"""A level film of 400 Å with particles and nothing else."""

BUSY: dict[str, Any] = PLAIN | {
    "thickness_gradient": [0.0, 0.4],
    "roughness": [2.0, 10.0],
    "crystalline_share": 1.0,
    "contaminant_share": 1.0,
    "support_share": 1.0,
    "aggregate_share": 1.0,
}
"""Every kind of artifact in every micrograph."""


def settings_with(base: dict[str, Any], **changes: Any) -> SimulationSettings:
    """Parse settings with some values changed."""
    return SimulationSettings.parse(base | changes)
