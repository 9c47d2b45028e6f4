"""A micrograph with its mask drawn over it, fast enough to be made of every micrograph."""

import numpy as np
from jaxtyping import Bool, Float, Float32, Integer, Shaped, UInt8

from cryoice.constants import CLASSES, IGNORE
from cryoice.files.picture import small_jpeg
from cryoice.mask.unsure import is_unsure
from cryoice.report.mask_legend import draw_scale_bar, legend, rgb_of

_SIDE = 560
"""px of the longer side that a small map is enlarged to, by a whole factor."""
_THUMBNAIL, _THUMBNAIL_BYTES = 256, 6500
"""Longer side in px, and bytes: with its mask, and as text, at most some 12 kB of a page."""
_FILL = 0.22
_OUTLINE = 2  # px


def overlay(
    view: Float[np.ndarray, "h w"],
    mask: Integer[np.ndarray, "h w"],
    score: Float[np.ndarray, "h w"],
    *,
    pixel_size: tuple[float, float],
    unsure: tuple[float, float],
    title: str,
) -> UInt8[np.ndarray, "rows columns 3"]:
    """Draw a mask over its micrograph: red, green and blue, row 0 at the top.

    Every artifact is filled and outlined in its colour and named below with its share of the area with
    data. What is neither surely clean nor surely an artifact is dotted, inside the mask and outside. No
    data is hatched. Grey values run from the 0.5th to the 99.5th percentile; the bar is a round length.

    Parameters
    ----------
    view
        The micrograph at the sampling of the map, as `shrunk` gives it.
    mask, score
        As `cryoice.mask.regions.make_mask` and the score map have them.
    pixel_size
        Å between rows and between columns.
    unsure
        Probabilities of any artifact between which a pixel is dotted.
    title
        One line; what does not fit is cut off.
    """
    scale = max(1, round(_SIDE / max(mask.shape)))
    grey, classes = _enlarged(stretched(view), scale), _enlarged(mask.astype(np.uint8), scale)
    dotted = _enlarged(is_unsure(score, unsure), scale)
    picture = _painted(grey, classes, dotted)
    draw_scale_bar(picture, pixel_size[1] / scale)
    return np.concatenate([picture, legend(mask, dotted, width=picture.shape[1], title=title)])


def shrunk(
    micrograph: Float[np.ndarray, "height width"], shape: tuple[int, int]
) -> Float32[np.ndarray, "h w"]:
    """Average a micrograph over the pixels that lie nearest to each pixel of a map of ``shape``.

    A map pixel (r, c) lies at the micrograph's (r·height/h, c·width/w). Pixels that are no number are
    left out; a map pixel without any is NaN. A micrograph smaller than the map is repeated.
    """
    known = np.isfinite(micrograph)
    total = _summed(micrograph if known.all() else np.where(known, micrograph, 0), shape)
    number = _summed(known.view(np.uint8), shape)
    means = np.divide(total, number, out=np.full(shape, np.nan), where=number > 0)
    return means.astype(np.float32)


def thumbnail(grey: UInt8[np.ndarray, "h w"]) -> bytes:
    """Bytes of a small JPEG of grey values, for pages that hold thousands of them."""
    return small_jpeg(grey, side=_THUMBNAIL, size=_THUMBNAIL_BYTES)


def _summed(values: Shaped[np.ndarray, "height width"], shape: tuple[int, int]) -> Float[np.ndarray, "h w"]:
    for axis in (1, 0):  # along the rows first: four times as fast as the other way round
        side, small = values.shape[axis], shape[axis]
        if side <= small:
            values = values.take(np.arange(small) * side // small, axis=axis)
            continue
        # a block starts halfway to the map pixel before
        starts = np.maximum(np.ceil((np.arange(small) - 0.5) * side / small), 0).astype(np.intp)
        values = np.add.reduceat(values, starts, axis=axis, dtype=np.float32)
    return values.astype(np.float64)


def stretched(view: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """Spread the 0.5th to the 99.5th percentile over 0 to 255; what is no number becomes 0."""
    finite = np.isfinite(view)
    if not finite.any():
        return np.zeros(view.shape, dtype=np.uint8)
    low, high = np.percentile(view[finite][::7], (0.5, 99.5))
    level = (np.where(finite, view, low) - low) * (255 / max(high - low, 1e-12))
    return np.clip(level, 0, 255).astype(np.uint8)


def _enlarged(array: np.ndarray, scale: int) -> np.ndarray:
    return array.repeat(scale, axis=0).repeat(scale, axis=1) if scale > 1 else array


def _painted(
    grey: UInt8[np.ndarray, "rows columns"],
    classes: UInt8[np.ndarray, "rows columns"],
    unsure: Bool[np.ndarray, "rows columns"],
) -> UInt8[np.ndarray, "rows columns 3"]:
    """Look every pixel up in the table of its kind: row 0 to 4 a class, then outlines, no data, marks."""
    outline, nothing = len(CLASSES), 2 * len(CLASSES)
    hatch, dot = nothing + 1, nothing + 2
    row, column = np.ogrid[: grey.shape[0], : grey.shape[1]]
    kind = np.where(classes == IGNORE, np.uint8(nothing), classes)
    kind[(classes == IGNORE) & ((row + column) % 8 < 2)] = hatch
    kind[unsure & (row % 6 < 2) & (column % 6 < 2)] = dot
    edge = _outlines(classes)
    kind[edge] = classes[edge] + outline
    table = np.repeat(np.arange(256.0)[None, :, None], dot + 1, axis=0).repeat(3, axis=2)
    for value in range(1, len(CLASSES)):
        table[value] += _FILL * (np.array(rgb_of(value)) - table[value])
        table[value + outline] = rgb_of(value)
    table[nothing] *= 0.6
    table[hatch], table[dot] = rgb_of(IGNORE), 255
    return table.astype(np.uint8)[kind, grey]


def _outlines(classes: UInt8[np.ndarray, "rows columns"]) -> Bool[np.ndarray, "rows columns"]:
    """Mark the pixels of an artifact that lie beside another value; the edge of the picture is none."""
    found = np.zeros(classes.shape, dtype=bool)
    for step in range(1, _OUTLINE + 1):
        down = classes[step:] != classes[:-step]
        right = classes[:, step:] != classes[:, :-step]
        for part, differs in ((found[step:], down), (found[:-step], down)):
            part |= differs
        for part, differs in ((found[:, step:], right), (found[:, :-step], right)):
            part |= differs
    return found & (classes > 0) & (classes != IGNORE)
