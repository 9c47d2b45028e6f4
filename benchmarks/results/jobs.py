"""The finished jobs of a sweep: what each was told, what it predicted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from cryoice.report.results import NETWORK


@dataclass(frozen=True)
class Job:
    """One finished training.

    Attributes
    ----------
    folder
        Where it ran.
    results
        Its ``metrics.json``.
    """

    folder: Path
    results: dict[str, Any]

    @cached_property
    def config(self) -> Any:
        """What it was told, all of it."""
        return OmegaConf.load(self.folder / ".hydra/config.yaml")

    @property
    def commit(self) -> str:
        """The version of the code."""
        return str(self.results["commit"])

    @property
    def seed(self) -> int:
        """Of its weights and batches."""
        return int(self.results["seed"])

    @property
    def noise(self) -> tuple[str, float]:
        """Kind and rate of the labels planted."""
        return str(self.config.data.noise.kind), float(self.config.data.noise.rate)

    def told(self, key: str) -> str:
        """Return the value of an override, empty where there is none."""
        pairs = (one.partition("=") for one in self.results["overrides"])
        return next((value for name, _, value in pairs if name == key), "")

    def predictions(self) -> pd.DataFrame:
        """Return its predictions of the test picks; names of digits stay names."""
        return pd.read_csv(self.folder / "predictions.csv", dtype={"entry": str, "micrograph": str})

    def score(self, metric: str, *, against: str = "label") -> dict[str, float | None]:
        """Return estimate and bounds of a score of its network."""
        return dict(self.results["test"][against][NETWORK][metric])


def read_jobs(folder: Path) -> list[Job]:
    """Return the finished jobs of a sweep's folder, in the order of their numbers.

    Of those told the same the newest counts: the others were trained before a preset changed.
    """
    found = sorted(folder.glob("[0-9]*/metrics.json"), key=lambda path: path.stat().st_mtime)
    jobs = (Job(path.parent, json.loads(path.read_text("utf-8"))) for path in found)
    newest = {tuple(sorted(job.results["overrides"])): job for job in jobs}
    return sorted(newest.values(), key=lambda job: int(job.folder.name))


def chosen(jobs: Sequence[Job], noise: tuple[str, float]) -> list[Job]:
    """Return the jobs under one kind and rate of noise, by seed."""
    return sorted((job for job in jobs if job.noise == noise), key=lambda job: job.seed)
