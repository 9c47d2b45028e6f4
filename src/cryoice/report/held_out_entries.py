"""The scores of a leave-one-entry-out sweep: every entry's by a network that never saw it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from cryoice.constants import UNKNOWN
from cryoice.errors import InputError
from cryoice.learn.entry_metrics import EntryMetrics, entry_metrics, worst_entry
from cryoice.learn.metrics import Interval
from cryoice.report.tables import MEAN, WORST

SHOWN = {"auroc": "AUROC", "auprc": "AUPRC", "accuracy": "accuracy", "ece": "ECE"}
"""The scores of the table and what they are called."""

TRUE = "true_auroc"
"""The score of the table against the truth, where it is known."""

COUNTS = {"n_patches": "patches", "n_micrographs": "micrographs"}
"""The counts of the table and what they are called."""

_SWEPT = ("data.split.held_out=", "seed=")


@dataclass(frozen=True)
class _Job:
    entry: str
    seed: int
    bootstrap: int
    overrides: tuple[str, ...]
    predictions: pd.DataFrame | None
    finished: float


def collect_entries(folder: Path) -> pd.DataFrame:
    """Score the entries from the predictions of a sweep's jobs, those against the labels of the files.

    Returns
    -------
    DataFrame
        For each setting that the sweep tries, a row per entry, then `MEAN` and `WORST`. Columns: setting
        (the overrides that tell it from the others), entry, seeds (finished jobs; of MEAN and WORST, seeds
        with one), unfinished (jobs), n_patches, n_micrographs and for each score of `SHOWN`: its estimate,
        ``_low`` and ``_high`` (95 % interval over resampled micrographs, for one seed), ``_spread``
        (standard deviation over several seeds, whose mean is the estimate) and ``_entry`` (of WORST);
        likewise `TRUE` where every job knows the truth.

    Raises
    ------
    InputError
        The folder has no job that holds out an entry.
    """
    paths = sorted(folder.glob("*/.hydra/config.yaml"))
    jobs = [job for path in paths if (job := _read_job(path.parents[1])) is not None]
    if not jobs:
        raise InputError(f"{folder}: no job that holds out an entry; give a leave-one-entry-out sweep")
    newest = {(job.overrides, job.entry, job.seed): job for job in sorted(jobs, key=lambda job: job.finished)}
    jobs = list(newest.values())  # jobs of before a preset changed lie beside those that are told the same
    shared = set.intersection(*(set(job.overrides) for job in jobs))
    by_setting: dict[str, list[_Job]] = {}
    for job in jobs:
        told = " ".join(override for override in job.overrides if override not in shared)
        by_setting.setdefault(told, []).append(job)
    rows = [{"setting": told, **row} for told, own in sorted(by_setting.items()) for row in _rows(own)]
    return pd.DataFrame(rows)


def _read_job(job: Path) -> _Job | None:
    try:
        config: Any = OmegaConf.load(job / ".hydra/config.yaml")
        held_out, seed, bootstrap = config.data.split.held_out, int(config.seed), int(config.bootstrap)
        overrides: Any = OmegaConf.to_container(OmegaConf.load(job / ".hydra/overrides.yaml"))
    except (OSError, YAMLError, OmegaConfBaseException, AttributeError, TypeError, ValueError):
        return None
    if held_out is None:
        return None
    results = job / "metrics.json"
    done = results.is_file() and (job / "predictions.csv").is_file()
    names = {"entry": str, "micrograph": str}
    predictions = pd.read_csv(job / "predictions.csv", dtype=names) if done else None
    told = tuple(override for override in overrides or () if not override.lstrip("+").startswith(_SWEPT))
    return _Job(str(held_out), seed, bootstrap, told, predictions, results.stat().st_mtime if done else 0.0)


def _rows(jobs: Sequence[_Job]) -> list[dict[str, Any]]:
    by_seed: dict[int, EntryMetrics] = {}
    for seed in sorted({job.seed for job in jobs}):
        own = [job for job in jobs if job.seed == seed and job.predictions is not None]
        if own:
            together = pd.concat([job.predictions for job in own])
            by_seed[seed] = _scored(together, n_bootstrap=own[0].bootstrap, seed=seed)
    scored = list(by_seed.values())
    known = bool(scored) and all(TRUE in found.mean for found in scored)
    metrics = [*SHOWN, *[TRUE][:known]]
    rows = [_entry_row(name, jobs, scored, metrics) for name in sorted({job.entry for job in jobs})]
    whole = {
        "seeds": len(scored),
        "unfinished": sum(row["unfinished"] for row in rows),
        **{name: sum(row[name] for row in rows) for name in COUNTS},
    }
    mean, worst = {"entry": MEAN, **whole}, {"entry": WORST, **whole}
    for metric in metrics:
        mean |= _cell(metric, [found.mean[metric] for found in scored])
        name = worst_entry({row["entry"]: row[metric] for row in rows}, metric)
        of_worst = next((row for row in rows if row["entry"] == name), mean)
        worst |= {key: value for key, value in of_worst.items() if key.startswith(metric)}
        worst[f"{metric}_entry"] = name
    return [*rows, mean, worst]


def _scored(predictions: pd.DataFrame, *, n_bootstrap: int, seed: int) -> EntryMetrics:
    found = entry_metrics(predictions, n_bootstrap=n_bootstrap, seed=seed)
    if (predictions["true_label"] == UNKNOWN).any():
        return found
    truth = entry_metrics(predictions, label="true_label", n_bootstrap=n_bootstrap, seed=seed)
    each = {entry: scores | {TRUE: truth.each[entry]["auroc"]} for entry, scores in found.each.items()}
    return replace(found, each=each, mean=found.mean | {TRUE: truth.mean["auroc"]})


def _entry_row(
    entry: str, jobs: Sequence[_Job], scored: Sequence[EntryMetrics], metrics: Sequence[str]
) -> dict[str, Any]:
    own = [job for job in jobs if job.entry == entry]
    tested = [job.predictions for job in own if job.predictions is not None]
    first = tested[0] if tested else pd.DataFrame(columns=["micrograph"])
    row = {"entry": entry, "seeds": len(tested), "unfinished": len(own) - len(tested)}
    row |= {"n_patches": len(first), "n_micrographs": first["micrograph"].nunique()}
    for metric in metrics:
        row |= _cell(metric, [found.each[entry][metric] for found in scored if entry in found.each])
    return row


def _cell(metric: str, found: Sequence[Interval]) -> dict[str, float]:
    """Return one seed's score with its interval, or the mean and the spread of several seeds'."""
    cell = dict.fromkeys((metric, *(f"{metric}_{name}" for name in ("low", "high", "spread"))), math.nan)
    if len(found) == 1:
        return cell | {
            metric: found[0].estimate,
            f"{metric}_low": found[0].low,
            f"{metric}_high": found[0].high,
        }
    if found:
        values = [one.estimate for one in found]
        cell |= {metric: float(np.mean(values)), f"{metric}_spread": float(np.std(values, ddof=1))}
    return cell
