"""What a finished evaluation adds to a run's W&B page; every function does nothing for other loggers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8
from pytorch_lightning.loggers import Logger, WandbLogger

from cryoice.report.held_out_entries import SHOWN, TRUE
from cryoice.report.leave_one_out import TABLE, readable_entries
from cryoice.report.tables import MEAN, WORST

_PREFIX = {"label": "test", "true_label": "test_true"}


def wandb_loggers(loggers: Sequence[Logger]) -> list[WandbLogger]:
    """Return the W&B loggers among ``loggers``."""
    return [logger for logger in loggers if isinstance(logger, WandbLogger)]


def log_figures(loggers: Sequence[Logger], figures: Mapping[str, Path]) -> None:
    """Add pictures as ``figures/<name>``."""
    for logger in wandb_loggers(loggers):
        for name, path in figures.items():
            logger.log_image(f"figures/{name}", [str(path)])


def log_results(loggers: Sequence[Logger], results: Mapping[str, Any]) -> None:
    """Write the scores of `report.results.Results` into the run's summary.

    The network's stand under ``test/<metric>`` with ``_low`` and ``_high`` beside them, those against
    the true labels under ``test_true/``, a baseline's estimates under ``test/<baseline>/<metric>``. Of
    several entries, the mean and the worst stand under ``test/mean_entry/`` and ``test/worst_entry/``.
    Undefined scores are left out.
    """
    for logger in wandb_loggers(loggers):
        logger.experiment.summary.update(flat_results(results))


def flat_results(results: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores as one flat dictionary, named as in `log_results`."""
    flat: dict[str, float | None] = {}
    for against, models in results["test"].items():
        for model, scores in models.items():
            for metric, found in (scores or {}).items():
                if model == "network":
                    flat[f"{_PREFIX[against]}/{metric}"] = found["estimate"]
                    flat[f"{_PREFIX[against]}/{metric}_low"] = found["low"]
                    flat[f"{_PREFIX[against]}/{metric}_high"] = found["high"]
                else:
                    flat[f"{_PREFIX[against]}/{model}/{metric}"] = found["estimate"]
    for against, entries in results.get("entries", {}).items():
        for row in ("mean", "worst"):
            for metric, found in entries[row].items():
                flat[f"{_PREFIX[against]}/{row}_entry/{metric}"] = found["estimate"]
    return {name: value for name, value in flat.items() if value is not None}


def log_entries(loggers: Sequence[Logger], table: pd.DataFrame) -> None:
    """Add the table of `report.held_out_entries.collect_entries`, and mean and worst to the summary.

    They stand there as in `log_results`; where the sweep tries several settings, the table tells alone.
    """
    for logger in wandb_loggers(loggers):
        logger.log_table(TABLE, dataframe=readable_entries(table))
        if table["setting"].nunique() > 1:
            continue
        rows = table.set_index("entry")
        for row, name in (("mean", MEAN), ("worst", WORST)):
            found = {f"test/{row}_entry/{metric}": float(rows[metric][name]) for metric in SHOWN}
            if TRUE in rows:
                found[f"test_true/{row}_entry/auroc"] = float(rows[TRUE][name])
            logger.experiment.summary.update({key: v for key, v in found.items() if np.isfinite(v)})


def log_samples(
    loggers: Sequence[Logger],
    channels: Mapping[str, Float[np.ndarray, "n height width"]],
    *,
    captions: Sequence[str],
) -> None:
    """Add sample patches, one picture list per channel as ``samples/<channel>``, with their captions."""
    for logger in wandb_loggers(loggers):
        for channel, patches in channels.items():
            pictures = [grey(patch) for patch in patches]
            logger.log_image(f"samples/{channel}", pictures, caption=list(captions))


def grey(patch: Float[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width"]:
    """Return a patch as a picture: stretched between the 1st and 99th percentile to 8 bit."""
    low, high = np.percentile(patch, (1, 99))
    stretched = np.clip((patch - low) / max(high - low, 1e-12), 0, 1)
    return np.asarray(255 * stretched, dtype=np.uint8)
