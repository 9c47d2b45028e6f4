"""A mask as a reviewer corrects it, to learn from: what nobody looked at and is unsure gets no label."""

import math
from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Float, Integer, UInt8
from skimage.measure import label as pieces_of

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.corrections import DISC, REGION, RIGHT, VALUES, VERDICT, WHOLE, Correction
from cryoice.mask.unsure import is_unsure


def mended(
    mask: Integer[np.ndarray, "h w"],
    score: Float[np.ndarray, "h w"],
    actions: Iterable[Correction],
    *,
    micrograph_shape: tuple[int, int],
    pixel_size: float,
    unsure: tuple[float, float],
) -> UInt8[np.ndarray, "h w"]:
    """Apply actions in their order, then take the label from what is unsure and was not touched.

    ``whole`` touches every pixel: who calls a mask right says so of its unsure pixels too. Pixels without
    data stay without a label whatever an action says; regions end there.

    Parameters
    ----------
    mask
        Classes, 255 where the micrograph has no data. Row r of h lies at the micrograph's row r·H/h.
    score
        Probability of any artifact.
    actions
        Of this micrograph; verdicts change nothing.
    micrograph_shape
        Height and width in px.
    pixel_size
        Å/px of the micrograph.
    unsure
        Probabilities between which a pixel is unsure.

    Raises
    ------
    InputError
        An action lies off the micrograph; names the line.
    """
    known = np.asarray(mask != IGNORE)
    labels, touched = mask.astype(np.uint8), np.zeros(mask.shape, dtype=bool)
    for action in actions:
        if action.kind == VERDICT:
            continue
        chosen = known & _reached(action, labels, known, micrograph_shape, pixel_size)
        if action.label != RIGHT:
            labels[chosen] = VALUES[action.label]
        touched |= chosen
    labels[is_unsure(score, unsure) & ~touched] = IGNORE
    return labels


def _reached(
    action: Correction,
    labels: UInt8[np.ndarray, "h w"],
    known: Bool[np.ndarray, "h w"],
    micrograph_shape: tuple[int, int],
    pixel_size: float,
) -> Bool[np.ndarray, "h w"]:
    """Mark the pixels that an action is about."""
    if action.kind == WHOLE:
        return np.ones(labels.shape, dtype=bool)
    place, height, width = (action.row, action.column), *micrograph_shape
    if not all(-0.5 <= at <= side for at, side in zip(place, micrograph_shape, strict=True)):
        raise InputError(
            f"line {action.line}: row {action.row:g}, column {action.column:g} lie off the micrograph of "
            f"{height} x {width} px"
        )
    nearest = _nearest(place, labels.shape, micrograph_shape)
    if action.kind == REGION:
        return _region(labels, known, nearest)
    assert action.kind == DISC
    row, column = (
        (np.arange(small) * side / small - at) * pixel_size
        for small, side, at in zip(labels.shape, micrograph_shape, place, strict=True)
    )
    disc = np.hypot(row[:, None], column) <= action.radius
    disc[nearest] = True  # of a disc between the pixels
    return disc


def _nearest(
    place: tuple[float, float], shape: tuple[int, ...], micrograph_shape: tuple[int, int]
) -> tuple[int, int]:
    """Return the map's pixel that covers a place, as `cryoice.mask.regions.enlarge` spreads them."""
    row, column = (
        min(max(math.floor(at * small / side + 0.5), 0), small - 1)
        for at, small, side in zip(place, shape, micrograph_shape, strict=True)
    )
    return row, column


def _region(
    labels: UInt8[np.ndarray, "h w"], known: Bool[np.ndarray, "h w"], place: tuple[int, int]
) -> Bool[np.ndarray, "h w"]:
    """Mark the connected pixels of one class that hold a place; corners connect. None without data there."""
    if not known[place]:
        return np.zeros(labels.shape, dtype=bool)
    pieces = pieces_of(known & (labels == labels[place]), connectivity=2)
    return np.asarray(pieces == pieces[place])
