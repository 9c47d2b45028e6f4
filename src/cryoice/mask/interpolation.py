"""Linear interpolation on a regular grid."""

import numpy as np
from jaxtyping import Float32, Float64


def interpolated(
    values: Float32[np.ndarray, "classes rows_in columns_in"],
    *,
    rows: Float64[np.ndarray, " rows"],
    columns: Float64[np.ndarray, " columns"],
) -> Float32[np.ndarray, "classes rows columns"]:
    """Interpolate linearly at every pair of a row and a column; places beyond the last take its value."""
    for axis, places in ((1, rows), (2, columns)):
        last = values.shape[axis] - 1
        below = np.clip(np.floor(places).astype(int), 0, last)
        above = np.minimum(below + 1, last)
        share = np.clip(places - below, 0, 1).astype(np.float32)
        share = share[:, None] if axis == 1 else share
        values = values.take(below, axis) * (1 - share) + values.take(above, axis) * share
    return values
