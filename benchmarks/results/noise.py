"""Which way to train bears which wrong labels: tables and a figure from the jobs of the noise studies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from benchmarks.results.jobs import Job, chosen
from benchmarks.results.markdown import table, with_bounds
from cryoice.learn.metrics import Interval
from cryoice.learn.paired import (
    Draws,
    draws_over_seeds,
    mean_interval,
    paired_difference,
    require_same_picks,
)
from cryoice.report.figures import save_figure

CLEAN = ("none", 0.0)
PLAIN = "cross_entropy"
RESAMPLES = 500
ENOUGH = 0.95
"""Share of the clean labels' gain in AUROC over chance that a method should keep."""

CONDITIONS = {
    ("symmetric", 0.2): "symmetric 20 %",
    ("symmetric", 0.4): "symmetric 40 %",
    ("good_to_bad", 0.2): "GOOD→BAD 20 %",
    ("good_to_bad", 0.4): "GOOD→BAD 40 %",
    ("looks", 0.2): "by looks 20 %",
    ("looks", 0.4): "by looks 40 %",
}
"""Kinds and rates of noise, in words."""

HARD = (("good_to_bad", 0.4), ("looks", 0.4))
"""Where a method must keep what clean labels give, and be right in its probabilities."""

WANTED = {"auroc": 1, "accuracy": 1, "ece": -1}
"""What must be better than plain cross-entropy's, and which way."""


@dataclass(frozen=True)
class NoiseScores:
    """The scores of every method under every noise.

    Attributes
    ----------
    draws
        By noise (kind, rate), then by method; seeds by resamples of the test micrographs.
    """

    draws: Mapping[tuple[str, float], Mapping[str, Draws]]

    @classmethod
    def of(cls, jobs: Mapping[str, Sequence[Job]]) -> "NoiseScores":
        """Score the jobs of each method, where it has the seeds of plain cross-entropy: scores are paired."""
        draws: dict[tuple[str, float], dict[str, Draws]] = {}
        for method, own in jobs.items():
            for noise in dict.fromkeys(job.noise for job in own):
                mine, plain = chosen(own, noise), chosen(jobs.get(PLAIN, ()), noise)
                if [job.seed for job in mine] == [job.seed for job in plain]:
                    tables = [job.predictions() for job in mine]
                    require_same_picks([plain[0].predictions(), tables[0]], label="label")
                    scored = draws_over_seeds(tables, label="label", n_bootstrap=RESAMPLES, seed=0)
                    draws.setdefault(noise, {})[method] = scored
        return cls(draws)

    @property
    def methods(self) -> list[str]:
        """Every method, plain cross-entropy first."""
        return list(dict.fromkeys(method for own in self.draws.values() for method in own))

    def mean(self, noise: tuple[str, float], method: str, metric: str) -> Interval:
        """Return the mean over the seeds with its 95 % interval."""
        return mean_interval(self.draws[noise][method][metric], seed=0)

    def gain(self, noise: tuple[str, float], method: str, metric: str) -> Interval:
        """Return what a method has over plain cross-entropy under the same noise."""
        own, plain = (self.draws[noise][name][metric] for name in (method, PLAIN))
        return paired_difference(own, plain, seed=0)

    def kept(self, noise: tuple[str, float], method: str) -> Float[np.ndarray, " seeds"]:
        """Return, seed by seed, the share of clean labels' gain in AUROC over chance."""
        own, clean = self.draws[noise][method]["auroc"][:, 0], self.draws[CLEAN][PLAIN]["auroc"][:, 0]
        return np.asarray((own - 0.5) / (clean.mean() - 0.5))

    def keeps_all(self, noise: tuple[str, float], method: str) -> bool:
        """Whether a method keeps enough and is better than plain cross-entropy in all that is wanted."""
        gains = ((sign, self.gain(noise, method, metric)) for metric, sign in WANTED.items())
        better = all((gain.low if sign > 0 else -gain.high) > 0 for sign, gain in gains)
        return bool(self.kept(noise, method).mean() >= ENOUGH) and better


