"""How many of the planted flips `cryoice suspects` finds again, and how well it guesses their rates."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.results.jobs import Job
from benchmarks.results.markdown import table
from benchmarks.results.noise import CONDITIONS
from cryoice.constants import BAD, GOOD
from cryoice.experiment.suspect_lists import SUMMARY, list_suspects
from cryoice.experiment.sweep_job import FINISHED
from cryoice.learn.judgements import join_judgements
from cryoice.learn.suspects import find_suspects
from cryoice.report.suspects import summarise

RECALL, WANTED = 0.5, 0.8
"""Share of the flips to be found, and the precision asked for there."""


def write_lists(jobs: Sequence[Job], out: Path) -> list[tuple[str, float, int]]:
    """Write the lists of every kind, rate and seed below ``out``, and return which are new.

    Those that are there stay, unless a job is newer.
    """
    new = []
    for kind, rate, seed in dict.fromkeys((*job.noise, job.seed) for job in jobs):
        folder = out / f"{kind}_{rate}_{seed}"
        runs = [job.folder for job in _of(jobs, kind, rate, seed)]
        if not _is_newer(folder / SUMMARY, runs):
            made = list_suspects(runs, folder, limit=None, max_quality=None, entries=None)
            if made.failures:
                sys.exit(f"{folder}: {made.failures[0]}")
            new.append((kind, rate, seed))
    return new


def _is_newer(summary: Path, runs: Sequence[Path]) -> bool:
    newest = max((run / FINISHED).stat().st_mtime for run in runs)
    return summary.exists() and summary.stat().st_mtime > newest


def suspects_report(jobs: Sequence[Job]) -> str:
    """Return the section of RESULTS.md."""
    rows, reached = [], []
    for (kind, rate), title in CONDITIONS.items():
        seeds = sorted({job.seed for job in jobs if job.noise == (kind, rate)})
        found = np.array([_row(_of(jobs, kind, rate, seed)) for seed in seeds])
        if len(found) > 1:
            mean, spread = found.mean(axis=0), found.std(axis=0, ddof=1)
            rows.append([title, *(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True))])
            reached += [title] if mean[1] >= WANTED else []
    header = [
        "noise", "labels flipped", f"precision at recall {RECALL}", "precision of the list", "its recall",
        "GOOD→BAD planted", "estimated", "BAD→GOOD planted", "estimated",
    ]  # fmt: skip
    where = ", ".join(reached) or "none of them"
    told = f"A precision of {WANTED} at recall {RECALL} is reached under: {where}."
    return "\n".join([*table(header, rows), "", told])


def _of(jobs: Sequence[Job], kind: str, rate: float, seed: int) -> list[Job]:
    return [job for job in jobs if job.noise == (kind, rate) and job.seed == seed]


def _row(jobs: Sequence[Job]) -> list[float]:
    """Return share of flips, precisions and recall, and planted and estimated rate from GOOD and from BAD."""
    judged = join_judgements([job.predictions() for job in jobs])
    flipped = (judged["label"] != judged["true_label"]).to_numpy()
    truth = judged["true_label"].to_numpy()
    planted = [float(flipped[truth == value].mean()) for value in (GOOD, BAD)]
    found = summarise(judged, find_suspects(judged), listed=0)
    precision = np.nan if found["precision"] is None else found["precision"]
    return [
        float(flipped.mean()), found[f"precision_at_recall_{RECALL}"], precision, found["recall"],
        planted[0], found["good_to_bad"], planted[1], found["bad_to_good"],
    ]  # fmt: skip
