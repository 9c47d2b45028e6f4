"""What each job of a sweep changed and what it scored."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.report.sweep_row import MEASURED, REASON, read_results, row_of

_NO_KEYS = ("job", "monitor", *MEASURED, "status", "reason")
_BLANK = "–"


def collect_sweep(folder: Path) -> pd.DataFrame:
    """Read every job of a sweep, best monitored value first, unfinished jobs last.

    Parameters
    ----------
    folder
        Holds a folder per job, named by its number, with Hydra's ``.hydra/overrides.yaml`` and, once
        the job is done, ``metrics.json`` (`report.results.Results`).

    Returns
    -------
    DataFrame
        A row per job: job; a column per overridden key, as typed; field (Å), the side of a patch;
        monitor (the value that chose the checkpoint); the network's test auroc, auroc_low, auroc_high,
        accuracy, f1, test_loss; true_auroc with its bounds where truth is known; worst_auroc, that of the
        worst entry, where a test split has several; status, ``done``, ``failed`` or ``unfinished`` (no
        readable metrics.json: stopped or still running); reason, of a failure.

    Raises
    ------
    InputError
        The folder has no job folders.
    """
    found = folder.iterdir() if folder.is_dir() else ()
    jobs = sorted(
        (path for path in found if path.name.isdigit() and (path / ".hydra").is_dir()),
        key=lambda job: int(job.name),
    )
    if not jobs:
        raise InputError(f"{folder}: no job folders (0, 1, 2, ...) in it; give the folder of a sweep")
    results = [read_results(job / "metrics.json") for job in jobs]
    rows = list(map(row_of, jobs, results))
    rising = any(((result or {}).get("monitor") or {}).get("mode") == "min" for result in results)
    names = dict.fromkeys(name for row in rows for name in row)
    last = [name for name in _NO_KEYS[1:] if name in names]
    table = pd.DataFrame(rows, columns=[*(name for name in names if name not in last), *last])
    return table.sort_values(
        ["monitor", "auroc"], ascending=[rising, False], kind="stable", ignore_index=True
    )


def write_sweep_table(folder: Path) -> Path:
    """Write sweep.csv (everything) and sweep.md (to be read) into the folder; return the latter's path."""
    table = collect_sweep(folder)
    with replacing(folder / "sweep.csv") as scratch:
        table.to_csv(scratch, index=False)
    path = folder / "sweep.md"
    with replacing(path) as scratch:
        scratch.write_text(_markdown(table, folder.name), encoding="utf-8")
    return path


def rich_table(table: pd.DataFrame) -> Table:
    """Return the table for a terminal: the keys that differ, the scores, three decimals."""
    header, body, caption = _readable(table)
    shown = Table(caption=caption or None, caption_justify="left")
    for name in header:
        shown.add_column(name, justify="right" if name in ("job", "monitor", *MEASURED) else "left")
    for line in body:
        shown.add_row(*line)
    return shown


def _markdown(table: pd.DataFrame, name: str) -> str:
    header, body, caption = _readable(table)
    rule = ["--:" if column in ("job", "monitor", *MEASURED) else ":--" for column in header]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in (header, rule, *body)]
    lines = [f"# Sweep {name}", "", *(f"| {' | '.join(line)} |" for line in cells)]
    return "\n".join([*lines, *(["", caption] if caption else [])]) + "\n"


def _readable(table: pd.DataFrame) -> tuple[list[str], list[list[str]], str]:
    """Return header, cells, and below them what all jobs share and why some failed."""
    changed = [*_NO_KEYS, *changed_keys(table)]
    shared = [key for key in table if len(table) > 1 and key not in changed]
    hidden = {*shared, REASON, *(name for name in MEASURED if name.endswith(("_low", "_high")))}
    columns = [str(name) for name in table if name not in hidden]
    body = [[_cell(name, row) for name in columns] for row in table.to_dict("records")]
    caption = ["all jobs: " + " ".join(f"{key}={table[key].iloc[0]}" for key in shared)][: len(shared)]
    caption += [f"job {row['job']} failed: {row[REASON]}" for row in failed_jobs(table)]
    return columns, body, "\n\n".join(caption)


def failed_jobs(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows of a `collect_sweep` whose jobs failed, by number."""
    return table[table["status"] == "failed"].sort_values("job").to_dict("records")


def changed_keys(table: pd.DataFrame) -> list[str]:
    """Return the overridden keys that are not the same for all jobs of a `collect_sweep`."""
    keys = (str(name) for name in table.columns if name not in _NO_KEYS)
    return [key for key in keys if table[key].nunique(dropna=False) > 1]


def monitored_metric(folder: Path) -> str:
    """Return the name of the metric that the jobs of a sweep were judged by."""
    found = (read_results(path) or {} for path in sorted(folder.glob("*/metrics.json")))
    return next((str(one["monitor"]["metric"]) for one in found if one.get("monitor")), "monitor")


def _cell(name: str, row: dict[Any, Any]) -> str:
    value = row[name]
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _BLANK
    if not isinstance(value, float):
        return str(value)
    low = row.get(f"{name}_low")
    bounded = low is not None and not math.isnan(low)
    return f"{value:.3f} [{low:.3f}, {row[f'{name}_high']:.3f}]" if bounded else f"{value:.3f}"
