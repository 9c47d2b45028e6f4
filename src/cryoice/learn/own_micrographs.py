"""A user's own labelled micrographs as the views that a network is tuned on."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import PurePath

import numpy as np
from jaxtyping import Float16, Shaped, UInt8

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.micrograph import read_micrograph
from cryoice.files.micrograph_list import ListedMicrograph, resolve_pixel_size
from cryoice.learn.own_masks import Field, MaskLabels
from cryoice.learn.own_picks import PickLabels
from cryoice.learn.pixel_dataset import PixelSet
from cryoice.signal.fourier import rescaled_shape
from cryoice.signal.no_data import missing_pixels
from cryoice.signal.views import levelled_around, resampled_view

log = logging.getLogger(__name__)

OWN = "own"
"""Name of the set of a user's own micrographs."""

_PROBED = 4
"""Micrographs that are asked whether picks lie on particles."""


Labels = MaskLabels | PickLabels
"""What tells the class of a micrograph's pixels."""


@dataclass(frozen=True, eq=False)
class OwnTiles:
    """Square pieces of one micrograph, the label `IGNORE` where it does not reach.

    Attributes
    ----------
    name
        Of the micrograph.
    bad
        Share of its labelled pixels that are an artifact.
    """

    name: str
    views: Float16[np.ndarray, "n side side"]
    masks: UInt8[np.ndarray, "n side side"]
    bad: float

    @property
    def key(self) -> str:
        """By which a tuned network's file knows the micrograph again without telling its name."""
        return micrograph_key(self.name)


def own_tiles(
    listed: Sequence[ListedMicrograph], labels: Labels, *, pixel_size: float, side: int
) -> list[OwnTiles]:
    """Read the micrographs that have labels and cut their views at ``pixel_size`` Å/px to tiles.

    Raises
    ------
    InputError
        A micrograph or its labels cannot be read, a micrograph is as `missing_pixels` refuses it, or not one
        pixel has a label.
    """
    chosen = [micrograph for micrograph in listed if micrograph.name in labels.micrographs]
    if isinstance(labels, PickLabels):
        labels.require_frame(islice(_samples(chosen, pixel_size), _PROBED))
    found = []
    for name, array, field in _samples(chosen, pixel_size):
        label = labels.label(name, field)
        labelled = label[label != IGNORE]
        if not labelled.size:
            log.warning("%s: none of its pixels has a label; it is left out", name)
            continue
        level = levelled_around(array, _missing(name, array))
        view = resampled_view(level, pixel_size=field.pixel_size, target=pixel_size)
        limit = np.finfo(np.float16).max
        tiles = cut_tiles(np.clip(view, -limit, limit), label, side=side)
        found.append(OwnTiles(name, tiles[0].astype(np.float16), tiles[1], float((labelled > 0).mean())))
    if not found:
        raise InputError("no pixel of the micrographs has a label; nothing can be learnt from them")
    return found


def micrograph_key(name: str) -> str:
    """Return 12 hex digits of the file's name, whatever its folder."""
    return hashlib.sha256(PurePath(name).name.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def own_set(tiles: Sequence[OwnTiles]) -> PixelSet:
    """Put the tiles of some micrographs into one set, named after them."""
    return PixelSet.held(
        OWN,
        [one.name for one in tiles for _ in one.views],
        views=np.concatenate([one.views for one in tiles]),
        masks=np.concatenate([one.masks for one in tiles]),
    )


def cut_tiles(
    view: Shaped[np.ndarray, "h w"], label: UInt8[np.ndarray, "h w"], *, side: int
) -> tuple[Shaped[np.ndarray, "n side side"], UInt8[np.ndarray, "n side side"]]:
    """Cover a view with the fewest tiles, evenly spread; those without a label are dropped.

    A view that is smaller lies in the middle of its tile and is mirrored beyond its edges, without labels.
    """
    missing = [max(0, side - length) for length in view.shape]
    around = [(gap // 2, gap - gap // 2) for gap in missing]
    view = np.pad(view, around, mode="symmetric")
    label = np.pad(label, around, constant_values=IGNORE)
    starts = [
        np.linspace(0, length - side, -(-length // side)).round().astype(int).tolist()
        for length in view.shape
    ]
    places = [(slice(row, row + side), slice(col, col + side)) for row, col in product(*starts)]
    places = [place for place in places if (label[place] != IGNORE).any()]
    return np.stack([view[place] for place in places]), np.stack([label[place] for place in places])


def _missing(name: str, array: np.ndarray) -> np.ndarray | None:
    try:
        return missing_pixels(array)
    except InputError as error:
        raise InputError(f"{name}: {str(error).removeprefix('the micrograph: ')}") from error


def _samples(listed: Sequence[ListedMicrograph], target: float) -> Iterator[tuple[str, np.ndarray, Field]]:
    for micrograph in listed:
        read = read_micrograph(micrograph.path)
        size, doubt = resolve_pixel_size(micrograph, read.pixel_size)
        if doubt is not None:
            log.warning("%s: %s", micrograph.name, doubt)
        shape = (read.array.shape[0], read.array.shape[1])
        yield (
            micrograph.name,
            read.array,
            Field(shape, size, rescaled_shape(shape, pixel_size=size, target=target)),
        )
