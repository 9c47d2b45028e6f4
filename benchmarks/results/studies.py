"""What RESULTS.md rests on: one sweep a study, started again where it was stopped."""

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from omegaconf import OmegaConf

from benchmarks.results.jobs import Job, read_jobs

ROOT = Path(__file__).parents[2]
TIMES = "seconds.txt"
"""File of a study's folder: wall seconds of every start."""

COMPLETE = "complete"
"""File of a study's folder when every job is done."""


@dataclass(frozen=True)
class Study:
    """A sweep of ``train.py`` in a folder of its own.

    Attributes
    ----------
    name
        Of the folder.
    overrides
        What follows ``train.py``.
    """

    name: str
    overrides: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command line as a user would type it."""
        return shlex.join(["python", "train.py", *self.overrides])

    def run(self, out: Path) -> None:
        """Train what is missing; finished jobs are skipped by ``train.py`` itself."""
        folder = out / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / COMPLETE).unlink(missing_ok=True)
        command = [sys.executable, "train.py", *self.overrides, f"hydra.sweep.dir={folder}"]
        start = time.monotonic()
        try:
            status = subprocess.run(command, cwd=ROOT, check=False).returncode
        finally:
            with (folder / TIMES).open("a") as stream:
                stream.write(f"{time.monotonic() - start:.0f}\n")
        if status:
            sys.exit(f"{self.name}: not every job is done; the same command continues")
        (folder / COMPLETE).touch()

    def forget(self, out: Path, trained: Collection[tuple[str, float, int]]) -> None:
        """Remove the jobs of these kinds, rates and seeds: what they learnt from has changed."""
        for path in (out / self.name).glob("[0-9]*/.hydra/config.yaml"):
            config = OmegaConf.load(path)
            if (config.data.noise.kind, config.data.noise.rate, config.seed) in trained:
                shutil.rmtree(path.parents[1])
                (out / self.name / COMPLETE).unlink(missing_ok=True)

    def jobs(self, out: Path) -> list[Job]:
        """Return the finished jobs."""
        return read_jobs(out / self.name)

    def facts(self, out: Path) -> str:
        """Return a line with command, jobs, commits and minutes."""
        jobs = self.jobs(out)
        commits = ", ".join(sorted({f"`{job.commit}`" for job in jobs}))
        left = "" if self.complete(out) else "; NOT FINISHED"
        minutes = self.seconds(out) / 60
        return f"`{self.command}`: {len(jobs)} trainings, commit {commits}, {minutes:.0f} min{left}."

    def complete(self, out: Path) -> bool:
        """Whether every job is done."""
        return (out / self.name / COMPLETE).exists()

    def seconds(self, out: Path) -> float:
        """Return the wall time of all starts."""
        times = out / self.name / TIMES
        return sum(map(float, times.read_text().split())) if times.exists() else 0.0
