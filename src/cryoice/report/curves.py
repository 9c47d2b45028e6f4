"""Curves of a training and of its predictions."""

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

from cryoice.constants import BAD, UNKNOWN
from cryoice.learn.metrics import BINS, Interval, Label, bootstrap_metrics
from cryoice.report.reliability import Reliability

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's colours, told apart with every kind of colour blindness."""

Mask = Bool[np.ndarray, " n"]
Numbers = Float[np.ndarray, " n"]

_THRESHOLD = 0.5
_AGAINST: dict[Label, str] = {"label": "labels", "true_label": "true labels"}


def read_history(run_dir: Path) -> pd.DataFrame:
    """Join the CSV histories of every start of a run; empty when there is none.

    Where a resumed training repeats steps, its own values replace the earlier ones, metric by metric.

    Parameters
    ----------
    run_dir
        Holds ``history/version_<k>/metrics.csv`` as `experiment.tracking.make_logger` arranges it.
    """
    paths = sorted(run_dir.glob("history/version_*/metrics.csv"), key=lambda path: int(path.parent.name[8:]))
    joined = pd.DataFrame(columns=["epoch", "step"])
    for path in paths:
        version = pd.read_csv(path)
        for name in joined.columns.intersection(version.columns).difference(["epoch", "step"]):
            repeated = joined["step"] >= version.loc[version[name].notna(), "step"].min()
            joined.loc[repeated, name] = np.nan
        joined = pd.concat([joined, version], ignore_index=True) if len(joined) else version
    values = joined.columns.difference(["epoch", "step"])
    return joined.dropna(how="all", subset=list(values)).reset_index(drop=True) if len(values) else joined


def plot_curves(history: pd.DataFrame, *, classes: int = 2) -> Figure:
    """Show losses, and the other scores, against the optimiser's step.

    Parameters
    ----------
    history
        Columns step and ``train/...``, ``val/...`` with gaps, as Lightning's CSVLogger writes them.
    classes
        As many equally likely ones are chance.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    names = [str(name) for name in history.columns if str(name).startswith(("train/", "val/"))]
    losses = [name for name in names if "loss" in name]
    _draw_history(left, history, losses)
    _draw_history(right, history, [name for name in names if name not in losses])
    left.axhline(np.log(classes), color="0.6", linestyle=":", linewidth=1, zorder=0)
    chance = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "bottom", "fontsize": 8}
    left.annotate(f"chance (ln {classes})", (0.99, np.log(classes)), color="0.45", **chance)
    left.set(title="Loss", ylabel="cross-entropy (nats)")
    right.set(title="Scores", ylabel="score")
    return figure


def plot_performance(predictions: pd.DataFrame) -> Figure:
    """Show ROC, precision-recall, reliability and confusion of a table of predictions in one figure.

    Drawn against ``label`` and, where known, against ``true_label``; the confusion matrix is against
    ``label`` at a threshold of 0.5. A curve that needs a class without examples is left out.

    Parameters
    ----------
    predictions
        As in `learn.metrics.bootstrap_metrics`.
    """
    figure = Figure(figsize=(9.6, 8.6), layout="constrained")
    roc, precision, reliability, confusion = figure.subplots(2, 2).flat
    for (against, text), colour in zip(_AGAINST.items(), (_COLOURS[0], _COLOURS[2]), strict=True):
        rows = predictions[predictions[against] != UNKNOWN]
        if not len(rows):
            continue
        scores = bootstrap_metrics(rows, label=against, n_bootstrap=0, seed=0, threshold=_THRESHOLD)
        target = (rows[against] == BAD).to_numpy()
        probability = rows["probability"].to_numpy(np.float64)
        _draw_roc(roc, target, probability, scores, text, colour)
        _draw_precision(precision, target, probability, scores, text, colour)
        _draw_reliability(reliability, target, probability, scores, text, colour)
    _finish_roc(roc)
    if not precision.lines:
        precision.text(0.5, 0.5, "needs BAD examples", ha="center", color="0.3")
    precision.set(title="Precision-recall (BAD)", xlabel="recall", ylabel="precision", ylim=(0, 1.02))
    _finish_reliability(reliability, predictions["probability"].to_numpy(np.float64))
    for axes in (roc, precision, reliability):
        _finish(axes)
    _draw_confusion(confusion, predictions)
    return figure


def _draw_history(axes: Axes, history: pd.DataFrame, names: list[str]) -> None:
    """Draw each column's measured steps: validation with dots, training thin."""
    kinds = dict.fromkeys(name.partition("/")[2] for name in names)
    colours = dict(zip(kinds, _COLOURS * len(kinds), strict=False))
    for name in names:
        split, _, kind = name.partition("/")
        measured = history.loc[history[name].notna(), ["step", name]].sort_values("step")
        colour = colours[kind] if split == "val" else _COLOURS[4]
        style = {"marker": "o", "markersize": 3.5} if split == "val" else {"linewidth": 1.0}
        axes.plot(measured["step"], measured[name], color=colour, label=name, **style)
    axes.set_xlabel("optimiser step")
    _finish(axes)
    if not names:
        axes.text(0.5, 0.5, "nothing recorded", ha="center", va="center", transform=axes.transAxes)


def _finish(axes: Axes) -> None:
    axes.grid(color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9)


def _draw_roc(
    axes: Axes, target: Mask, probability: Numbers, scores: dict[str, Interval], text: str, colour: str
) -> None:
    if not np.isnan(scores["auroc"].estimate):
        wrong, found, _ = roc_curve(target, probability, drop_intermediate=False)
        axes.plot(wrong, found, color=colour, label=f"{text}: AUROC {scores['auroc'].estimate:.3f}")


def _draw_precision(
    axes: Axes, target: Mask, probability: Numbers, scores: dict[str, Interval], text: str, colour: str
) -> None:
    if not np.isnan(scores["auprc"].estimate):
        precision, recall, _ = precision_recall_curve(target, probability)
        axes.plot(recall, precision, color=colour, label=f"{text}: AUPRC {scores['auprc'].estimate:.3f}")
        chance = scores["prevalence"].estimate
        axes.axhline(chance, color=colour, linestyle=":", linewidth=1, label=f"prevalence {chance:.3f}")


def _draw_reliability(
    axes: Axes, target: Mask, probability: Numbers, scores: dict[str, Interval], text: str, colour: str
) -> None:
    axes.plot(*Reliability.of(probability, target).points, marker="o", markersize=4, color=colour,
              label=f"{text}: ECE {scores['ece'].estimate:.3f}")  # fmt: skip


def _finish_roc(axes: Axes) -> None:
    if not axes.lines:
        axes.text(0.55, 0.3, "needs both classes", ha="center", color="0.3")
    axes.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1, label="chance")
    axes.set(title="ROC", xlabel="false positive rate", ylabel="recall", aspect="equal")


def _finish_reliability(axes: Axes, probability: Numbers) -> None:
    """Add the diagonal, and how many patches stand at each probability."""
    axes.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1, label="calibrated")
    if len(probability):
        share = np.full(len(probability), 1 / len(probability))
        axes.hist(probability, bins=BINS, range=(0, 1), weights=share, color="0.85", zorder=0,
                  label="share of patches")  # fmt: skip
    axes.set(title="Reliability", xlabel="predicted P(BAD)", ylabel="observed share of BAD")
    axes.set(xlim=(-0.02, 1.02), ylim=(0, 1.02), aspect="equal")


def _draw_confusion(axes: Axes, predictions: pd.DataFrame) -> None:
    names = ("GOOD", "BAD")
    called = (predictions["probability"] > _THRESHOLD).to_numpy(np.int64)
    counts = np.bincount(2 * predictions["label"].to_numpy(np.int64) + called, minlength=4).reshape(2, 2)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{counts[row, column]}\n{share:.1%}"
        shade = "white" if share > 0.6 else "0.15"
        axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=13)
    axes.set(xticks=[0, 1], yticks=[0, 1], xticklabels=names, yticklabels=names)
    axes.set(title="Confusion at 0.5", xlabel="predicted", ylabel="label")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
