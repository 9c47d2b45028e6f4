"""Two entries that show one specimen at 1.5 and at 3.0 Å/px, with noise of their own."""

from pathlib import Path

import numpy as np

from cryoice.files.micrograph import write_mrc
from entry_builder import write_picks

SIZES = {"fine": 1.5, "coarse": 3.0}
"""Å/px by entry."""

FIELD = (480.0, 540.0)
"""Height and width of every micrograph, Å."""


def write_specimen(root: Path, *, micrographs=6, picks=30):
    """Write both entries; GOOD picks lie on lopsided particles, BAD ones on empty film, at whole 3 Å."""
    rng = np.random.default_rng(5)
    for number in range(micrographs):
        cells = np.stack(np.meshgrid(np.arange(30, 450, 36), np.arange(30, 510, 36), indexing="ij"), axis=-1)
        places = rng.permutation(cells.reshape(-1, 2))[: 2 * picks].astype(float)  # Å
        good, bad = places[:picks], places[picks:]
        for entry, size in SIZES.items():
            shape = (round(FIELD[0] / size), round(FIELD[1] / size))
            rows, cols = np.mgrid[: shape[0], : shape[1]] * size
            array = 0.05 * rng.normal(size=shape)
            for row, col in good:
                array -= _blob(rows - row, cols - col) + 0.6 * _blob(rows - row - 12, cols - col + 6)
            write_mrc(root / entry / f"micrographs/m{number}.mrc", array.astype(np.float32), pixel_size=size)
            for kind, positions in (("good", good), ("bad", bad)):
                write_picks(
                    root / entry, f"m{number}", positions / size, shape=shape, frame="cryoppp", kind=kind
                )
    return root


def _blob(row, col, sigma=6.0):
    return np.exp(-(row**2 + col**2) / (2 * sigma**2))
