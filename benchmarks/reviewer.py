"""A script that corrects masks as a person in the review page would, since it knows the truth.

A region of the mask that is mostly of another class is relabelled. Then discs, each as large as fits, the
largest first, up to `MOST` on a micrograph: over artifacts that are missed or of another class, over what is
clean, and last over what nobody can tell. A mask with nothing to correct is called right.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8
from scipy import ndimage
from skimage.measure import label as pieces_of

from benchmarks.labelled.data import on_map
from cryoice.cli import app
from cryoice.constants import CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.files.corrections import COLUMNS, DISC, REGION, RIGHT, UNKNOWN_LABEL, WHOLE
from cryoice.project.mask_folder import Masked

MOST = 20
"""Discs that the reviewer has patience for on one micrograph."""

SMALLEST = 1.5
"""px of the map; the reviewer leaves what a smaller disc would cover, such as outlines a pixel off."""

Action = tuple[str, str, str, str, str]
"""Kind, row, column, radius and label of a row of corrections."""


def command(*words: str) -> None:
    """Run a command of cryoice in this process.

    Raises
    ------
    InputError
        It failed.
    """
    try:
        app(list(words), standalone_mode=True)
    except SystemExit as end:
        if end.code:
            raise InputError(f"cryoice {' '.join(words)[:200]} ended with {end.code}") from end


def review(masked: Masked, label: UInt8[np.ndarray, "rows columns"]) -> Iterator[tuple[str, str, *Action]]:
    """Yield the rows that a reviewer of one mask exports; the label covers the micrograph."""
    mask, _ = masked.read()
    truth = on_map(label, (mask.shape[0], mask.shape[1]), micrograph=masked.shape)
    step = np.array(masked.shape) / mask.shape
    actions = list(corrected(mask.astype(np.uint8), truth, step=step, pixel_size=masked.pixel_size))
    for action in actions or [(WHOLE, "", "", "", RIGHT)]:
        yield masked.name, masked.stem, *action


def corrected(
    mask: UInt8[np.ndarray, "h w"], truth: UInt8[np.ndarray, "h w"], *, step: np.ndarray, pixel_size: float
) -> Iterator[Action]:
    """Yield the actions that bring a mask near the truth: regions, then discs."""
    mask = mask.copy()
    known = mask != IGNORE
    for value in range(1, len(CLASSES)):
        pieces = pieces_of(mask == value, connectivity=2)
        for piece in range(1, pieces.max() + 1):
            inside = pieces == piece
            meant = int(np.bincount(truth[inside], minlength=IGNORE + 1).argmax())
            if meant != value:
                row, column = _inmost(inside)[0]
                mask[inside] = meant
                yield REGION, f"{row * step[0]:.2f}", f"{column * step[1]:.2f}", "", _name(meant)
    row_at, column_at = np.ogrid[: mask.shape[0], : mask.shape[1]]
    for _ in range(MOST):
        value, (row, column), radius = _worst(mask, truth, known)
        if radius < SMALLEST:
            return
        mask[(np.hypot(row_at - row, column_at - column) <= radius) & known] = value
        told = radius * float(step[0]) * pixel_size
        yield DISC, f"{row * step[0]:.2f}", f"{column * step[1]:.2f}", f"{told:.1f}", _name(value)


def _worst(
    mask: UInt8[np.ndarray, "h w"], truth: UInt8[np.ndarray, "h w"], known: Bool[np.ndarray, "h w"]
) -> tuple[int, tuple[int, int], float]:
    """Return the class, centre and radius (px) of the disc that a reviewer would put next."""
    for values in (range(1, len(CLASSES)), (0,), (IGNORE,)):
        found = [(value, *_inmost(known & (truth == value) & (mask != value))) for value in values]
        value, place, radius = max(found, key=lambda one: one[2])
        if radius >= SMALLEST:
            break
    return value, place, radius


def _inmost(area: Bool[np.ndarray, "h w"]) -> tuple[tuple[int, int], float]:
    """Return the pixel of an area that lies furthest from its outside, and how far its disc reaches, px."""
    depth = ndimage.distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), area.shape)
    return (int(row), int(column)), float(depth[row, column]) - 0.5


def write_corrections(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows as the review page exports them."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *rows])


def _name(value: int) -> str:
    return UNKNOWN_LABEL if value == IGNORE else CLASSES[value]
