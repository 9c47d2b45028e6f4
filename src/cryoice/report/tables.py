"""Results as a Markdown table and as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryoice.files.atomic import replacing
from cryoice.learn.metrics import METRICS
from cryoice.report.results import EntriesJson, MetricsJson, Results

_AGAINST = {
    "label": "Against the labels of the files",
    "true_label": "Against the true labels",
}
_BLANK = "–"

MEAN, WORST = "mean over entries", "worst entry"
"""The last rows of a table of entries."""


def metrics_markdown(results: Results) -> str:
    """Return the results as Markdown: a table of models, then one of entries, for each kind of label.

    Three decimals, the 95 % interval in brackets, ``–`` where a score is undefined or unavailable.
    """
    lines = [f"# {results['name']}", "", *_facts(results)]
    for against, models in results["test"].items():
        lines += ["", f"## {_AGAINST[against]}", "", *_table("model", models)]
        entries = results["per_entry"].get(against, {})
        if len(entries) > 1:
            lines += ["", f"### {_AGAINST[against]}, entry by entry (network)", "", *_table("entry", entries)]
            lines += _summary(results["entries"][against])
    lines += [
        "",
        "BAD (false positive) is the positive class and a patch is called BAD above 0.5. "
        f"In brackets: 95 % interval over {results['n_bootstrap']} resamples of whole micrographs.",
    ]
    return "\n".join(lines) + "\n"


def write_results(results: Results, folder: Path) -> tuple[Path, Path]:
    """Write metrics.json and metrics.md into ``folder`` and return their paths.

    Raises
    ------
    InputError
        The folder cannot be written.
    ValueError
        A number is NaN or infinite, which JSON cannot hold.
    """
    json_path, markdown_path = folder / "metrics.json", folder / "metrics.md"
    text = json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    for path, content in ((json_path, text), (markdown_path, metrics_markdown(results))):
        with replacing(path) as scratch:
            scratch.write_text(content, encoding="utf-8")
    return json_path, markdown_path


def format_interval(interval: Mapping[str, Any]) -> str:
    """Return ``0.912 [0.880, 0.941]``, without brackets when there is no interval."""
    estimate, low, high = (_number(interval[bound]) for bound in ("estimate", "low", "high"))
    return estimate if _BLANK in (low, high) else f"{estimate} [{low}, {high}]"


def _number(value: float | None) -> str:
    return _BLANK if value is None else f"{value + 0.0:.3f}"


def _facts(results: Results) -> list[str]:
    dropped = ", ".join(f"{reason} {count}" for reason, count in sorted(results["dropped"].items()))
    overrides = " ".join(results["overrides"])
    monitor = results["monitor"]
    chosen = f"best {monitor['metric']} {_number(monitor['value'])}" if monitor else "as given"
    return [
        f"- commit `{results['commit'] or 'unknown'}`, seed {results['seed']}, "
        + (f"overrides `{overrides}`" if overrides else "no overrides"),
        f"- test: {results['n_patches']} patches of {results['n_micrographs']} micrographs, "
        f"{_number(results['prevalence'])} of them BAD",
        f"- checkpoint: {chosen}",
        f"- dropped: {dropped or 'nothing'}",
    ]


def _summary(entries: EntriesJson) -> list[str]:
    """Return the last rows of a table of entries: their mean, and the worst one by each score."""
    worst = (entries["worst"].get(metric) for metric in METRICS)
    rows = {
        MEAN: [format_interval(entries["mean"][metric]) for metric in METRICS],
        WORST: [_BLANK if one is None else f"{format_interval(one)} {one['entry']}" for one in worst],
    }
    return [f"| {' | '.join([name, *cells])} |" for name, cells in rows.items()]


def _table(kind: str, rows: Mapping[str, MetricsJson] | Mapping[str, MetricsJson | None]) -> list[str]:
    header = [kind, *(name.replace("_", " ") for name in METRICS)]
    body = [
        [name, *(_BLANK if scores is None else format_interval(scores[metric]) for metric in METRICS)]
        for name, scores in rows.items()
    ]
    rule = [":--", *["--:"] * len(METRICS)]
    return [f"| {' | '.join(line)} |" for line in (header, rule, *body)]
