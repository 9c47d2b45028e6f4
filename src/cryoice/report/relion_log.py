"""The page that RELION shows of a job: what the masks and scores of its micrographs and particles are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cryoice.constants import CLASSES
from cryoice.report.colours import CLASS_COLOURS

_GOOD, _BAD = "#0072B2", "#D55E00"
_A4 = (11.7, 8.3)  # inches
_BINS = 25
_PERCENT = np.linspace(0, 100, _BINS + 1).tolist()
_ICINESS = (1.0, 1.5)
"""CTFFIND5's: good below the first, poor above the second."""


def plot_log(
    rows: Sequence[Mapping[str, Any]],
    *,
    max_bad: float,
    title: str,
    particles: tuple[Float64[np.ndarray, " n"], Bool[np.ndarray, " n"]] | None = None,
) -> Figure:
    """Show micrographs by their artifacts and iciness, and particles by their scores.

    Parameters
    ----------
    rows
        Of the summary of masks, in the list's order; without any, the page shows particles alone.
    max_bad
        Share of the area above which a micrograph was rejected; colours are those of the verdicts.
    title
        Above all.
    particles
        Score of each, NaN where unknown, and whether it was accepted.
    """
    figure = Figure(figsize=_A4, layout="constrained")
    figure.suptitle(title)
    if not rows:
        _plot_scores(figure.subplots(), particles)
        return figure
    panels = figure.subplot_mosaic([["order", "order", "bad"], ["classes", "iciness", "scores"]])
    bad = np.array([row["bad"] for row in rows], dtype=np.float64)
    good = np.array([row["verdict"] == "good" for row in rows], dtype=np.bool_)
    _plot_order(panels["order"], bad, good, max_bad)
    _plot_bad(panels["bad"], bad, max_bad)
    _plot_classes(panels["classes"], rows)
    _plot_iciness(panels["iciness"], [row["iciness"] for row in rows if row["iciness"] is not None])
    _plot_scores(panels["scores"], particles)
    return figure


def _plot_order(
    axes: Axes, bad: Float64[np.ndarray, " n"], good: Bool[np.ndarray, " n"], max_bad: float
) -> None:
    number = np.arange(1, len(bad) + 1)
    for colour, chosen, name in ((_GOOD, good, "accepted"), (_BAD, ~good, "rejected")):
        label = f"{name}: {int(chosen.sum())}"
        axes.plot(number[chosen], 100 * bad[chosen], "o", ms=3, color=colour, label=label)
    axes.axhline(100 * max_bad, color="0.4", lw=1, ls="--")
    axes.set(xlabel="micrograph, in the list's order", ylabel="artifacts, % of the area", ylim=(-2, 102))
    axes.legend(fontsize=9)


def _plot_bad(axes: Axes, bad: Float64[np.ndarray, " n"], max_bad: float) -> None:
    axes.hist(100 * bad, bins=_PERCENT, color=_GOOD)
    axes.axvline(100 * max_bad, color="0.4", lw=1, ls="--")
    axes.set(xlabel="artifacts, % of the area", ylabel="micrographs")


def _plot_classes(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    for number, name in enumerate(CLASSES[1:], start=1):
        share = [100 * row[name] for row in rows]
        label, colour = f"{name}, {np.mean(share):.1f} % of all", CLASS_COLOURS[number]
        axes.hist(share, bins=_PERCENT, histtype="step", lw=2, color=colour, label=label)
    axes.set(xlabel="of one class, % of the area", ylabel="micrographs", yscale="symlog")
    axes.legend(fontsize=8)


def _plot_iciness(axes: Axes, iciness: Sequence[float]) -> None:
    axes.set(xlabel="iciness (CTFFIND5: good below 1, poor above 1.5)", ylabel="micrographs")
    if not iciness:
        _say(axes, "iciness was not measured:\npixels are coarser than 1.72 Å")
        return
    axes.hist(iciness, bins=_BINS, color=_GOOD)
    for limit in _ICINESS:
        axes.axvline(limit, color="0.4", lw=1, ls="--")


def _plot_scores(
    axes: Axes, particles: tuple[Float64[np.ndarray, " n"], Bool[np.ndarray, " n"]] | None
) -> None:
    axes.set(xlabel="cryoiceScore: probability of an artifact nearby", ylabel="particles")
    if particles is None:
        _say(axes, "no particles were given")
        return
    score, keep = particles
    known = np.isfinite(score)
    bins = np.linspace(0, 1, _BINS + 1).tolist()
    parts = [score[known & keep], score[known & ~keep]]
    labels = [f"accepted: {int(keep.sum())}", f"rejected: {int((~keep).sum())}"]
    axes.hist(parts, bins=bins, stacked=True, color=[_GOOD, _BAD], label=labels)
    axes.legend(fontsize=9)


def _say(axes: Axes, words: str) -> None:
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)
