"""Independent random numbers for each part of a micrograph."""

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Streams:
    """Random numbers by name: a part draws the same ones whatever the other parts draw.

    Called twice with a name, both generators start alike, so that the same specimen can be drawn
    on another grid.
    """

    root: np.random.SeedSequence

    def __call__(self, name: str) -> np.random.Generator:
        """Return the generator of the part ``name``."""
        key = (*self.root.spawn_key, zlib.crc32(name.encode()))
        return np.random.default_rng(np.random.SeedSequence(self.root.entropy, spawn_key=key))


def log_uniform(ends: tuple[float, float], rng: np.random.Generator) -> float:
    """Draw from ``ends`` evenly in the logarithm."""
    return float(np.exp(rng.uniform(*np.log(ends))))
