"""What an evaluation found, in the shape of metrics.json."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from cryoice.constants import UNKNOWN
from cryoice.learn.entry_metrics import EntryMetrics, entry_metrics
from cryoice.learn.metrics import Interval, Label, bootstrap_metrics

IntervalJson = dict[str, float | None]
"""``{"estimate": 0.91, "low": 0.88, "high": 0.94}``; null where undefined, never NaN."""

MetricsJson = dict[str, IntervalJson]
"""An interval for each name in `learn.metrics.METRICS`."""

NETWORK = "network"
"""The trained network's name among the models."""


class Monitored(TypedDict):
    """The validation metric that chose the checkpoint: its name, ``min`` or ``max``, its best value."""

    metric: str
    mode: str
    value: float | None


class WorstJson(TypedDict):
    """The worst entry by one score: its name, and its interval as in `IntervalJson`."""

    entry: str
    estimate: float | None
    low: float | None
    high: float | None


class EntriesJson(TypedDict):
    """What the entries come to: their unweighted mean, and the worst of them by each score."""

    mean: MetricsJson
    worst: dict[str, WorstJson]


class Results(TypedDict):
    """One evaluation; JSON-serialisable as it is.

    Attributes
    ----------
    name
        The run's name.
    commit
        The version of the code, or null outside a repository.
    seed
        Of the run.
    overrides
        What the user typed after ``train.py``, presets included.
    monitor
        What chose the checkpoint, or null when only a checkpoint was evaluated.
    n_bootstrap
        Resamples of micrographs behind each interval.
    n_patches, n_micrographs
        Size of the test split.
    prevalence
        Share of BAD among the test patches by the labels of the file, null when there are none.
    dropped
        What was left out and why: reason to count.
    test
        ``test[against][model]``: against ``label`` (as in the files) and, where known, ``true_label``;
        the models are ``network`` and the baselines, null for one that was not available.
    per_entry
        ``per_entry[against][entry]`` of the network.
    entries
        ``entries[against]`` of the network; empty where the test split has one entry.
    """

    name: str
    commit: str | None
    seed: int
    overrides: list[str]
    monitor: Monitored | None
    n_bootstrap: int
    n_patches: int
    n_micrographs: int
    prevalence: float | None
    dropped: dict[str, int]
    test: dict[str, dict[str, MetricsJson | None]]
    per_entry: dict[str, dict[str, MetricsJson]]
    entries: dict[str, EntriesJson]


def build_results(
    predictions: pd.DataFrame,
    baselines: Mapping[str, Any],
    *,
    name: str,
    commit: str | None,
    seed: int,
    overrides: Sequence[str],
    monitor: Monitored | None,
    dropped: Mapping[str, int],
    n_bootstrap: int,
) -> Results:
    """Score the network and the baselines on the same test patches and the same resamples.

    Parameters
    ----------
    predictions
        The network's, one row per test patch (`learn.metrics.bootstrap_metrics`).
    baselines
        Name to probability of BAD per row of ``predictions``, or None when unavailable.
    """
    against: list[Label] = ["label"]
    if (predictions["true_label"] != UNKNOWN).any():
        against.append("true_label")
    models: dict[str, pd.DataFrame | None] = {NETWORK: predictions}
    for model, probability in baselines.items():
        models[model] = None if probability is None else predictions.assign(probability=probability)
    entries = {
        label: entry_metrics(predictions, label=label, n_bootstrap=n_bootstrap, seed=seed)
        for label in against
    }
    return Results(
        name=name,
        commit=commit,
        seed=seed,
        overrides=list(overrides),
        monitor=monitor,
        n_bootstrap=n_bootstrap,
        n_patches=len(predictions),
        n_micrographs=len(predictions[["entry", "micrograph"]].drop_duplicates()),
        prevalence=float(predictions["label"].mean()) if len(predictions) else None,
        dropped=dict(dropped),
        test={label: _test(models, label, n_bootstrap, seed) for label in against},
        per_entry={
            label: {name: _json(scores) for name, scores in found.each.items()}
            for label, found in entries.items()
        },
        entries={label: _entries(found) for label, found in entries.items() if len(found.each) > 1},
    )


def _test(
    models: Mapping[str, pd.DataFrame | None], label: Label, n_bootstrap: int, seed: int
) -> dict[str, MetricsJson | None]:
    return {
        model: None
        if rows is None
        else _json(bootstrap_metrics(rows, label=label, n_bootstrap=n_bootstrap, seed=seed))
        for model, rows in models.items()
    }


def _entries(found: EntryMetrics) -> EntriesJson:
    worst = {
        metric: WorstJson(entry=name, **_bounds(found.each[name][metric]))  # type: ignore[typeddict-item]
        for metric, name in found.worst.items()
    }
    return EntriesJson(mean=_json(found.mean), worst=worst)


def _json(scores: Mapping[str, Interval]) -> MetricsJson:
    return {metric: _bounds(found) for metric, found in scores.items()}


def _bounds(found: Interval) -> IntervalJson:
    bounds = (("estimate", found.estimate), ("low", found.low), ("high", found.high))
    return {bound: value if np.isfinite(value) else None for bound, value in bounds}
