"""Coordinate files against the masks of their micrographs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int

from cryoice.errors import InputError
from cryoice.files.frames import to_positions
from cryoice.files.names import match_micrographs
from cryoice.files.particles import CoordinateFile, Particles
from cryoice.mask.clean import judge_positions
from cryoice.project.mask_folder import Masked, MaskFolder

Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""Passes a sequence through and shows how far it has come under the given words."""

FLIPPED = {"top": "cryoppp", "cryoppp": "top"}
"""The frame that counts rows from the other end."""


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
    keep, score
        One value a particle, in the file's order; the score is NaN where nothing is known.
    outside, unmasked
        Particles off their micrograph, and on micrographs without a mask.
    failures
        What is wrong and where, a line each.
    """

    keep: Bool[np.ndarray, " n"]
    score: Float64[np.ndarray, " n"]
    outside: int = 0
    unmasked: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)


def clean_file(file: CoordinateFile, folder: MaskFolder, settings: CleanSettings, *, track: Track) -> Cleaned:
    """Judge every particle of a file; a micrograph that cannot be judged is named, the rest go on.

    Raises
    ------
    InputError
        The file's micrographs match masks ambiguously, or its boxes are wanted and unknown.
    """
    particles = file.particles
    count = len(particles.x)
    cleaned = Cleaned(keep=np.ones(count, dtype=bool), score=np.full(count, np.nan, dtype=np.float64))
    if not count:
        cleaned.failures.append((str(file.path), "holds no coordinates; nothing to clean"))
        return cleaned
    if settings.from_box and particles.box_size is None:
        raise InputError(f"{file.path}: tells no box size; give --box-size in px, or leave --from-box out")
    codes, names = pd.factorize(particles.micrograph)
    try:
        pairs = match_micrographs([str(name) for name in names], list(folder.by_name)).pairs
    except InputError as error:
        raise InputError(f"{file.path}: {error}") from error
    order = np.argsort(codes, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    for rows in track(groups, f"cleaning {file.path.name}"):
        name = str(particles.micrograph[rows[0]])
        try:
            if name not in pairs:
                raise InputError(f"no mask; give its micrograph to cryoice mask ({len(rows)} coordinates)")
            _judge(cleaned, particles, rows, folder.by_name[pairs[name]], settings, name=name)
        except InputError as error:
            cleaned.failures.append((name, str(error)))
            cleaned.unmasked += len(rows)
            cleaned.keep[rows] = settings.unmasked == "keep"
    return cleaned


def positions_on(
    particles: Particles, rows: Int[np.ndarray, " m"], masked: Masked, settings: CleanSettings
) -> tuple[Float64[np.ndarray, "m 2"], tuple[int, int], float]:
    """Return positions of some particles of one micrograph, its shape (px) and Å/px as they count it."""
    pixel_size = settings.pixel_size or particles.pixel_size or masked.pixel_size
    if particles.shapes is not None:
        shape = (int(particles.shapes[rows[0], 0]), int(particles.shapes[rows[0], 1]))
        pixel_size = masked.pixel_size * masked.shape[0] / shape[0]
    else:
        height, width = (max(1, round(side * masked.pixel_size / pixel_size)) for side in masked.shape)
        shape = (height, width)
    frame = FLIPPED.get(particles.frame, particles.frame) if settings.flip_y else particles.frame
    return to_positions(particles.x[rows], particles.y[rows], shape=shape, frame=frame), shape, pixel_size


def _judge(
    cleaned: Cleaned,
    particles: Particles,
    rows: Int[np.ndarray, " m"],
    masked: Masked,
    settings: CleanSettings,
    *,
    name: str,
) -> None:
    positions, shape, pixel_size = positions_on(particles, rows, masked, settings)
    mask, score = masked.read()
    box = None
    if settings.from_box and particles.box_size is not None:
        box = particles.box_size[rows] * pixel_size
    judged = judge_positions(
        np.nan_to_num(positions, nan=-1.0),
        mask,
        score,
        micrograph_shape=shape,
        pixel_size=pixel_size,
        distance=settings.distance,
        box=box,
        classes=settings.classes,
    )
    cleaned.keep[rows] = ~judged.reject
    cleaned.score[rows] = judged.score
    if off := int(judged.outside.sum()):
        cleaned.outside += off
        size = f"{shape[1]} x {shape[0]} px at {pixel_size:g} Å/px"
        cleaned.failures.append(
            (name, f"{off} of {len(rows)} coordinates lie off the micrograph ({size}); check --angpix")
        )
