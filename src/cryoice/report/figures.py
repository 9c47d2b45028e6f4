"""Pictures of micrographs and patches; every function takes arrays and returns a Figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import EllipseCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cryoice.constants import BAD, GOOD
from cryoice.files.atomic import replacing

PARTICLE = "#1E88E5"
FALSE_POSITIVE = "#FF8F00"
"""Blue and orange: told apart with every kind of colour blindness, and on grey."""

_LABEL_COLOURS = {GOOD: PARTICLE, BAD: FALSE_POSITIVE}
_LABEL_NAMES = {GOOD: "GOOD", BAD: "BAD"}
_DPI = 150
_SHOWN_SIDE = 800  # px; a larger micrograph is block-averaged, which also brings particles out of the noise
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


def plot_picks(
    micrograph: Shaped[np.ndarray, "height width"],
    positions: Float[np.ndarray, "n 2"],
    label: Int[np.ndarray, " n"],
    *,
    diameter_px: float,
    pixel_size: float | None,
    title: str = "",
) -> Figure:
    """Show a micrograph with particles circled in blue and false positives in orange.

    Parameters
    ----------
    micrograph
        Row 0 at the top; NaN pixels are left blank.
    positions
        Centres as y, x in pixels of ``micrograph``.
    label
        GOOD or BAD, one per position.
    diameter_px
        Diameter of the circles in pixels of ``micrograph``.
    pixel_size
        In Å/px, for the scale bar; None leaves the bar out.
    """
    shown, block = _averaged(micrograph)
    height, width = shown.shape[0] * block, shown.shape[1] * block
    figure = Figure(figsize=(8, 8 * height / width + 0.75), layout="constrained")
    axes = figure.add_subplot()
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(shown, cmap="gray", extent=extent, interpolation="bilinear", norm=_grey(shown))
    for value, colour in _LABEL_COLOURS.items():
        centres = positions[label == value][:, ::-1]
        sizes = np.full(len(centres), diameter_px)
        circles = EllipseCollection(
            sizes, sizes, np.zeros(len(centres)), units="xy", offsets=centres,
            offset_transform=axes.transData, facecolors="none", edgecolors=colour, linewidths=1.2,
        )  # fmt: skip
        axes.add_collection(circles)
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
    if title:
        axes.set_title(title, fontsize=11)
    if pixel_size is not None:
        _add_scale_bar(axes, width, height, pixel_size)
    figure.legend(handles=_pick_handles(label), loc="outside lower center", ncols=2, frameon=False)
    return figure


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
        _show(panel, patch, "gray")
        _frame(panel, colour)
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
        _show(top, real[column], "gray")
        _show(bottom, spectrum[column], "magma")
        for panel in (top, bottom):
            _frame(panel, _LABEL_COLOURS[value])
        top.set_title(f"{_LABEL_NAMES[value]}\nP(BAD) {probability[column]:.2f}", fontsize=9)
    panels[0, 0].set_ylabel("real", fontsize=10)
    panels[1, 0].set_ylabel("power spectrum", fontsize=10)
    return figure


def _averaged(
    micrograph: Shaped[np.ndarray, "height width"],
) -> tuple[Float32[np.ndarray, "rows columns"], int]:
    """Return block means no larger than the shown side, and the block's side in px."""
    block = max(1, -(-max(micrograph.shape) // _SHOWN_SIDE))
    rows, columns = (max(1, side // block) for side in micrograph.shape)
    cut = np.asarray(micrograph[: rows * block, : columns * block], dtype=np.float32)
    if block == 1:
        return cut, 1
    return cut.reshape(rows, block, columns, block).mean(axis=(1, 3), dtype=np.float32), block


def _grey(array: Float[np.ndarray, "height width"]) -> Normalize:
    """Return the grey range from the 1st to the 99th percentile of the finite pixels."""
    finite = array[np.isfinite(array)]
    low, high = np.percentile(finite, (1, 99)) if finite.size else (0.0, 1.0)
    return Normalize(low, high if high > low else low + 1)


def _show(axes: Axes, patch: Float[np.ndarray, "height width"], cmap: str) -> None:
    axes.set(xticks=[], yticks=[])
    if not np.isfinite(patch).any() or np.nanmin(patch) == np.nanmax(patch):
        axes.set(facecolor="0.9", box_aspect=1)
        axes.text(0.5, 0.5, "not\navailable", ha="center", va="center", transform=axes.transAxes, fontsize=8)
        return
    axes.imshow(patch, cmap=cmap, interpolation="nearest", norm=_grey(patch))


def _frame(axes: Axes, colour: str) -> None:
    axes.spines[:].set(color=colour, linewidth=2)


def _pick_handles(label: Int[np.ndarray, " n"]) -> list[Line2D]:
    names = {GOOD: "particles", BAD: "false positives"}
    style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 10, "markerfacecolor": "none"}
    return [
        Line2D([], [], **style, markeredgewidth=1.8, markeredgecolor=colour, label=text)
        for value, colour in _LABEL_COLOURS.items()
        for text in [f"{int(np.sum(label == value))} {names[value]} ({_LABEL_NAMES[value]})"]
    ]


def _add_scale_bar(axes: Axes, width: int, height: int, pixel_size: float) -> None:
    """Draw a bar of 1, 2 or 5 times a power of ten, near a fifth of the width."""
    wanted = width * pixel_size / 5
    power = 10.0 ** np.floor(np.log10(wanted))
    length = float(max(step * power for step in (1, 2, 5) if step * power <= wanted))
    text = f"{length:g} Å" if length < 1000 else f"{length / 10:g} nm"
    bar, thick, gap = length / pixel_size, 0.011 * height, 0.03 * height
    left, bottom = gap, height - gap
    corner = (left - gap / 2, bottom + gap / 2)
    axes.add_patch(Rectangle(corner, bar + gap, -0.075 * height, color="black", alpha=0.55, lw=0, zorder=3))
    axes.add_patch(Rectangle((left, bottom), bar, -thick, color="white", zorder=4))
    axes.text(
        left + bar / 2, bottom - thick - gap / 4, text, color="white", ha="center", va="bottom", zorder=4
    )
