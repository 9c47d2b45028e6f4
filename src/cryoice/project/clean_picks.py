"""Coordinate files against the masks of their micrographs."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float64, Int

from cryoice.errors import InputError
from cryoice.files.particles import Particles
from cryoice.mask.clean import judge_positions
from cryoice.mask.unsure import is_unsure
from cryoice.project.mask_folder import Masked
from cryoice.project.pick_files import PickFile, place

Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""Passes a sequence through and shows how far it has come under the given words."""

SCORE, VERDICT = "cryoiceScore", "cryoiceVerdict"
"""Columns of particles: the highest probability of an artifact within the distance, and what follows."""

_ENOUGH, _CORNER = 100, 0.6
"""So many coordinates that all lie within this share of height and width count the wrong pixels."""


@dataclass(frozen=True)
class CleanSettings:
    """What decides which particles stay.

    Attributes
    ----------
    distance
        Å from a particle's centre, or box, within which no artifact may lie.
    from_box
        Measure from the edge of the particle's box.
    pixel_size
        Å/px that the coordinates count in; None: what their file says, else that of the micrograph.
    flip_y
        Rows are counted from the other end than the format's; None: as the format does.
    classes
        Artifacts that count; None: all.
    unmasked
        What becomes of particles whose micrograph has no mask.
    """

    distance: float
    from_box: bool = False
    pixel_size: float | None = None
    flip_y: bool | None = None
    classes: tuple[str, ...] | None = None
    unmasked: Literal["keep", "reject"] = "keep"

    def __post_init__(self) -> None:
        if not 0 <= self.distance < np.inf:
            raise InputError(f"--distance: {self.distance:g} is no distance; give Å, 0 or more")
        if self.pixel_size is not None and not 0 < self.pixel_size < np.inf:
            raise InputError(f"--angpix: {self.pixel_size:g} is no pixel size; give Å/px above 0")


@dataclass
class Cleaned:
    """Which particles of a file stay, and why the others do not.

    Attributes
    ----------
    keep, score, unsure
        One value a particle, in the file's order. Unsure is whose score lies between the probabilities
        that the mask was made to call unsure, and of whom nothing is known; there the score is NaN.
    outside, unmasked
        Particles off their micrograph, and on micrographs without a mask.
    failures
        What is wrong and where, a line each.
    doubts
        What is odd about pixel sizes, and on how many micrographs.
    """

    keep: Bool[np.ndarray, " n"]
    score: Float64[np.ndarray, " n"]
    unsure: Bool[np.ndarray, " n"]
    outside: int = 0
    unmasked: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    doubts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def unknown(cls, count: int) -> "Cleaned":
        """Keep that many particles of whom nothing is known yet."""
        return cls(
            keep=np.ones(count, dtype=bool),
            score=np.full(count, np.nan, dtype=np.float64),
            unsure=np.ones(count, dtype=bool),
        )

    @property
    def columns(self) -> dict[str, list[str]]:
        """What is written of each particle: its score with four decimals; good, bad or unsure."""
        return {
            SCORE: [f"{value:.4f}" for value in self.score.tolist()],
            VERDICT: [
                "unsure" if unsure else "good" if keep else "bad"
                for unsure, keep in zip(self.unsure.tolist(), self.keep.tolist(), strict=True)
            ],
        }


def clean_file(
    picks: PickFile, masks: Mapping[str, Masked], settings: CleanSettings, *, track: Track
) -> Cleaned:
    """Judge every particle of a file; a micrograph that cannot be judged is named, the rest go on.

    Raises
    ------
    InputError
        The file's boxes are wanted and unknown.
    """
    file, count = picks.file, len(picks.file.particles.x)
    cleaned = Cleaned.unknown(count)
    if not count:
        cleaned.failures.append((str(file.path), "holds no coordinates; nothing to clean"))
        return cleaned
    if settings.from_box and file.particles.box_size is None:
        raise InputError(f"{file.path}: tells no box size; give --box-size in px, or leave --from-box out")
    farthest = np.zeros(2)
    for name, rows in track(list(picks.rows.items()), f"cleaning {file.path.name}"):
        try:
            if name not in masks:
                raise InputError(f"no mask; give its micrograph to cryoice mask ({len(rows)} coordinates)")
            reached = _judge(cleaned, file.particles, rows, masks[name], settings, name=name)
            farthest = np.maximum(farthest, reached)
        except InputError as error:
            cleaned.failures.append((name, str(error)))
            cleaned.unmasked += len(rows)
            cleaned.keep[rows] = settings.unmasked == "keep"
    if count - cleaned.unmasked >= _ENOUGH and (farthest < _CORNER).all():
        cleaned.doubts[
            f"{file.path}: all coordinates lie in one corner of their micrographs; check --angpix"
        ] += 1
    return cleaned


def _judge(
    cleaned: Cleaned,
    particles: Particles,
    rows: Int[np.ndarray, " m"],
    masked: Masked,
    settings: CleanSettings,
    *,
    name: str,
) -> Float64[np.ndarray, " 2"]:
    """Fill in the rows of one micrograph; return how far down and right they reach, as shares of it."""
    placed = place(particles, rows, masked, pixel_size=settings.pixel_size, flip_y=settings.flip_y)
    if placed.doubt is not None:
        cleaned.doubts[placed.doubt] += 1
    mask, score = masked.read()
    box = None
    if settings.from_box and particles.box_size is not None:
        box = particles.box_size[rows] * placed.pixel_size
    positions = np.nan_to_num(placed.positions, nan=-np.inf)
    judged = judge_positions(
        positions,
        mask,
        score,
        micrograph_shape=placed.shape,
        pixel_size=placed.pixel_size,
        distance=settings.distance,
        box=box,
        classes=settings.classes,
    )
    cleaned.keep[rows] = ~judged.reject
    cleaned.score[rows] = judged.score
    cleaned.unsure[rows] = is_unsure(judged.score, masked.unsure)
    if off := int(judged.outside.sum()):
        cleaned.outside += off
        size = f"{placed.shape[1]} x {placed.shape[0]} px at {placed.pixel_size:g} Å/px"
        reason = f"{off} of {len(rows)} coordinates lie off the micrograph ({size}); check --angpix"
        cleaned.failures.append((name, reason))
    farthest: Float64[np.ndarray, " 2"] = positions.max(axis=0) / np.array(placed.shape)
    return farthest
