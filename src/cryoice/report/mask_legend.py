"""The words on a drawn mask: a scale bar, a title and a legend with shares of the area."""

import math

import numpy as np
from jaxtyping import Bool, Integer, UInt8

from cryoice.constants import CLASSES, IGNORE
from cryoice.files.picture import lettering
from cryoice.report.colours import CLASS_COLOURS

_LETTERS = 13  # px
_GAP = 8
_PAPER, _INK = 255, 20

Colour = tuple[int, int, int]


def draw_scale_bar(picture: UInt8[np.ndarray, "rows columns 3"], pixel_size: float) -> None:
    """Draw a bar of 1, 2 or 5 times a power of ten Å, at most a third of the width, at the lower left."""
    height, width = picture.shape[:2]
    longest = width * pixel_size / 3
    power = 10.0 ** math.floor(math.log10(longest))
    length = max(step * power for step in (1, 2, 5) if step * power <= longest)
    bottom, right = height - _GAP, _GAP + max(1, round(length / pixel_size))
    picture[max(0, bottom - 6) : bottom + 1, _GAP - 1 : right + 1] = 0
    picture[max(0, bottom - 5) : bottom, _GAP:right] = 255
    ink = lettering(f"{length / 10:g} nm", size=_LETTERS)  # Pillow's own font has no Å
    top = bottom - 8 - len(ink)
    for down, aside in ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0)):
        _write(picture, ink, (top + down, _GAP + aside), colour=0 if down or aside else 255)


def legend(
    mask: Integer[np.ndarray, "h w"], unsure: Bool[np.ndarray, "rows columns"], *, width: int, title: str
) -> UInt8[np.ndarray, "strip columns 3"]:
    """Write the title and, below it, the colour, name and share of what a mask holds."""
    line = len(lettering(title, size=_LETTERS)) + 4
    entries = _entries(mask, unsure)
    places, row, column = [], 1, _GAP
    for _, text in entries:
        needed = 2 * _GAP + _LETTERS + lettering(text, size=_LETTERS).shape[1]
        if column > _GAP and column + needed > width:
            row, column = row + 1, _GAP
        places.append((row * line + 4, column))
        column += needed
    strip = np.full(((row + 1) * line + 8, width, 3), _PAPER, dtype=np.uint8)
    _write(strip, lettering(title, size=_LETTERS), (4, _GAP), colour=_INK)
    for (colour, text), (top, left) in zip(entries, places, strict=True):
        if colour is not None:
            strip[top + 2 : top + 2 + _LETTERS, left : left + _LETTERS] = colour
            left += _LETTERS + 5
        _write(strip, lettering(text, size=_LETTERS), (top, left), colour=_INK)
    return strip


def _entries(
    mask: Integer[np.ndarray, "h w"], unsure: Bool[np.ndarray, "rows columns"]
) -> list[tuple[Colour | None, str]]:
    """Colour and words of all that is shown; no colour where there is nothing to show."""
    count = np.bincount(mask.ravel().astype(np.intp), minlength=IGNORE + 1)
    labelled = count[: len(CLASSES)].sum()
    entries: list[tuple[Colour | None, str]] = [
        (rgb_of(value), f"{name} {100 * count[value] / labelled:.1f} %")
        for value, name in enumerate(CLASSES)
        if value and count[value]
    ]
    if not entries:
        entries.append((None, "no artifacts" if labelled else "nothing to see"))
    if unsure.any():
        entries.append((None, f"dotted: unsure {100 * unsure.mean() * mask.size / labelled:.1f} %"))
    if count[IGNORE]:
        entries.append((rgb_of(IGNORE), "no data"))
    return entries


def _write(
    picture: UInt8[np.ndarray, "rows columns 3"],
    ink: UInt8[np.ndarray, "height width"],
    corner: tuple[int, int],
    *,
    colour: int,
) -> None:
    """Blend letters of one grey into a picture, cut off at its edges."""
    top, left = max(0, corner[0]), max(0, corner[1])
    ink = ink[top - corner[0] :, left - corner[1] :]
    place = picture[top : top + ink.shape[0], left : left + ink.shape[1]]
    cover = ink[: place.shape[0], : place.shape[1], None] / 255
    place[:] = np.rint(place + cover * (colour - place.astype(np.float64))).astype(np.uint8)


def rgb_of(value: int) -> Colour:
    """Return red, green and blue of a mask's value."""
    text = CLASS_COLOURS[value]
    red, green, blue = (int(text[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue
