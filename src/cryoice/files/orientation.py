"""The orientation probe finds the frame in which the picks of an entry sit on particles."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import spatial

from cryoice.constants import GOOD
from cryoice.errors import InputError
from cryoice.files.frames import FRAMES, inside, to_coordinates, to_positions
from cryoice.files.pick_contrast import contrast_map, score_positions
from cryoice.files.picks import Picks

__all__ = [
    "FRAMES",
    "WINNING_Z",
    "FrameProbe",
    "choose_frame",
    "contradicts",
    "doubt",
    "inside",
    "probe_frames",
    "to_coordinates",
    "to_positions",
]

WINNING_Z = 3.0
"""Least z of a frame that wins, and its least lead: of four frames tried, one may be lucky."""

_SMALLEST_DIAMETER = 4.0  # px, where it has to be guessed from the spacing of the picks
_LARGEST_SHARE = 0.1  # of the shorter side, for the same guess


@dataclass(frozen=True)
class FrameProbe:
    """How well the picks of an entry fit each frame.

    Attributes
    ----------
    z
        Absolute z score of the mean pick contrast, by frame.
    contrast
        Mean of disc minus annulus at the picks, in robust std of the reduced micrographs, by frame;
        negative where particles are dark.
    micrographs
        How many were used.
    """

    z: dict[str, float]
    contrast: dict[str, float]
    micrographs: int

    @property
    def winner(self) -> str | None:
        """The frame with z >= 3 that is also 3 ahead of every other; None when there is none."""
        best, *others = sorted(self.z, key=lambda frame: -self.z[frame])
        if self.z[best] < WINNING_Z or self.z[best] - self.z[others[0]] < WINNING_Z:
            return None
        return best


def probe_frames(samples: Iterable[tuple[Float[np.ndarray, "_ _"], Picks]]) -> FrameProbe:
    """Score the four frames on micrographs with their picks.

    GOOD picks count, or all of them where a micrograph has no GOOD ones. The z scores of the
    micrographs are added with their signs, since particles must be dark in all of them or bright in
    all, and divided by the square root of their number (Stouffer's method).

    Parameters
    ----------
    samples
        Micrographs as stored (NaN allowed) and their picks; taken one at a time.
    """
    scores = [score for array, picks in samples if (score := _scores(array, picks)) is not None]
    if not scores:
        nothing = dict.fromkeys(FRAMES, 0.0)
        return FrameProbe(z=nothing, contrast=nothing, micrographs=0)
    contrast, z = np.moveaxis(np.array(scores), 2, 0)  # (micrograph, frame) each
    total = np.abs(z.sum(axis=0)) / np.sqrt(len(scores))
    return FrameProbe(
        z=dict(zip(FRAMES, total.tolist(), strict=True)),
        contrast=dict(zip(FRAMES, contrast.mean(axis=0).tolist(), strict=True)),
        micrographs=len(scores),
    )


def choose_frame(entry_name: str, probe: FrameProbe, *, declared: str) -> str:
    """Return the declared frame unless another one wins; `doubt` tells how sure that is.

    Raises
    ------
    InputError
        The picks fit another frame.
    """
    contradiction = contradicts(entry_name, probe, frame=declared)
    if contradiction is not None:
        raise InputError(contradiction)
    return declared


def contradicts(entry_name: str, probe: FrameProbe, *, frame: str) -> str | None:
    """Say which other frame wins and what to do about it; None when none does."""
    winner = probe.winner
    if winner is None or winner == frame:
        return None
    return (
        f'{entry_name}: the picks fit frame "{winner}" (z = {probe.z[winner]:.1f}), not the declared '
        f'"{frame}" (z = {probe.z[frame]:.1f}); set data.frame={winner} or mend the coordinates'
    )


def doubt(entry_name: str, probe: FrameProbe, *, frame: str) -> str | None:
    """Say why a frame that nothing contradicts is not sure either; None when it is the best, z >= 3."""
    best = max(probe.z, key=lambda other: probe.z[other])
    own, lead = probe.z[frame], probe.z[best] - probe.z[frame]
    if own < WINNING_Z or lead >= WINNING_Z:
        return f"{entry_name}: no frame wins at z >= 3; {frame} (z = {own:.1f}) is taken unconfirmed"
    if lead > 0:
        return (
            f"{entry_name}: {frame} (z = {own:.1f}) is taken, though {best} (z = {probe.z[best]:.1f}) fits "
            f"a little better; set data.frame={best} if the picks lie beside the particles"
        )
    return None


def _scores(array: Float[np.ndarray, "_ _"], picks: Picks) -> list[tuple[float, float]] | None:
    """Contrast and z by frame; None when the micrograph cannot tell."""
    good = picks.label == GOOD
    chosen = good if good.any() else np.ones_like(good)
    x, y = picks.x[chosen], picks.y[chosen]
    if not len(x):
        return None
    shape = (array.shape[0], array.shape[1])
    contrast = contrast_map(array, picks.diameter or _guessed_diameter(x, y, shape))
    if contrast is None:
        return None
    return [score_positions(contrast, to_positions(x, y, shape=shape, frame=frame)) for frame in FRAMES]


def _guessed_diameter(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], shape: tuple[int, int]
) -> float:
    """Median distance to the nearest other pick, px: the diameter where particles are packed."""
    largest = _LARGEST_SHARE * min(shape)
    if len(x) < 2:
        return largest
    centres = np.stack([x, y], axis=1)
    distances = np.asarray(spatial.KDTree(centres).query(centres, k=2)[0])
    return max(_SMALLEST_DIAMETER, min(float(np.median(distances[:, 1])), largest))
