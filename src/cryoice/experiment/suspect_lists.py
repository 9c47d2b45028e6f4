"""What ``cryoice suspects`` does: from folders of runs to the list of labels that are probably wrong."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.errors import InstantiationException

from cryoice.errors import InputError
from cryoice.experiment.judged_runs import JudgedRun, joint_settings, read_runs
from cryoice.experiment.run import build_data
from cryoice.experiment.suspects import micrographs_of, write_suspects
from cryoice.files.atomic import replacing, require_writable
from cryoice.learn.datamodule import CryoPPPDataModule
from cryoice.learn.judgements import join_judgements
from cryoice.learn.suspect_places import Micrographs, without_place
from cryoice.learn.suspects import find_suspects
from cryoice.report.suspects import summarise

SUMMARY = "summary.json"

CHANCE = 0.55
"""AUROC against the labels below which networks know too little to doubt them."""


@dataclass(frozen=True)
class Listed:
    """What was found, what to tell about it, and a line for each run that failed."""

    summary: dict[str, Any]
    notes: list[str]
    failures: list[str]


def list_suspects(
    places: Sequence[Path],
    output: Path,
    *,
    limit: int | None,
    max_quality: float | None,
    entries: Sequence[str] | None,
) -> Listed:
    """Write suspects.csv, suspects.star, summary.json and, with micrographs at hand, suspects.png.

    Parameters
    ----------
    places
        Folders of runs and sweeps.
    output
        Folder to write into.
    limit
        Most suspects to list.
    max_quality
        Highest probability that a listed label is right, 0-1.
    entries
        Those whose suspects are listed; all picks count for the estimates.

    Raises
    ------
    InputError
        No run can be read, they do not fit together, an entry is unknown, or the folder cannot be written.
    """
    runs, failures = read_runs(places)
    require_writable(output / SUMMARY)
    table = join_judgements([run.predictions for run in runs])
    suspects = find_suspects(table)
    micrographs, notes = _at_hand(runs, suspects)
    placed = without_place(suspects) if micrographs is None else micrographs.place(suspects)
    chosen = _chosen(placed, table, max_quality=max_quality, entries=entries).head(limit or len(placed))
    write_suspects(chosen, output, micrographs=micrographs, picks=len(table))
    summary = {"runs": len(runs), **summarise(table, suspects, listed=len(chosen))}
    with replacing(output / SUMMARY) as path:
        path.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Listed(summary, [*notes, *_near_chance(summary)], failures)


def _near_chance(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note for all picks, else for each entry, whose labels the networks cannot judge."""
    found = {"": summary["auroc_against_labels"]}
    if found[""] >= CHANCE:
        found = {f"{entry}: ": row["auroc_against_labels"] for entry, row in summary["entries"].items()}
    for whose, auroc in found.items():
        if auroc is not None and auroc < CHANCE:
            yield (
                f"{whose}AUROC against the labels is {auroc:.2f}, near chance or below: "
                "such networks cannot tell which labels are wrong"
            )


def _at_hand(runs: Sequence[JudgedRun], suspects: pd.DataFrame) -> tuple[Micrographs | None, list[str]]:
    """Return the micrographs that were judged, else why there is no sheet and no x and y."""
    settings = joint_settings(runs)
    try:
        if settings is None:
            raise InputError("the runs do not tell their data")
        if "simulation" in settings and not Path(settings["cache"]).is_dir():
            raise InputError(f"cache={settings['cache']}: no such folder")
        data = build_data({"data": settings})
        if not isinstance(data, CryoPPPDataModule):
            raise InputError("the runs are of pixels")
        found = micrographs_of(data)
        found.place(suspects)
    except (InputError, InstantiationException) as error:
        reason = " ".join(str(error).split())[:300]
        return None, [f"no micrographs at hand ({reason}): suspects.png, x and y are left out"]
    return found, []


def _chosen(
    suspects: pd.DataFrame, table: pd.DataFrame, *, max_quality: float | None, entries: Sequence[str] | None
) -> pd.DataFrame:
    if entries is not None:
        known = sorted(table["entry"].unique())
        if unknown := [name for name in entries if name not in known]:
            raise InputError(f"--entries: no predictions of {unknown[0]}; there are {', '.join(known)}")
        suspects = suspects[suspects["entry"].isin(entries)]
    return suspects if max_quality is None else suspects[suspects["quality"] <= max_quality]
