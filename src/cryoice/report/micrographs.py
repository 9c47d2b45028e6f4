"""A micrograph with its picks: as labelled, and as the network sees them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import EllipseCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cryoice.constants import BAD, GOOD
from cryoice.report.figures import FALSE_POSITIVE, LABEL_COLOURS, LABEL_NAMES, PARTICLE, grey_range

_SHOWN_SIDE = 800  # px; a larger micrograph is block-averaged, which also brings particles out of the noise
_DOUBT = LinearSegmentedColormap.from_list("doubt", [PARTICLE, "#F5F5F5", FALSE_POSITIVE])


def plot_picks(
    micrograph: Shaped[np.ndarray, "height width"],
    positions: Float[np.ndarray, "n 2"],
    label: Int[np.ndarray, " n"],
    *,
    diameter_px: float,
    pixel_size: float | None,
    probability: Float[np.ndarray, " n"] | None = None,
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
    probability
        Of BAD, from a network: adds a second panel where it colours the circles, white in doubt.
    """
    panels = 1 if probability is None else 2
    shown, block = _averaged(micrograph)
    height, width = shown.shape[0] * block, shown.shape[1] * block
    side = 8 if panels == 1 else 6.4
    figure = Figure(figsize=(side * panels, side * height / width + 0.75), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    for panel in axes:
        _draw_micrograph(panel, shown, block, pixel_size)
    _draw_circles(axes[0], positions, [LABEL_COLOURS[int(value)] for value in label], diameter_px)
    axes[0].set_title(f"{title}: as labelled" if probability is not None else title, fontsize=11)
    if probability is not None:
        _draw_circles(axes[1], positions, [_DOUBT(p) for p in probability], diameter_px)
        axes[1].set_title("as the network sees them", fontsize=11)
        scale = figure.colorbar(ScalarMappable(Normalize(0, 1), _DOUBT), ax=axes[1], shrink=0.5, pad=0.01)
        scale.set_label("P(BAD)")
    figure.legend(handles=_pick_handles(label), loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw_micrograph(
    axes: Axes, shown: Float[np.ndarray, "rows columns"], block: int, pixel_size: float | None
) -> None:
    height, width = shown.shape[0] * block, shown.shape[1] * block
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(shown, cmap="gray", extent=extent, interpolation="bilinear", norm=grey_range(shown))
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
    if pixel_size is not None:
        _add_scale_bar(axes, width, height, pixel_size)


def _draw_circles(
    axes: Axes, positions: Float[np.ndarray, "n 2"], colours: Sequence[Any], diameter_px: float
) -> None:
    sizes = np.full(len(positions), diameter_px)
    circles = EllipseCollection(
        sizes, sizes, np.zeros(len(positions)), units="xy", offsets=positions[:, ::-1],
        offset_transform=axes.transData, facecolors="none", edgecolors=colours, linewidths=1.2,
    )  # fmt: skip
    axes.add_collection(circles)


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


def _pick_handles(label: Int[np.ndarray, " n"]) -> list[Line2D]:
    names = {GOOD: "particles", BAD: "false positives"}
    style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 10, "markerfacecolor": "none"}
    return [
        Line2D([], [], **style, markeredgewidth=1.8, markeredgecolor=colour, label=text)
        for value, colour in LABEL_COLOURS.items()
        for text in [f"{int(np.sum(label == value))} {names[value]} ({LABEL_NAMES[value]})"]
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
