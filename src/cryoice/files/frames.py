"""The four ways in which x, y of a coordinate file can mean row and column of the array."""

import numpy as np
from jaxtyping import Float, Float64

from cryoice.errors import InputError

FRAMES = ("cryoppp", "top", "flip_x", "transpose")
"""cryoppp: row = H-1-y, col = x; top: row = y, col = x; flip_x: row = y, col = W-1-x;
transpose: row = x, col = y. Row 0 is the first row of the file."""


def to_positions(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], *, shape: tuple[int, int], frame: str
) -> Float64[np.ndarray, "n 2"]:
    """Positions (row, col) in the array, px, pixel centres at integers.

    Parameters
    ----------
    x, y
        Coordinates as the file holds them, px.
    shape
        Height and width of the array, px.
    frame
        One of FRAMES.

    Raises
    ------
    InputError
        The frame is unknown.
    """
    height, width = shape
    rows_and_columns = {
        "cryoppp": (height - 1 - y, x),
        "top": (y, x),
        "flip_x": (y, width - 1 - x),
        "transpose": (x, y),
    }
    if frame not in rows_and_columns:
        raise InputError(f"frame={frame}: unknown; choose one of {', '.join(FRAMES)}")
    return np.stack(rows_and_columns[frame], axis=1).astype(np.float64)


def to_coordinates(
    positions: Float[np.ndarray, "n 2"], *, shape: tuple[int, int], frame: str
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Coordinates x, y as a file in ``frame`` holds them: the inverse of `to_positions`.

    Raises
    ------
    InputError
        The frame is unknown.
    """
    rows, columns = positions[:, 0], positions[:, 1]
    # every frame is its own inverse; only the order of the pair differs
    back = to_positions(columns, rows, shape=shape, frame=frame)
    return back[:, 1], back[:, 0]


def inside(positions: Float[np.ndarray, "n 2"], shape: tuple[int, int]) -> np.ndarray:
    """Whether each position lies on a pixel of an array of this shape."""
    nearest = np.rint(positions)
    return np.asarray(((nearest >= 0) & (nearest < np.array(shape))).all(axis=1))
