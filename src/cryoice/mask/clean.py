"""Particles against a mask: which of them lie on or near an artifact."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int, UInt16
from numpy.lib.stride_tricks import sliding_window_view

from cryoice.constants import CLASSES, IGNORE

_EDGE = 1.0
"""Pixels beyond the outermost centres that are still on the micrograph: programs differ by half a one."""

_AT_ONCE = 1_000_000
"""Distances computed at once: some 20 MB."""


@dataclass(frozen=True)
class Judgement:
    """What a mask says of each particle.

    Attributes
    ----------
    reject
        An artifact lies within the distance, or the centre has no data, or it is off the micrograph.
    score
        Highest probability of an artifact within the distance, 0 to 1; NaN where there is no data.
    outside
        The centre lies off the micrograph.
    """

    reject: Bool[np.ndarray, " n"]
    score: Float64[np.ndarray, " n"]
    outside: Bool[np.ndarray, " n"]


def judge_positions(
    positions: Float[np.ndarray, "n 2"],
    mask: UInt16[np.ndarray, "h w"],
    score: Float[np.ndarray, "h w"],
    *,
    micrograph_shape: tuple[int, int],
    pixel_size: float,
    distance: float,
    box: Float[np.ndarray, " n"] | None = None,
    classes: Sequence[str] | None = None,
) -> Judgement:
    """Reject particles with an artifact within ``distance`` Å of their centre, or of their box.

    The distance from a square of side b around the particle to a mask pixel's square of sides p is
    ``hypot(max(|Δrow| - (b + p_row) / 2, 0), max(|Δcol| - (b + p_col) / 2, 0))``, all in Å.

    Parameters
    ----------
    positions
        Row and column of the centres, px of the micrograph.
    mask, score
        Classes (255: no data) and probability of any artifact; of the same shape, which may be the
        micrograph's or smaller.
    micrograph_shape
        Height and width in px.
    pixel_size
        Å/px of the micrograph.
    distance
        Å.
    box
        Side of each particle's box in Å; None measures from the centres.
    classes
        Artifacts that count; None: all of them.
    """
    step = np.array(micrograph_shape) * pixel_size / np.array(mask.shape)  # Å between mask pixels
    half = np.zeros(len(positions)) if box is None else np.asarray(box, dtype=np.float64) / 2
    centres = positions * np.array(mask.shape) / np.array(micrograph_shape)
    nearest = np.clip(np.rint(centres), 0, np.array(mask.shape) - 1).astype(np.int64)
    last = np.array(micrograph_shape) - 1
    outside = np.asarray(((positions < -_EDGE) | (positions > last + _EDGE)).any(axis=1))
    reject, highest = outside.copy(), np.full(len(positions), np.nan, dtype=np.float64)
    around = _Surroundings.of(mask, score, _values(classes), reach=(distance + half.max(initial=0)) / step)
    for rows in _parts(len(positions), around.size):
        gap = _squared_gaps(around.offsets, nearest[rows] - centres[rows], half=half[rows], step=step)
        near = gap <= distance**2 + 1e-6
        bad, lifted = around.windows(nearest[rows])
        reject[rows] |= (bad & near).any(axis=(1, 2))
        highest[rows] = (lifted * near).max(axis=(1, 2)) - 1
    reject |= mask[nearest[:, 0], nearest[:, 1]] == IGNORE
    return Judgement(reject=reject, score=np.where(outside | (highest < 0), np.nan, highest), outside=outside)


@dataclass(frozen=True)
class _Surroundings:
    """The mask and the score with a border of no data, as windows centred on every pixel."""

    bad: Bool[np.ndarray, "h w rows columns"]
    lifted: Float32[np.ndarray, "h w rows columns"]  # 1 + score, and 0 without data
    offsets: tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " columns"]]

    @classmethod
    def of(
        cls, mask: np.ndarray, score: np.ndarray, values: list[int], *, reach: np.ndarray
    ) -> "_Surroundings":
        """Cut windows that hold all that may lie within ``reach`` mask pixels of a centre."""
        rows, columns = (int(side) for side in np.minimum(np.ceil(reach + 1), mask.shape))
        border = ((rows, rows), (columns, columns))
        size = (2 * rows + 1, 2 * columns + 1)
        lifted = np.where((mask == IGNORE) | np.isnan(score), 0, score + 1).astype(np.float32)
        return cls(
            bad=sliding_window_view(np.pad(np.isin(mask, values), border), size),
            lifted=sliding_window_view(np.pad(lifted, border), size),
            offsets=(np.arange(-rows, rows + 1), np.arange(-columns, columns + 1)),
        )

    @property
    def size(self) -> int:
        """Pixels in a window."""
        return len(self.offsets[0]) * len(self.offsets[1])

    def windows(self, centres: Int[np.ndarray, "n 2"]) -> tuple[np.ndarray, np.ndarray]:
        """Return whether each pixel around each centre is bad, and its lifted score."""
        row, column = centres.T
        return self.bad[row, column], self.lifted[row, column]


def _values(classes: Sequence[str] | None) -> list[int]:
    return [CLASSES.index(name) for name in (CLASSES[1:] if classes is None else classes)]


def _parts(count: int, size: int) -> Iterator[slice]:
    some = max(1, _AT_ONCE // size)
    return (slice(start, start + some) for start in range(0, count, some))


def _squared_gaps(
    offsets: tuple[np.ndarray, np.ndarray],
    shift: Float64[np.ndarray, "n 2"],
    *,
    half: Float64[np.ndarray, " n"],
    step: Float64[np.ndarray, " 2"],
) -> Float32[np.ndarray, "n rows columns"]:
    """Squared distances in Å² from each particle's box to the pixels of its window."""
    row, column = (
        np.maximum((np.abs(shift[:, axis, None] + offsets[axis]) - 0.5) * step[axis] - half[:, None], 0)
        for axis in (0, 1)
    )
    return (row[:, :, None] ** 2).astype(np.float32) + (column[:, None, :] ** 2).astype(np.float32)
