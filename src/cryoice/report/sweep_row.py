"""One job's row in the table of a sweep: what it was told, what it scored, how it ended."""

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from cryoice.report.results import NETWORK

_SCORES = {"accuracy": "accuracy", "f1": "f1", "test_loss": "loss"}
"""Scores of the results by column: ``loss`` is a key that a sweep may change."""

_PREFIX = {"label": "", "true_label": "true_"}
MEASURED = [
    prefix + name
    for prefix in _PREFIX.values()
    for name in ("auroc", "auroc_low", "auroc_high", "worst_auroc", *(_SCORES if not prefix else ()))
]
"""Columns of scores against labels and against the truth, the latter where it is known."""

FIELD, REASON = "field (Å)", "reason"
"""Columns of what a patch sees, its side in px times Å/px, and of why a job failed, where one did."""


def read_results(path: Path) -> dict[str, Any] | None:
    """Return what a ``metrics.json`` holds; None where there is none, or it cannot be read."""
    try:
        read = json.loads(path.read_text("utf-8"))
        read["test"]["label"][NETWORK]["auroc"]["estimate"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(read)


def row_of(job: Path, results: dict[str, Any] | None) -> dict[str, Any]:
    """Return the row of a job's folder and of its `read_results`, as `collect_sweep` describes it."""
    try:
        written = (job / ".hydra/config.yaml").stat().st_mtime_ns
    except OSError:
        written = 0
    told = {"job": int(job.name), **_told(job, written)}
    return {**told, **_scores(results), **_status(job, results)}


@lru_cache(maxsize=10_000)
def _told(job: Path, written: int) -> dict[str, str]:
    """Return overrides and field; kept, as the table is made anew behind every job of a sweep."""
    return {**_read_overrides(job), **_field(job)}


def _read_overrides(job: Path) -> dict[str, str]:
    """Return what the job was told, ``key=value`` by key, without Hydra's ``+`` signs."""
    try:
        told: Any = OmegaConf.to_container(OmegaConf.load(job / ".hydra" / "overrides.yaml"))
    except (OSError, YAMLError, OmegaConfBaseException):
        return {}
    pairs = (str(override).partition("=") for override in told or ())
    return {key.lstrip("+"): value for key, _, value in pairs}


def _field(job: Path) -> dict[str, str]:
    try:
        config = OmegaConf.load(job / ".hydra/config.yaml")
        return {FIELD: f"{config.patch * config.pixel_size:g}"}
    except (OSError, YAMLError, OmegaConfBaseException, AttributeError, TypeError):
        return {}


def _status(job: Path, results: dict[str, Any] | None) -> dict[str, str]:
    if results is not None:
        return {"status": "done"}
    try:
        reason = (job / "failure.txt").read_text("utf-8").partition("\n")[0]
    except OSError:
        return {"status": "unfinished"}
    return {"status": "failed", REASON: reason}


def _scores(results: dict[str, Any] | None) -> dict[str, Any]:
    row: dict[str, Any] = {"monitor": math.nan, "auroc": math.nan}
    if results is None:
        return row
    row["monitor"] = _number((results.get("monitor") or {}).get("value"))
    for against, prefix in _PREFIX.items():
        scores = (results["test"].get(against) or {}).get(NETWORK)
        if not scores:
            continue
        for bound, suffix in (("estimate", ""), ("low", "_low"), ("high", "_high")):
            row[f"{prefix}auroc{suffix}"] = _number(scores["auroc"][bound])
        if worst := results.get("entries", {}).get(against, {}).get("worst", {}).get("auroc"):
            row[f"{prefix}worst_auroc"] = _number(worst["estimate"])
        if not prefix:
            row |= {column: _number(scores[name]["estimate"]) for column, name in _SCORES.items()}
    return row


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
