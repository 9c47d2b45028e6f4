"""Connected pieces of a map: their holes, the class each belongs to, what grows around them."""

import math

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from scipy import ndimage
from skimage.measure import label
from skimage.segmentation import watershed


def without_holes(
    inside: Bool[np.ndarray, "h w"], known: Bool[np.ndarray, "h w"], *, largest: float
) -> Bool[np.ndarray, "h w"]:
    """Fill what is enclosed on all sides and has at most ``largest`` px.

    What touches the edge of the map or a pixel without data is not enclosed: nobody knows how it goes
    on there.
    """
    gaps = label(~inside, connectivity=1)
    hole = np.bincount(gaps.ravel()) <= largest
    hole[0] = False
    for rim in (gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1], gaps[~known]):
        hole[rim] = False
    return inside | hole[gaps]


def large_pieces(inside: Bool[np.ndarray, "h w"], *, smallest: float) -> Int[np.ndarray, "h w"]:
    """Return the connected pieces of at least ``smallest`` px, numbered from 1 on; corners connect."""
    pieces = label(inside, connectivity=2)
    small = np.bincount(pieces.ravel()) < smallest
    pieces[small[pieces]] = 0
    return pieces


def grown_classes(
    kinds: UInt8[np.ndarray, "h w"], pieces: Int[np.ndarray, "h w"], *, smallest: float
) -> Int[np.ndarray, "h w"]:
    """Give every pixel of a piece the class of the nearest large fragment in the same piece.

    Parameters
    ----------
    kinds
        Class of each pixel, 0 where it is still open.
    smallest
        px; fragments of one class below it are given to their neighbours. A piece without any larger
        one goes to its largest.
    """
    kinds = np.where(pieces > 0, kinds, np.uint8(0))
    fragments = label(kinds, background=0, connectivity=2)
    size = np.bincount(fragments.ravel())
    piece_of = np.zeros(len(size), dtype=np.intp)
    piece_of[fragments] = pieces
    order = np.argsort(size[1:], kind="stable") + 1
    largest_of = np.zeros(pieces.max() + 1, dtype=np.intp)
    largest_of[piece_of[order]] = order  # the last, the largest, stays
    stays = size >= smallest
    stays[largest_of] = True
    markers = np.where(stays[fragments], kinds, 0).astype(np.int32)
    return watershed(np.zeros(kinds.shape, dtype=np.uint8), markers, mask=pieces > 0, connectivity=2)


def with_margin(
    regions: Int[np.ndarray, "h w"], margin: float, *, pixel_size: tuple[float, float]
) -> Int[np.ndarray, "h w"]:
    """Let numbered regions grow by ``margin`` Å, to the nearest pixel; each keeps its number.

    A pixel is taken when its centre lies within the margin of the outline, which runs half a pixel
    outside the outermost centres.
    """
    if not margin or not regions.any():
        return regions.copy()
    distance, (row, column) = ndimage.distance_transform_edt(
        regions == 0, sampling=pixel_size, return_indices=True
    )
    near = distance <= margin + math.sqrt(math.prod(pixel_size)) / 2
    return np.where(near, regions[row, column], 0)


def mean_of_each(
    regions: Int[np.ndarray, "h w"], values: Float[np.ndarray, "h w"]
) -> Float[np.ndarray, " regions"]:
    """Mean of ``values`` over region 1, 2, ..."""
    number = regions.max()
    inside = regions > 0
    totals = np.bincount(regions[inside], weights=values[inside], minlength=number + 1)
    return totals[1:] / np.bincount(regions[inside], minlength=number + 1)[1:]
