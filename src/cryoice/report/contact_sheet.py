"""A contact sheet: small micrographs side by side with the class of their pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Shaped, UInt8
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from cryoice.constants import CLASSES, IGNORE
from cryoice.report.colours import CLASS_COLOURS
from cryoice.report.figures import grey_range

_NAMES = dict(enumerate(CLASSES)) | {IGNORE: "not labelled"}
_SIDE = 400
"""px of a small micrograph; as many as the sheet shows at 150 dpi."""
_INCHES = 2.3
_FILL = 0.3


@dataclass(frozen=True)
class Miniature:
    """A micrograph made small.

    Attributes
    ----------
    array, mask
        Means over blocks of pixels; class at the middle of each block.
    block
        Side of a block in px of the micrograph.
    pixel_size
        Of the micrograph, Å/px.
    title
        Stands above it.
    """

    array: Float32[np.ndarray, "rows columns"]
    mask: UInt8[np.ndarray, "rows columns"]
    block: int
    pixel_size: float
    title: str

    @classmethod
    def of(
        cls,
        array: Float[np.ndarray, "height width"],
        mask: Shaped[np.ndarray, "height width"],
        *,
        pixel_size: float,
        title: str,
    ) -> "Miniature":
        """Shrink a micrograph and its mask; NaN pixels are left out of the means."""
        block = max(1, -(-max(array.shape) // _SIDE))
        rows, columns = (max(1, side // block) for side in array.shape)
        cut = array[: rows * block, : columns * block].astype(np.float32)
        blocks = cut.reshape(rows, block, columns, block).swapaxes(1, 2).reshape(rows, columns, -1)
        finite = np.isfinite(blocks)
        total = np.where(finite, blocks, 0).sum(axis=2, dtype=np.float32)
        number = finite.sum(axis=2)
        means = np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
        middle = slice(block // 2, None, block)
        small = mask[middle, middle][:rows, :columns].astype(np.uint8)
        return cls(means, small, block=block, pixel_size=pixel_size, title=title)


def plot_contact_sheet(miniatures: Sequence[Miniature], *, title: str) -> Figure:
    """Show micrographs, each beside itself with its classes filled and outlined, and their legend."""
    columns = min(3, max(1, -(-len(miniatures) // 2)))
    rows = -(-len(miniatures) // columns)
    tallest = max(item.array.shape[0] / item.array.shape[1] for item in miniatures)
    size = ((2 * _INCHES + 0.2) * columns, (_INCHES * tallest + 0.4) * rows + 0.8)
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.03, wspace=0.0))
    figure.suptitle(title, fontsize=11)
    pairs = figure.subfigures(rows, columns, squeeze=False, wspace=0.03)
    for item, pair in zip(miniatures, pairs.flat, strict=False):
        left, right = pair.subplots(1, 2, squeeze=False)[0]
        for panel in (left, right):
            panel.set_axis_off()
            panel.imshow(item.array, cmap="gray", interpolation="bilinear", norm=grey_range(item.array))
        left.set_title(item.title, fontsize=9, loc="left")
        _draw_scale_bar(left, item)
        _draw_classes(right, item.mask)
    figure.legend(
        handles=_handles(miniatures), loc="outside lower center", ncols=2 * columns + 1, frameon=False
    )
    return figure


def _draw_scale_bar(axes: Axes, item: Miniature) -> None:
    """Draw a bar of 1, 2 or 5 times a power of ten, at most a third of the width."""
    height, width = item.array.shape
    pixel_size = item.pixel_size * item.block
    power = 10.0 ** np.floor(np.log10(width * pixel_size / 3))
    length = float(max(step * power for step in (1, 2, 5) if step * power <= width * pixel_size / 3))
    left, bottom = 0.04 * width, 0.96 * height
    edge = [withStroke(linewidth=2, foreground="black")]
    bar = (left, bottom), length / pixel_size, -0.015 * height
    axes.add_patch(Rectangle(*bar, color="white", path_effects=edge))
    text = f"{length:g} Å" if length < 1000 else f"{length / 10:g} nm"
    style: dict[str, Any] = {"color": "white", "fontsize": 8, "va": "bottom", "path_effects": edge}
    axes.text(left, bottom - 0.035 * height, text, **style)


def _draw_classes(axes: Axes, mask: UInt8[np.ndarray, "rows columns"]) -> None:
    for value, colour in CLASS_COLOURS.items():
        inside = mask == value
        if inside.any():
            fill = np.zeros((*mask.shape, 4))
            fill[inside] = (*to_rgb(colour), _FILL)
            axes.imshow(fill, interpolation="nearest")
        if inside.any() and not inside.all():
            axes.contour(inside, levels=[0.5], colors=[colour], linewidths=1.0)


def _handles(miniatures: Sequence[Miniature]) -> list[Patch]:
    seen = set().union(*(np.unique(item.mask).tolist() for item in miniatures))
    style: dict[str, Any] = {"linewidth": 1.5}
    return [
        Patch(facecolor=(*to_rgb(colour), _FILL), edgecolor=colour, label=_NAMES[value], **style)
        for value, colour in CLASS_COLOURS.items()
        if value != IGNORE or IGNORE in seen
    ]
