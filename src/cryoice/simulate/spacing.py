"""Random places that keep a distance from each other."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import cKDTree

_AT_ONCE = 512
"""Candidates at least that are compared at once."""
_PUSHES = 20
"""Rounds in which particles move apart; enough for the densest liquid-like films."""


def spaced(
    candidates: Float[np.ndarray, "n 2"],
    number: int,
    distance: float,
    *,
    taken: Float[np.ndarray, "m 2"],
) -> Float[np.ndarray, "k 2"]:
    """Keep up to ``number`` candidates, first come first kept, ``distance`` from each other and ``taken``."""
    kept = taken
    chunk = max(_AT_ONCE, 2 * number)
    for start in range(0, len(candidates), chunk):
        if len(kept) - len(taken) >= number:
            break
        some = candidates[start : start + chunk]
        if len(kept) and distance > 0:
            nearest, _ = cKDTree(kept).query(some, distance_upper_bound=distance)
            some = some[nearest >= distance]
        kept = np.concatenate([kept, some[_first_come(some, distance)]])
    return kept[len(taken) : len(taken) + max(number, 0)]


def pushed_apart(positions: Float[np.ndarray, "n 2"], distance: float) -> Float[np.ndarray, "n 2"]:
    """Move places apart until few lie nearer than ``distance``, as particles in a crowded film do.

    Pairs that are too near move half of what is missing, each away from the other, again and again.
    """
    positions = positions.copy()
    for _ in range(_PUSHES):
        first, second = cKDTree(positions).query_pairs(distance, output_type="ndarray").T
        apart = positions[second] - positions[first]
        length = np.maximum(np.linalg.norm(apart, axis=1), 1e-9)
        push = apart * (0.5 * (distance - length) / length)[:, None]
        np.add.at(positions, first, -push)
        np.add.at(positions, second, push)
    return positions


def _first_come(candidates: Float[np.ndarray, "n 2"], distance: float) -> Bool[np.ndarray, " n"]:
    """Tell which candidates stay when each in turn must keep its distance from those that stay."""
    stays = np.zeros(len(candidates), dtype=bool)
    open_ = ~stays
    pairs = cKDTree(candidates).query_pairs(distance * (1 - 1e-12), output_type="ndarray")
    while open_.any():
        waits = np.zeros(len(candidates), dtype=bool)
        waits[pairs[:, 1]] = True  # pairs name the earlier one first
        now = open_ & ~waits
        stays |= now
        open_ &= ~now
        open_[pairs[now[pairs[:, 0]], 1]] = False
        pairs = pairs[open_[pairs].all(axis=1)]
    return stays
