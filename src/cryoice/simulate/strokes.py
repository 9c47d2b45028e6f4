"""Jagged, branching lines of varying width: the paths of cracks and folds."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int64

from cryoice.simulate.grid import Grid

_JAG = 0.12
"""Rms by which the middle of a piece leaves its line, relative to the piece: what breaks look like."""
_SHORTEST, _SHORTEST_OF_WIDTH = 80.0, 0.5
"""Å; share of the width: pieces are not broken below the larger of them."""
_TIP, _UNEVEN = 0.2, 0.5
"""Width at the ends, and how much thinner it is at random, relative to the widest."""
_ANGLES = (0.25, 1.2)
"""rad between a branch and its stem."""


@dataclass(frozen=True)
class Stroke:
    """Corners in Å and the half width in Å at each."""

    points: Float[np.ndarray, "n 2"]
    half_widths: Float[np.ndarray, " n"]


def jagged(
    start: Float[np.ndarray, "2"], angle: float, *, length: float, width: float, rng: np.random.Generator
) -> Stroke:
    """Draw a jagged line from ``start``, uneven in width, that tapers towards both ends.

    The middle of each piece is displaced, then that of each half.
    """
    points = np.array([start, start + length * np.array([np.sin(angle), np.cos(angle)])])
    while length > 2 * max(_SHORTEST, _SHORTEST_OF_WIDTH * width):
        across = (points[1:] - points[:-1])[:, ::-1] * np.array([-1.0, 1.0])
        middles = 0.5 * (points[1:] + points[:-1])
        middles += _JAG * rng.standard_normal((len(middles), 1)) * across
        joined = np.empty((2 * len(points) - 1, 2))
        joined[::2], joined[1::2] = points, middles
        points, length = joined, length / 2
    lens = _TIP + (1 - _TIP) * np.sin(np.linspace(0, np.pi, len(points)))
    return Stroke(points, 0.5 * width * lens * rng.uniform(1 - _UNEVEN, 1, len(points)))


def branching(
    start: Float[np.ndarray, "2"], *, length: float, width: float, branches: int, rng: np.random.Generator
) -> list[Stroke]:
    """Draw a line of up to ``width`` Å with branches; ``start`` is its end."""
    angle = float(rng.uniform(0, 2 * np.pi))
    stem = jagged(start, angle, length=length, width=width, rng=rng)
    strokes = [stem]
    for _ in range(branches):
        root = int(rng.integers(len(stem.points)))
        aside = float(rng.choice((-1.0, 1.0)) * rng.uniform(*_ANGLES))
        part, local = length * float(rng.uniform(0.15, 0.5)), 2 * float(stem.half_widths[root])
        strokes.append(jagged(stem.points[root], angle + aside, length=part, width=local, rng=rng))
    return strokes


def beyond_strokes(
    grid: Grid, strokes: list[Stroke], reach: float
) -> tuple[tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]], Float32[np.ndarray, " n"]]:
    """Rows and columns of all pixels within ``reach`` Å of the strokes, and the Å they lie outside them."""
    ends = np.concatenate([np.stack([stroke.points[:-1], stroke.points[1:]], axis=1) for stroke in strokes])
    halves = np.concatenate(
        [np.stack([stroke.half_widths[:-1], stroke.half_widths[1:]], axis=1) for stroke in strokes]
    )
    border = halves.max(axis=1, keepdims=True) + reach
    first = np.floor((ends.min(axis=1) - border) / grid.pixel).astype(int) + grid.margin
    last = np.ceil((ends.max(axis=1) + border) / grid.pixel).astype(int) + grid.margin + 1
    first, last = np.clip(first, 0, grid.shape), np.clip(last, 0, grid.shape)
    corner, far = first.min(axis=0), last.max(axis=0)
    distance: Float32[np.ndarray, "h w"] = np.full(far - corner, np.inf, dtype=np.float32)
    rows, columns = (grid.axis(k, slice(corner[k], far[k])) for k in (0, 1))
    for index in np.nonzero(np.all(first < last, axis=1))[0]:
        y, x = (slice(*pair) for pair in zip(first[index] - corner, last[index] - corner, strict=True))
        away = _beyond_piece(rows[y], columns[x], ends[index], halves[index])
        np.minimum(distance[y, x], away, out=distance[y, x])
    near = np.nonzero(distance < reach)
    row, column = (index.astype(np.int64) for index in near)
    return (row + corner[0], column + corner[1]), distance[near]


def _beyond_piece(
    rows: Float32[np.ndarray, " h"],
    columns: Float32[np.ndarray, " w"],
    ends: Float[np.ndarray, "2 2"],
    half_widths: Float[np.ndarray, "2"],
) -> Float32[np.ndarray, "h w"]:
    """Å by which positions lie outside a straight piece whose half width changes along it."""
    along = ends[1] - ends[0]
    shares = along / max(float(np.square(along).sum()), 1e-6)
    y, x = (rows - np.float32(ends[0, 0]))[:, None], (columns - np.float32(ends[0, 1]))[None]
    part = np.minimum(np.maximum(y * np.float32(shares[0]) + x * np.float32(shares[1]), 0), 1)
    away = np.hypot(y - part * np.float32(along[0]), x - part * np.float32(along[1]))
    away -= np.float32(half_widths[0])
    away -= part * np.float32(half_widths[1] - half_widths[0])
    return away
