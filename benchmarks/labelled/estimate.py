"""A figure of one or more networks on the same micrographs, and how sure it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labelled.metrics import Figure, Weights
from benchmarks.labelled.tally import Tally

DRAWS = 1000
ALL_REAL = "all real"
_LEVEL = 95.0

Runs = Sequence[Sequence[Tally]]
"""One list of the same micrographs for each network."""


@dataclass(frozen=True)
class Estimate:
    """What each network reached.

    Attributes
    ----------
    values
        One for each network.
    low, high
        What holds the mean over the networks in 95 % of the resamples of micrographs; NaN where there is
        only one micrograph.
    """

    values: tuple[float, ...]
    low: float
    high: float

    @property
    def mean(self) -> float:
        """Mean over the networks."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Standard deviation over the networks; NaN of one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else np.nan

    @property
    def interval(self) -> str:
        """For a table; empty where there is none."""
        return f"[{self.low:.3f} {self.high:.3f}]" if np.isfinite(self.low) else ""

    def __str__(self) -> str:
        """Mean, spread over networks and interval, as far as there are any."""
        spread = f"± {self.spread:.3f}" if np.isfinite(self.spread) else ""
        return " ".join(part for part in (number(self.mean), spread, self.interval) if part)


def number(value: float) -> str:
    """Three decimals; - where there is no number."""
    return f"{value:.3f}" if np.isfinite(value) else "-"


def estimate(figure: Figure, runs: Runs) -> Estimate:
    """Measure a figure on all micrographs, and on resamples: the same ones for every network."""
    once = np.ones((1, len(runs[0])))
    values = tuple(float(figure(tallies, once)[0]) for tallies in runs)
    if len(runs[0]) < 2 or not np.isfinite(values).all():
        return Estimate(values, np.nan, np.nan)
    weights = resamples(runs[0])
    drawn = np.mean([figure(tallies, weights) for tallies in runs], axis=0)
    low, high = np.percentile(drawn[np.isfinite(drawn)], [50 - _LEVEL / 2, 50 + _LEVEL / 2])
    return Estimate(values, float(low), float(high))


def resamples(tallies: Sequence[Tally], *, seed: int = 0) -> Weights:
    """How often each micrograph is drawn; micrographs of a source are drawn among themselves."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((DRAWS, len(tallies)))
    sources = np.array([tally.source for tally in tallies])
    for source in np.unique(sources):
        own = np.flatnonzero(sources == source)
        weights[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=DRAWS)
    return weights


def chosen(runs: Runs, keep: Callable[[Tally], bool]) -> Runs:
    """Return the micrographs that are to be kept, of every network."""
    return [[tally for tally in tallies if keep(tally)] for tallies in runs]


def sure(runs: Runs) -> Runs:
    """Return the real micrographs whose labels nobody doubts."""
    return chosen(runs, lambda tally: not tally.simulated and not tally.doubtful)


def groups(runs: Runs) -> Iterator[tuple[str, Runs]]:
    """Yield each source, then all real ones that nobody doubts and that are more than one source."""
    for source in dict.fromkeys(tally.source for tally in runs[0]):
        yield source, [[tally for tally in tallies if tally.source == source] for tallies in runs]
    real = sure(runs)
    if len({tally.source for tally in real[0]}) > 1:
        yield ALL_REAL, real
