"""Picks as a particle picker and its user leave them: real particles, artifacts, wrong labels."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64

from cryoice.constants import BAD, GOOD, IGNORE
from cryoice.simulate.priors import interval, number, share
from cryoice.simulate.spacing import spaced
from cryoice.simulate.specimen import CLEAN, CONTAMINATION, CRYSTALLINE, OTHER, SUPPORT, Specimen


@dataclass(frozen=True)
class PickSettings:
    """Priors of the picks.

    Attributes
    ----------
    jitter, bad_per_good
        Å rms of a pick's centre; BAD picks for each GOOD one.
    label_noise, good_noise, background_share
        Shares of good particles among BAD picks, of bad ones among GOOD, of empty ice among BAD.
    """

    jitter: float = number(0.0, 50.0)
    bad_per_good: tuple[float, float] = interval(0.0, 10.0)
    label_noise: float = share()
    good_noise: float = share()
    background_share: float = share()


_FOUND = 0.92
"""Share of the particles that a picker finds."""
_ATTRACTION = {CRYSTALLINE: 2.0, CONTAMINATION: 1.5, SUPPORT: 0.6, OTHER: 2.5}
"""How much more often a picker fires on an area of each class."""
_INTERIOR = 0.25
"""How much less often a picker fires in the even middle of an artifact than at its rim."""
_CANDIDATES = 4000


@dataclass(frozen=True)
class SimulatedPicks:
    """Centres of picks in Å; ``label`` is what the files say, ``true_label`` what is there."""

    positions: Float[np.ndarray, "n 2"]
    label: Int64[np.ndarray, " n"]
    true_label: Int64[np.ndarray, " n"]

    def without(self, lost: Bool[np.ndarray, "height width"], *, pixel_size: float) -> "SimulatedPicks":
        """Return the picks that do not lie on pixels of which the file holds nothing."""
        rows, columns = np.rint(self.positions.T / pixel_size).astype(int)
        kept = ~lost[np.minimum(rows, lost.shape[0] - 1), np.minimum(columns, lost.shape[1] - 1)]
        return SimulatedPicks(self.positions[kept], self.label[kept], self.true_label[kept])


def draw_picks(
    specimen: Specimen,
    particles: Float[np.ndarray, "m 2"],
    *,
    diameter: float,
    settings: PickSettings,
    rng: np.random.Generator,
) -> SimulatedPicks:
    """Pick particles (centres in Å) and artifacts, and mislabel the set shares of both."""
    specimen = specimen.certain()
    jittered = particles + rng.normal(0, settings.jitter, particles.shape)
    found = jittered[rng.random(len(particles)) < _FOUND]
    found = found[specimen.grid.inside(found, border=diameter / 2)]
    good = found[specimen.class_at(found) == CLEAN]
    wanted = round(len(found) * rng.uniform(*settings.bad_per_good) * (1 - settings.label_noise))
    empty = round(wanted * settings.background_share)
    bad = _on_artifacts(specimen, wanted - empty, particles=particles, diameter=diameter, rng=rng)
    bad = np.concatenate([bad, _on_nothing(specimen, empty, particles=particles, diameter=diameter, rng=rng)])
    bad = bad[rng.permutation(len(bad))]
    wrong_bad = min(_share_count(len(bad), settings.label_noise), len(good) // 2)
    wrong_good = min(_share_count(len(good) - wrong_bad, settings.good_noise), len(bad) // 2)
    positions = np.concatenate([good[wrong_bad:], bad[:wrong_good], good[:wrong_bad], bad[wrong_good:]])
    counts = (len(good) - wrong_bad, wrong_good, wrong_bad, len(bad) - wrong_good)
    label = np.repeat([GOOD, GOOD, BAD, BAD], counts).astype(np.int64)
    true_label = np.repeat([GOOD, BAD, GOOD, BAD], counts).astype(np.int64)
    return SimulatedPicks(positions, label, true_label)


def _share_count(others: int, share: float) -> int:
    """Count what makes ``share`` of a set holding ``others`` more; all alike at share 1."""
    return others if share >= 1 else round(others * share / (1 - share))


def _candidates(specimen: Specimen, diameter: float, rng: np.random.Generator) -> Float[np.ndarray, "n 2"]:
    candidates = rng.uniform((0, 0), specimen.grid.extent, size=(_CANDIDATES, 2))
    return candidates[specimen.grid.inside(candidates, border=diameter / 2)]


def _on_artifacts(
    specimen: Specimen,
    number: int,
    *,
    particles: Float[np.ndarray, "m 2"],
    diameter: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "n 2"]:
    candidates = _candidates(specimen, diameter, rng)
    attraction = np.array([_ATTRACTION.get(value, 0.0) for value in range(IGNORE + 1)])
    weight = attraction[specimen.class_at(candidates)]
    weight *= np.where(_near_clean(specimen, candidates, reach=0.7 * diameter), 1.0, _INTERIOR)
    chosen = candidates[rng.random(len(candidates)) * attraction.max() < weight]
    return spaced(chosen, max(number, 0), 0.5 * diameter, taken=particles)


def _near_clean(
    specimen: Specimen, positions: Float[np.ndarray, "n 2"], *, reach: float
) -> Bool[np.ndarray, " n"]:
    """Tell whether clean film lies ``reach`` Å away in one of eight directions."""
    turns = np.pi / 4 * np.arange(8)
    around = reach * np.stack([np.sin(turns), np.cos(turns)], axis=1)
    seen = [specimen.class_at(positions + step) == CLEAN for step in around]
    return np.any(seen, axis=0)


def _on_nothing(
    specimen: Specimen,
    number: int,
    *,
    particles: Float[np.ndarray, "m 2"],
    diameter: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "n 2"]:
    candidates = _candidates(specimen, diameter, rng)
    clean = candidates[specimen.class_at(candidates) == CLEAN]
    return spaced(clean, max(number, 0), 0.6 * diameter, taken=particles)
