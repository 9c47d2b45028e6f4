"""Pictures of patches, and what all pictures share; every function takes arrays and returns a Figure."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from cryoice.constants import BAD, GOOD
from cryoice.files.atomic import replacing

PARTICLE = "#1E88E5"
FALSE_POSITIVE = "#FF8F00"
"""Blue and orange: told apart with every kind of colour blindness, and on grey."""

LABEL_COLOURS = {GOOD: PARTICLE, BAD: FALSE_POSITIVE}
LABEL_NAMES = {GOOD: "GOOD", BAD: "BAD"}
_DPI = 150
_COLUMNS = 6


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure at 150 dpi, in the format of the path's suffix.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    FigureCanvasAgg(figure)
    with replacing(path) as scratch:
        figure.savefig(scratch, dpi=_DPI)


def plot_patches(
    patches: Float[np.ndarray, "n height width"],
    scores: Float[np.ndarray, " n"] | Sequence[float],
    *,
    title: str,
    colour: str = FALSE_POSITIVE,
) -> Figure:
    """Show a gallery of patches in the order given, each with its score above."""
    columns = max(1, min(_COLUMNS, len(patches)))
    rows = max(1, -(-len(patches) // columns))
    figure = Figure(figsize=(1.6 * max(columns, 3), 1.85 * rows + 0.55), layout="constrained")
    figure.suptitle(title, fontsize=11)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel, patch, score in zip(panels, patches, scores, strict=False):
        show_patch(panel, patch, "gray")
        frame_patch(panel, colour)
        panel.set_title(f"{score:.2f}", fontsize=10)
    for panel in list(figure.axes)[len(patches) :]:
        panel.set_axis_off()
    return figure


def plot_samples(
    real: Float[np.ndarray, "n height width"],
    spectrum: Float[np.ndarray, "n rows columns"],
    label: Int[np.ndarray, " n"],
    probability: Float[np.ndarray, " n"],
    *,
    title: str = "Test patches as the network sees them",
) -> Figure:
    """Show sample patches of both channels, coloured by label, with the network's probability of BAD.

    A spectrum that is constant or not finite was not available (Nyquist) and is shown as such.
    """
    n = max(1, len(real))
    figure = Figure(figsize=(max(1.45 * n, 4.5), 3.75), layout="constrained")
    figure.suptitle(title, fontsize=11)
    panels = figure.subplots(2, n, squeeze=False)
    for column in range(len(real)):
        top, bottom = panels[:, column]
        value = int(label[column])
        show_patch(top, real[column], "gray")
        show_patch(bottom, spectrum[column], "magma")
        for panel in (top, bottom):
            frame_patch(panel, LABEL_COLOURS[value])
        top.set_title(f"{LABEL_NAMES[value]}\nP(BAD) {probability[column]:.2f}", fontsize=9)
    panels[0, 0].set_ylabel("real", fontsize=10)
    panels[1, 0].set_ylabel("power spectrum", fontsize=10)
    return figure


def grey_range(array: Float[np.ndarray, "height width"]) -> Normalize:
    """Return the grey range from the 1st to the 99th percentile of the finite pixels."""
    finite = array[np.isfinite(array)]
    low, high = np.percentile(finite, (1, 99)) if finite.size else (0.0, 1.0)
    return Normalize(low, high if high > low else low + 1)


def show_patch(axes: Axes, patch: Float[np.ndarray, "height width"], cmap: str) -> None:
    """Show a patch between its 1st and 99th percentile, or that there is none."""
    axes.set(xticks=[], yticks=[])
    if not np.isfinite(patch).any() or np.nanmin(patch) == np.nanmax(patch):
        axes.set(facecolor="0.9", box_aspect=1)
        axes.text(0.5, 0.5, "not\navailable", ha="center", va="center", transform=axes.transAxes, fontsize=8)
        return
    axes.imshow(patch, cmap=cmap, interpolation="nearest", norm=grey_range(patch))


def frame_patch(axes: Axes, colour: str) -> None:
    """Give a patch the colour of its label."""
    axes.spines[:].set(color=colour, linewidth=2)
