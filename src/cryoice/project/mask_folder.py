"""The folder that ``cryoice mask`` wrote, as ``clean`` and ``select`` find it again."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float32, UInt16

from cryoice.errors import InputError
from cryoice.files.mrc import read_mrc
from cryoice.project.listed_names import read_listed

SUMMARY = "summary.csv"
"""One row a masked micrograph."""

NEXT = "next.csv"
"""One row a micrograph to review, that with most to find first: rank, micrograph, stem, score, reason."""

BAND = ("unsure_from", "unsure_to")
"""Columns of the probabilities between which a mask was made to call pixels unsure."""

_NEEDED = ("micrograph", "height", "width", "angpix", "mask", "score", *BAND)


@dataclass(frozen=True)
class Masked:
    """One masked micrograph.

    Attributes
    ----------
    name
        As the list of micrographs called it: a path, as a rule.
    shape
        Height and width of the micrograph, px.
    pixel_size
        Of the micrograph, Å/px.
    mask, score
        Files below the folder.
    unsure
        Probabilities of any artifact between which a pixel is unsure.
    """

    name: str
    shape: tuple[int, int]
    pixel_size: float
    mask: Path
    score: Path
    unsure: tuple[float, float]

    @property
    def stem(self) -> str:
        """What the names of its files begin with."""
        return self.mask.name.removesuffix("_mask.mrc")

    def read(self) -> tuple[UInt16[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
        """Return classes and probability of any artifact, of one shape.

        Raises
        ------
        InputError
            A file is missing or damaged, or their shapes differ where neither is the micrograph's.
        """
        mask, _ = read_mrc(self.mask)
        score, _ = read_mrc(self.score)
        if mask.shape == self.shape and score.shape != mask.shape:  # a mask of full size
            rows, columns = (
                np.minimum(np.rint(np.arange(small) * full / small).astype(np.int64), full - 1)
                for small, full in zip(score.shape, mask.shape, strict=True)
            )
            mask = mask[rows[:, None], columns]
        if mask.shape != score.shape:
            raise InputError(f"{self.mask}: {mask.shape} px, and its score {score.shape}; mask it again")
        return mask.astype(np.uint16), score


@dataclass(frozen=True)
class MaskFolder:
    """Masks by the names of their micrographs.

    Attributes
    ----------
    path
        The folder.
    masked
        What is masked.
    unmasked
        Names of micrographs that were listed to be masked and are not: they failed, or were not reached.
    """

    path: Path
    masked: tuple[Masked, ...]
    unmasked: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path) -> "MaskFolder":
        """Read the folder's summary.

        Raises
        ------
        InputError
            There is none, it lacks a column or a number, or it names files elsewhere.
        """
        summary = path / SUMMARY
        if not summary.is_file():
            raise InputError(f"{path}: holds no {SUMMARY}; give the folder that cryoice mask wrote")
        try:
            table = pd.read_csv(summary, dtype=str, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{summary}: cannot be read ({error}); run cryoice mask again") from error
        missing = [name for name in _NEEDED if name not in table.columns]
        if missing:
            raise InputError(f"{summary}: no column {', '.join(missing)}; run cryoice mask again")
        rows = zip(*(table[name].tolist() for name in _NEEDED), strict=True)
        masked = tuple(_masked(path, *row) for row in rows)
        return cls(path, masked, read_listed(path).difference(item.name for item in masked))

    @cached_property
    def by_name(self) -> dict[str, Masked]:
        """Masked micrographs by name."""
        return {masked.name: masked for masked in self.masked}


def _masked(
    folder: Path, name: str, height: str, width: str, angpix: str, mask: str, score: str, *band: str
) -> Masked:
    try:
        shape, pixel_size, unsure = (int(height), int(width)), float(angpix), (float(band[0]), float(band[1]))
    except ValueError as error:
        raise InputError(f"{folder / SUMMARY}: {name}: {error}; run cryoice mask again") from error
    if min(shape) < 1 or not 0 < pixel_size < np.inf:
        raise InputError(f"{folder / SUMMARY}: {name}: impossible size; run cryoice mask again")
    if not 0 <= unsure[0] <= unsure[1] <= 1:
        raise InputError(f"{folder / SUMMARY}: {name}: impossible {BAND[0]}; run cryoice mask again")
    for file in (mask, score):
        if Path(file).name != file or not file:
            raise InputError(f"{folder / SUMMARY}: {name}: {file!r} is no file name; run cryoice mask again")
    return Masked(name, shape, pixel_size, folder / mask, folder / score, unsure)
