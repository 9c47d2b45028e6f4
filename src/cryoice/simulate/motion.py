"""Drift: what the specimen's uncorrected movement during the exposure does to the picture."""

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.transfer import Transfer


def drift_transfer(drift: tuple[float, float]) -> Transfer:
    """Transfer sinc(d·s) of a uniform motion by d = (row, column) Å: the mean of exp(2πi s·x) along it."""
    along_rows, along_columns = (np.float32(part) for part in drift)

    def transfer(
        rows: Float32[np.ndarray, "r 1"], columns: Float32[np.ndarray, " c"]
    ) -> Float32[np.ndarray, "r c"]:
        return np.sinc(along_rows * rows + along_columns * columns)

    return transfer