def noise_report(scores: NoiseScores, folder: Path) -> str:
    """Return the section of RESULTS.md and save its figure."""
    save_figure(kept_figure(scores), folder / "noise.png")
    clean = scores.mean(CLEAN, PLAIN, "auroc")
    lines = [
        f"Plain cross-entropy on clean labels: AUROC {with_bounds(clean)}. Share of its gain over chance "
        "that each way of training keeps, mean ± standard deviation over the seeds:",
        "",
        *_kept_table(scores),
        "",
        "![Share of the gain in AUROC that each way of training keeps](docs/noise.png)",
        "",
    ]
    for noise in (CLEAN, *HARD):
        if noise in scores.draws:
            title = CONDITIONS.get(noise, "clean labels")
            lines += [
                f"**{title}**; Δ: over plain cross-entropy, paired.",
                "",
                *scores_table(scores, noise),
                "",
            ]
    return "\n".join([*lines, *verdicts(scores)])


def verdicts(scores: NoiseScores) -> Iterator[str]:
    """Yield a line for each hard noise: who keeps what is wanted, or that none does."""
    for noise in (noise for noise in HARD if noise in scores.draws):
        others = [method for method in scores.draws[noise] if method != PLAIN]
        found = [method for method in others if scores.keeps_all(noise, method)]
        if not others:
            continue
        most = max(scores.draws[noise], key=lambda method: float(scores.kept(noise, method).mean()))
        wanted = (
            f"at least {ENOUGH:.0%} of the clean gain, and better than plain cross-entropy in AUROC, "
            "accuracy and calibration with intervals beyond 0"
        )
        kept = f"{scores.kept(noise, most).mean():.1%} at most ({most})"
        answer = f"kept by {', '.join(found)}" if found else f"no way of training reaches all of it; {kept}"
        yield f"- {CONDITIONS[noise]}: {wanted}: {answer}."
    passed = [m for m in scores.methods if all(n in scores.draws and m in scores.draws[n] for n in HARD)]
    both = [m for m in passed if m != PLAIN and all(scores.keeps_all(noise, m) for noise in HARD)]
    yield (
        f"- Both, by one way of training: {', '.join(both) or 'none'}. The intervals are not corrected for "
        f"choosing among {len(scores.methods) - 1} ways."
    )


def kept_figure(scores: NoiseScores) -> Figure:
    """Show the mean share kept, a row a method, a column a noise."""
    noises = [noise for noise in CONDITIONS if noise in scores.draws]
    kept = np.full((len(scores.methods), len(noises)), np.nan)
    for (row, method), (column, noise) in product(enumerate(scores.methods), enumerate(noises)):
        if method in scores.draws[noise]:
            kept[row, column] = scores.kept(noise, method).mean()
    figure = Figure(figsize=(8.4, 0.42 * len(kept) + 1.2), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(kept, cmap="viridis", vmin=max(0.0, float(np.nanmin(kept))), vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(kept):
        dark = value < (np.nanmin(kept) + 1) / 2
        text = "–" if np.isnan(value) else f"{value:.3f}"
        axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black")
    axes.set_xticks(range(len(noises)), [CONDITIONS[noise].replace(" ", "\n", 1) for noise in noises])
    axes.set_yticks(range(len(kept)), scores.methods)
    figure.colorbar(shown, label="share of clean labels' gain in AUROC")
    return figure


def _kept_table(scores: NoiseScores) -> list[str]:
    noises = [noise for noise in CONDITIONS if noise in scores.draws]
    rows = []
    for method in scores.methods:
        cells = [
            f"{kept.mean():.3f} ± {kept.std(ddof=1):.3f}"
            if method in scores.draws[noise] and len(kept := scores.kept(noise, method)) > 1
            else "–"
            for noise in noises
        ]
        rows.append([method, *cells])
    return table(["training", *(CONDITIONS[noise] for noise in noises)], rows)


def scores_table(scores: NoiseScores, noise: tuple[str, float]) -> list[str]:
    """Return a table of every method under one noise, beside plain cross-entropy."""
    rows = []
    for method in scores.draws[noise]:
        row = [method]
        for metric in WANTED:
            row.append(with_bounds(scores.mean(noise, method, metric)))
            row.append("" if method == PLAIN else with_bounds(scores.gain(noise, method, metric), sign=True))
        rows.append(row)
    return table(["training", "AUROC", "Δ", "accuracy", "Δ", "ECE", "Δ"], rows)
