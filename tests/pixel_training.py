"""Tiny trainings on pixels: a dozen simulated micrographs, one light network, two epochs."""

from cryoice.simulate.presets import load_preset

SIDE = 256
"""px of a simulated micrograph: the least there is."""


def small_simulation(preset="lowres", *, micrographs=6, seed=0):
    """Return settings of a simulation at 8 Å/px that takes a second."""
    changes = {"micrographs": micrographs, "seed": seed, "size": [SIDE, SIDE], "pixel_size": 8.0}
    return load_preset(preset) | changes


def module_settings(cache, *, micrographs=6):
    """Return the arguments of `PixelDataModule`."""
    return {
        "simulations": {"mixed": small_simulation(micrographs=micrographs)},
        "split": {"by": "micrograph", "train": 0.6, "val": 0.2, "test": 0.2, "seed": 0},
        "pixel_size": 8.0,
        "faintest": 0.0,
        "batch_size": 2,
        "num_workers": 0,
        "jobs": 1,
        "cache": str(cache),
        "seed": 0,
    }


def tiny_pixels(cache, *more):
    """Return the overrides of a training on pixels that takes seconds."""
    sets = ("mixed", "hard_negatives", "support", "contamination", "crystalline", "clean")
    few = [f"data.simulations.{name}.size=[{SIDE},{SIDE}]" for name in sets]
    few += [f"data.simulations.{name}.micrographs=3" for name in sets[1:]]
    return (
        "experiment=detector",
        f"cache={cache}",
        *few,
        "data.simulations.mixed.micrographs=16",
        "data.split.train=0.6",
        "data.split.val=0.2",
        "data.split.test=0.2",
        "data.jobs=2",
        "model.width=4",
        "model.depth=2",
        "patch=64",
        "batch_size=4",
        "trainer.max_epochs=2",
        "trainer.precision=32-true",
        "trainer.accelerator=cpu",
        "trainer.enable_progress_bar=false",
        "trainer.enable_model_summary=false",
        "trainer.log_every_n_steps=1",
        "logger=csv",
        *more,
    )
