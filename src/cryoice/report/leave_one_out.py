"""The table of a leave-one-entry-out sweep, in files and for a terminal."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from cryoice.files.atomic import replacing
from cryoice.report.held_out_entries import COUNTS, SHOWN, TRUE, collect_entries
from cryoice.report.tables import MEAN, WORST, format_interval

TABLE = "leave_one_out"
"""Name of the files, without ending."""


def write_entries(folder: Path) -> tuple[pd.DataFrame, Path]:
    """Write leave_one_out.csv (all numbers) and leave_one_out.md; return the table and the latter's path."""
    table = collect_entries(folder)
    with replacing(folder / f"{TABLE}.csv") as scratch:
        table.to_csv(scratch, index=False)
    path = folder / f"{TABLE}.md"
    with replacing(path) as scratch:
        scratch.write_text(_markdown(table, folder.name), encoding="utf-8")
    return table, path


def rich_entries(table: pd.DataFrame) -> list[Table]:
    """Return a table for a terminal for each setting."""
    shown = []
    for setting, own in table.groupby("setting", sort=False):
        header, body = _readable(own)
        one = Table(
            title=" ".join(("Leave one entry out", str(setting))),
            caption=_caption(own),
            caption_justify="left",
        )
        for name in header:
            one.add_column(name, justify="left" if name == "entry" else "right")
        for line in body:
            one.add_row(*line, end_section=line is body[-3])
        shown.append(one)
    return shown


def readable_entries(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it is read: texts with three decimals."""
    parts = []
    for setting, own in table.groupby("setting", sort=False):
        header, body = _readable(own)
        parts.append(pd.DataFrame(body, columns=header).assign(setting=setting))
    return pd.concat(parts, ignore_index=True)


def _readable(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    metrics = SHOWN | ({TRUE: "AUROC against the truth"} if _knows_truth(table) else {})
    header = ["entry", *COUNTS.values(), *metrics.values()]
    body = [
        [row["entry"], *(str(row[name]) for name in COUNTS), *(_text(row, metric) for metric in metrics)]
        for row in table.to_dict("records")
    ]
    return header, body


def _knows_truth(table: pd.DataFrame) -> bool:
    return TRUE in table and bool(table[TRUE].notna().any())


def _text(row: dict[Any, Any], metric: str) -> str:
    bounds = {"estimate": metric, "low": f"{metric}_low", "high": f"{metric}_high"}
    values = {bound: None if math.isnan(row[name]) else row[name] for bound, name in bounds.items()}
    spread = row[f"{metric}_spread"]
    text = format_interval(values) + ("" if math.isnan(spread) else f" ± {spread:.3f}")
    of_entry = row["entry"] == WORST and values["estimate"] is not None
    return f"{text} {row[metric + '_entry']}" if of_entry else text


def _caption(table: pd.DataFrame) -> str:
    """Return what the numbers are, and which of them are missing."""
    rows = table[~table["entry"].isin([MEAN, WORST])]
    lines = [
        "Every entry is tested whole, by a network trained on the others; BAD is the positive class. Scores "
        f"are against the labels of the files{' but where the truth is named' * _knows_truth(table)}."
    ]
    if rows["seeds"].max() > 1:
        lines.append(f"Mean ± standard deviation over {rows['seeds'].max()} seeds.")
    else:
        lines.append(
            "In brackets: 95 % interval over resampled whole micrographs, the mean's within each entry."
        )
    if missing := [str(name) for name in rows.loc[rows["unfinished"] > 0, "entry"]]:
        lines.append(f"Unfinished, so that mean and worst lack them: jobs of {', '.join(missing)}.")
    return "\n".join(lines)


def _markdown(table: pd.DataFrame, name: str) -> str:
    lines = [f"# Leave one entry out: {name}"]
    for setting, own in table.groupby("setting", sort=False):
        header, body = _readable(own)
        rule = [":--", *["--:"] * (len(header) - 1)]
        lines += ["", f"## {setting!s}"] if setting else []
        lines += ["", *(f"| {' | '.join(line)} |" for line in (header, rule, *body)), "", _caption(own)]
    return "\n".join(lines) + "\n"
