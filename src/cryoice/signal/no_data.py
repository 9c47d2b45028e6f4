"""Pixels of a micrograph that hold no data, and what is put there."""

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from cryoice.errors import InputError

_BAND = 64  # lines that are worked on at a time
_SAMPLE = 1_000_000
_LARGEST = 1e15
"""Grey value whose square, summed over a window, is still a single-precision number."""
_FLAT = 1e-6
"""Range of grey values over the largest, below which they are one value but for its rounding."""


def missing_pixels(array: Float[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"] | None:
    """Mark the pixels that are no number and constant padding; None where there are none of them.

    Raises
    ------
    InputError
        Too little is left to tell anything: no number, one value nearly everywhere, or values so large
        that their squares overflow.
    """
    sample = array.ravel()[:: max(1, array.size // _SAMPLE)]
    sample = sample[np.isfinite(sample)]
    missing = pixels_without_data(array)
    if not sample.size and missing is not None and not np.isfinite(array).any():
        raise InputError("the micrograph: no pixel is a number; leave it out or write it again")
    low, high = np.percentile(sample, (1, 99)) if sample.size else (0.0, 1.0)
    if max(-low, high) > _LARGEST:
        raise InputError(
            f"the micrograph: grey values of {max(-low, high):.3g} are too large; scale and write it again"
        )
    if (missing is not None and missing.all()) or high - low <= _FLAT * max(-low, high):
        raise InputError("the micrograph: nearly all pixels have one value; leave it out or write it again")
    return missing


def pixels_without_data(micrograph: Float[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"] | None:
    """Mark NaN, infinity and the padding around the micrograph; None where there is none of them.

    Padding are rows and columns that hold one value only, from the border inwards to the first that
    holds more: motion correction leaves zeros there. Columns need not be of the value of padded rows.
    """
    height, width = micrograph.shape
    top, bottom = _padding(micrograph)
    left, right = _padding(micrograph[top : height - bottom].T) if top < height else (0, 0)
    bands = (slice(start, start + _BAND) for start in range(0, height, _BAND))
    unknown = [band for band in bands if not np.isfinite(micrograph[band]).all()]
    if not (unknown or top or bottom or left or right):
        return None
    missing = np.zeros((height, width), dtype=bool)
    for band in unknown:
        missing[band] = ~np.isfinite(micrograph[band])
    missing[:top], missing[height - bottom :] = True, True
    missing[:, :left], missing[:, width - right :] = True, True
    return missing


def _padding(lines: Shaped[np.ndarray, "n length"]) -> tuple[int, int]:
    """Count the lines of one value, or of no number, before the first and after the last other."""
    number = len(lines)
    first = next((index for index in range(number) if not _is_plain(lines[index])), number)
    last = next((index for index in range(number) if not _is_plain(lines[number - 1 - index])), number)
    return first, last if first < number else 0


def _is_plain(line: Shaped[np.ndarray, " length"]) -> bool:
    known = line[np.isfinite(line)]
    return bool((known == known[:1]).all())


def mirror_into(array: Float[np.ndarray, "h w"], missing: Bool[np.ndarray, "h w"]) -> None:
    """Fill missing pixels in place with those as far beyond the nearest one with data in their line.

    So noise goes on as noise, and brightness does not jump. Rows of which a quarter is known come first,
    then such columns, then what is left; a stretch of data shorter than the gap is mirrored at both ends.
    """
    left = missing.copy()
    if left.all():
        return
    for least in (0.25, 0.0):
        for lines, open_ in ((array, left), (array.T, left.T)):
            for start in range(0, len(lines), _BAND):
                band = slice(start, start + _BAND)
                _mirror_lines(lines[band], open_[band], least=least)


def _mirror_lines(
    lines: Float[np.ndarray, "n length"], missing: Bool[np.ndarray, "n length"], *, least: float
) -> None:
    known = (~missing).mean(axis=1)
    chosen = np.flatnonzero((known < 1) & (known > least))
    if not chosen.size:
        return
    gaps = missing[chosen]
    row, column = np.nonzero(gaps)
    source = _mirrored(gaps, row, column)
    lines[chosen[row], column] = lines[chosen[row], source]
    missing[chosen] = False


def _mirrored(
    gaps: Bool[np.ndarray, "n length"], row: Int[np.ndarray, " k"], column: Int[np.ndarray, " k"]
) -> Int[np.ndarray, " k"]:
    """Return the column with data that lies as far behind the nearest such column as ``column`` before."""
    length = gaps.shape[1]
    before, after = _nearest(~gaps)
    gap_before, gap_after = _nearest(gaps)
    lower, upper = before[row, column], after[row, column]
    down = (lower >= 0) & ((upper == length) | (column - lower <= upper - column))
    edge = np.where(down, lower, upper)
    run = np.where(down, edge - gap_before[row, edge], gap_after[row, edge] - edge)
    period = np.maximum(2 * (run - 1), 1)
    away = np.abs(column - edge) % period
    away = np.minimum(away, period - away)
    return np.where(down, edge - away, edge + away)


def _nearest(marked: Bool[np.ndarray, "n length"]) -> tuple[Int[np.ndarray, "n length"], ...]:
    """Return for each place the last marked one up to it, or -1, and the first from it on, or the length."""
    length = marked.shape[1]
    place = np.arange(length)
    before = np.maximum.accumulate(np.where(marked, place, -1), axis=1)
    after = np.minimum.accumulate(np.where(marked, place, length)[:, ::-1], axis=1)[:, ::-1]
    return before, after
