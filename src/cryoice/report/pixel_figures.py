"""Pictures of per-pixel predictions beside the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cryoice.constants import CLASSES, IGNORE
from cryoice.report.colours import CLASS_COLOURS
from cryoice.report.figures import grey_range

_FILL = 0.45
_INCHES = 2.2


@dataclass(frozen=True)
class PredictedMicrograph:
    """A view with its truth and what a network makes of it.

    Attributes
    ----------
    truth
        Index in `CLASSES`, or `IGNORE`.
    probabilities
        Of each of `CLASSES`.
    """

    title: str
    view: Float[np.ndarray, "h w"]
    truth: UInt8[np.ndarray, "h w"]
    probabilities: Float[np.ndarray, "classes h w"]


def plot_predictions(pictures: Sequence[PredictedMicrograph], *, title: str) -> Figure:
    """Show each micrograph, its truth, the likeliest classes and P(artifact) in a row, two rows abreast."""
    abreast = 2 if len(pictures) > 1 else 1
    rows = -(-len(pictures) // abreast)
    figure = Figure(figsize=(4 * _INCHES * abreast, _INCHES * rows + 0.9), layout="constrained")
    figure.suptitle(title, fontsize=11)
    panels = figure.subplots(rows, 4 * abreast, squeeze=False).reshape(rows * abreast, 4)
    for panel in panels.flat:
        panel.set_axis_off()
    for one, (plain, truth, called, score) in zip(pictures, panels, strict=False):
        for panel in (plain, truth, called):
            panel.imshow(one.view, cmap="gray", norm=grey_range(one.view), interpolation="bilinear")
        _fill(truth, one.truth)
        _fill(called, one.probabilities.argmax(axis=0).astype(np.uint8))
        score.imshow(1 - one.probabilities[0], cmap="magma", vmin=0, vmax=1)
        names = (one.title, "truth", "predicted", "P(artifact)")
        for panel, name in zip((plain, truth, called, score), names, strict=True):
            panel.set_title(name, fontsize=8)
    legend = dict(enumerate(CLASSES)) | {IGNORE: "not labelled"}
    handles = [Patch(color=colour, label=legend[value]) for value, colour in CLASS_COLOURS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def plot_class_confusion(table: Int[np.ndarray, "classes classes"]) -> Figure:
    """Show which share of each class's pixels was called what; the rows add up to 1."""
    figure = Figure(figsize=(5.6, 4.6), layout="constrained")
    axes = figure.subplots()
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        axes.text(
            column, row, f"{share:.1%}", ha="center", va="center", color="white" if share > 0.6 else "0.15"
        )
    ticks = range(len(CLASSES))
    axes.set(xticks=ticks, yticks=ticks, xlabel="predicted", ylabel="label", title="Pixels of the test split")
    axes.set_xticklabels(CLASSES, rotation=30)
    axes.set_yticklabels(CLASSES)
    axes.spines[:].set_visible(False)
    return figure


def _fill(axes: Axes, mask: UInt8[np.ndarray, "h w"]) -> None:
    fill = np.zeros((*mask.shape, 4))
    for value, colour in CLASS_COLOURS.items():
        fill[mask == value] = (*to_rgb(colour), _FILL)
    axes.imshow(fill, interpolation="nearest")
