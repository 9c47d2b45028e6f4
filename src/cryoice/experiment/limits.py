"""What values can be, where no class checks them."""

import math
from typing import Any

from cryoice.errors import InputError
from cryoice.experiment.settings import flatten, matches
from cryoice.files.frames import FRAMES
from cryoice.learn.label_noise import KINDS as NOISE

METRICS = {
    "patches": ("val/auroc", "val/auprc", "val/accuracy", "val/f1", "val/loss"),
    "pixels": ("val/ap", "val/auroc", "val/miou", "val/loss"),
}
"""What a run can be judged by, by its task."""

CHOICES = {
    "task": tuple(METRICS),
    "report": ("full", "scores"),
    "monitor.mode": ("min", "max"),
    "channels.spectrum.kind": ("averaged", "plain"),
    "channels.spectrum.window": ("hann", "tukey", "none"),
    "data.split.by": ("micrograph", "entry"),
    "data.frame": ("auto", *FRAMES),
    "data.noise.kind": NOISE,
    "data.cleaning": ("drop", "flip"),
    "data.balance": ("none", "entry"),
    "trainer.strategy": ("ddp", "ddp_find_unused_parameters_true"),
}
"""What the text of a key can be."""

LIMITS = {
    "seed": (0, 2**32 - 1),  # what NumPy's global generator takes
    "pixel_size": (0.01, math.inf),
    "batch_size": (1, math.inf),
    "patience": (0, math.inf),
    "bootstrap": (1, math.inf),
    "augment.gain": (0, 1),
    "augment.offset": (0, math.inf),
    "degrade.rescale": (0, 1),
    "degrade.rescale_share": (0, 1),
    "degrade.roughen": (1, math.inf),
    "degrade.roughen_share": (0, 1),
    "degrade.slope": (0, math.inf),
    "degrade.clouds": (0, math.inf),
    "degrade.clouds_share": (0, 1),
    "degrade.flatten": (1, math.inf),
    "degrade.flatten_share": (0, 1),
    "degrade.rim": (0, math.inf),
    "degrade.rim_share": (0, 1),
    "degrade.blur": (0, math.inf),
    "degrade.blur_share": (0, 1),
    "degrade.noise": (0, math.inf),
    "degrade.noise_share": (0, 1),
    "degrade.squash": (0, math.inf),
    "degrade.squash_share": (0, 1),
    "degrade.levels": (2, 256),
    "degrade.levels_share": (0, 1),
    "channels.spectrum.field": (0, math.inf),
    "channels.spectrum.pixel_size": (0.01, math.inf),
    "data.jobs": (1, math.inf),
    "data.faintest": (0, 1),
    "data.margin": (0, math.inf),
    "data.noise.rate": (0, 1),
    "data.noise.seed": (0, math.inf),
    "data.num_workers": (0, math.inf),
    "data.split.train": (0, 1),
    "data.split.val": (0, 1),
    "data.split.test": (0, 1),
    "data.split.fold": (0, math.inf),
    "data.split.folds": (3, math.inf),
    "data.simulation.seed": (0, math.inf),
    "logger.init_timeout": (1, math.inf),
    "logger.finish_timeout": (1, math.inf),
    "logger.table": (0, 10_000),  # pictures, each a file to send
    "loss.label_smoothing": (0, 1),
    "loss.q": (1e-3, 1),
    "loss.alpha": (0, math.inf),
    "loss.beta": (0, math.inf),
    "loss.log_zero": (-math.inf, 0),
    "loss.strength": (0, math.inf),
    "loss.forget": (0, 0.99),
    "loss.warm_up": (0, math.inf),
    "loss.good_to_bad": (0, 0.95),
    "loss.bad_to_good": (0, 0.95),
    "loss.dice": (0, math.inf),
    "loss.margin": (0, math.inf),
    "model.width": (1, math.inf),
    "model.depth": (1, math.inf),
    "model.blocks": (1, math.inf),
    "model.hidden": (1, math.inf),
    "model.dropout": (0, 1),
    "optimizer.lr": (0, math.inf),
    "optimizer.weight_decay": (0, math.inf),
    "trainer.max_epochs": (1, math.inf),
    "trainer.accumulate_grad_batches": (1, math.inf),
    "trainer.num_nodes": (1, math.inf),
}
"""The least and the greatest value of numbers."""

MAY_BE_NULL = ("data.jobs", "data.margin", "data.split.fold", "loss.good_to_bad", "loss.bad_to_good")

WHOLE = ("logger.table",)
"""Numbers without a fraction, where no class says so."""

CHANNELS = (["real"], ["spectrum"], ["real", "spectrum"])


def check_values(settings: dict[str, Any]) -> None:
    """Check what is not tied to a class: names to choose from, the range of numbers, channels.

    Raises
    ------
    InputError
        Another name, no number or one out of range, channels that do not exist.
    """
    flat = flatten(settings)
    for key in CHOICES.keys() & flat.keys():
        _check_choice(key, flat[key], CHOICES[key])
    if "monitor.metric" in flat:
        _check_choice("monitor.metric", flat["monitor.metric"], METRICS[flat.get("task", "patches")])
    for key, value in flat.items():
        _check_number(key, value)
    if None in (flat.get("loss.good_to_bad", 0), flat.get("loss.bad_to_good", 0)):
        _check_warm_up(flat)
    if flat["channels.use"] not in CHANNELS:
        raise InputError(
            f"channels.use={flat['channels.use']}: choose from [real], [spectrum], [real,spectrum]"
        )


def _check_warm_up(flat: dict[str, Any]) -> None:
    """Check that a loss that estimates how often labels are wrong gets to it, and to what follows."""
    warm_up, epochs = flat["loss.warm_up"], flat["trainer.max_epochs"]
    every = flat.get("trainer.check_val_every_n_epoch") or 1
    if warm_up >= epochs:
        raise InputError(
            f"loss.warm_up={warm_up}: must be less than trainer.max_epochs={epochs}, or nothing is trained "
            "behind it"
        )
    if warm_up < every or flat.get("trainer.limit_val_batches") == 0:
        raise InputError(
            f"loss.warm_up={warm_up}: no validation falls into it, from which the shares of wrong labels "
            "could be estimated; lengthen it, or give loss.good_to_bad and loss.bad_to_good"
        )


def _check_choice(key: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{key}={value}: choose from {', '.join(choices)}")


def _check_number(key: str, value: Any) -> None:
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, float) and not math.isfinite(part) for part in parts):
        raise InputError(f"{key}={value}: must be finite")
    if key not in LIMITS or (value is None and key in MAY_BE_NULL):
        return
    if not matches(value, float):
        raise InputError(f"{key}={value}: must be a number")
    if key in WHOLE and not isinstance(value, int):
        raise InputError(f"{key}={value}: must be a whole number")
    least, most = LIMITS[key]
    if value < least:
        raise InputError(f"{key}={value}: must be at least {least:g}")
    if value > most:
        raise InputError(f"{key}={value}: must be at most {most}")
