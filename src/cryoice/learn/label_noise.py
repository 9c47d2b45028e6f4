"""Wrong labels planted on purpose, to study what trainings make of them."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from scipy.stats import rankdata

from cryoice.constants import BAD, GOOD
from cryoice.learn.dataset import PreparedMicrograph
from cryoice.signal.patches import extract_patch, fits

KINDS = ("none", "symmetric", "good_to_bad", "looks")
"""What ``data.noise.kind`` can be."""

NO_NOISE: Mapping[str, Any] = MappingProxyType({"kind": "none"})
"""Settings that plant nothing."""

LOOK = 160.0
"""Side in Å of the square whose contrast is how a pick looks: a particle and its surroundings."""


def planted(
    picks: pd.DataFrame, micrographs: Sequence[PreparedMicrograph], *, noise: Mapping[str, Any]
) -> Bool[np.ndarray, " n"]:
    """Return which picks get the other label.

    - ``symmetric``: every pick with probability ``rate``
    - ``good_to_bad``: every GOOD pick with probability ``rate``, as a 2D classification that throws away
      good particles would
    - ``looks``: GOOD picks as well, those of strong contrast more often: with r in (0, 1) the rank of the
      standard deviation of their surroundings (`LOOK`) among the GOOD ones, with probability
      min(1, 2 ``rate`` r), whose mean is ``rate`` for rates up to one half

    A pick's fate depends on its place in its micrograph's list and on ``seed``, not on other micrographs.

    Parameters
    ----------
    picks
        All prepared picks: columns micrograph (index), row, col (px as stored), label.
    micrographs
        The prepared micrographs.
    noise
        ``kind`` (one of `KINDS`), ``rate`` (0-1), ``seed``.
    """
    kind, rate = noise["kind"], noise["rate"]
    drawn = _draws(picks, micrographs, seed=noise["seed"])
    good = picks["label"].to_numpy() == GOOD
    chance: Callable[[], np.ndarray] = {
        "none": lambda: np.zeros(len(picks)),
        "symmetric": lambda: np.full(len(picks), rate),
        "good_to_bad": lambda: rate * good,
        "looks": lambda: np.minimum(1, 2 * rate * _ranks(picks, micrographs, good)) * good,
    }[kind]
    return drawn < chance()


def with_noise(
    picks: pd.DataFrame, flips: Bool[np.ndarray, " n"], *, among: Bool[np.ndarray, " n"]
) -> pd.DataFrame:
    """Return the picks with flipped labels; what the files said becomes the truth of the picks in ``among``.

    So scores against ``true_label`` tell what a training recovered, and ``label`` what it was shown.
    """
    before = picks["label"].to_numpy()
    label = np.where(flips & among, GOOD + BAD - before, before)
    return picks.assign(label=label, true_label=np.where(among, before, picks["true_label"]))


def _draws(
    picks: pd.DataFrame, micrographs: Sequence[PreparedMicrograph], *, seed: int
) -> Float[np.ndarray, " n"]:
    drawn = np.empty(len(picks))
    owner = picks["micrograph"].to_numpy()
    for index, micrograph in enumerate(micrographs):
        own = owner == index
        name = zlib.crc32(f"{micrograph.entry}/{micrograph.name}".encode())
        drawn[own] = np.random.default_rng([seed, name]).random(np.count_nonzero(own))
    return drawn


def _ranks(
    picks: pd.DataFrame, micrographs: Sequence[PreparedMicrograph], good: Bool[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Return the contrast's rank among the GOOD picks, (rank - 1/2) / n; 0 for the others."""
    ranks = np.zeros(len(picks))
    ordered: np.ndarray = rankdata(_contrasts(picks[good], micrographs))
    ranks[good] = (ordered - 0.5) / max(len(ordered), 1)
    return ranks


def _contrasts(picks: pd.DataFrame, micrographs: Sequence[PreparedMicrograph]) -> Float[np.ndarray, " n"]:
    """Return the standard deviation around each pick, in units of the micrograph's noise; 0 at its edge."""
    contrast = np.zeros(len(picks))
    owner = picks["micrograph"].to_numpy()
    for index in np.unique(owner):
        view, own = micrographs[index].real, np.flatnonzero(owner == index)
        array, side = view.open(), max(2, round(LOOK / view.pixel_size))
        positions = view.positions(picks.iloc[own][["row", "col"]].to_numpy(dtype=np.float64))
        inside = fits(positions, (array.shape[0], array.shape[1]), half=side / 2 + 1)
        for pick, position in zip(own[inside], positions[inside], strict=True):
            contrast[pick] = extract_patch(array, position, side=side).astype(np.float32).std()
    return contrast
