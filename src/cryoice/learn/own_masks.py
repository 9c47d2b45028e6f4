"""Labels of a user's own micrographs out of masks: those of ``cryoice mask``, or drawn by hand."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from cryoice.constants import ARTIFACT, CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.files.mask_names import read_mask_names
from cryoice.files.mrc import read_mrc
from cryoice.files.names import match_micrographs
from cryoice.files.picture import read_picture
from cryoice.files.pixel_size_doubts import doubt_of

log = logging.getLogger(__name__)

ENDING = "_mask"
"""What the names of masks end in, before ``.mrc`` or ``.png``."""

_SUFFIXES = (".mrc", ".png")
_VALUES = (*range(len(CLASSES)), ARTIFACT, IGNORE)
_ASPECT = 0.03


@dataclass(frozen=True)
class Field:
    """A micrograph that wants labels.

    Attributes
    ----------
    shape
        Height and width, px.
    pixel_size
        Å/px of those pixels.
    view
        Height and width of the view that is labelled, px; its row r lies at row ``r · H / h``.
    """

    shape: tuple[int, int]
    pixel_size: float
    view: tuple[int, int]


@dataclass(frozen=True)
class MaskLabels:
    """Masks by the name of their micrograph."""

    paths: dict[str, Path]

    @classmethod
    def find(cls, folder: Path, micrographs: Mapping[str, str]) -> "MaskLabels":
        """Pair the masks of a folder with micrographs.

        Where the folder tells whose a mask is (`read_mask_names`), by those names alone, as
        `match_micrographs` compares them; else by stem, else by name likewise. Masks are
        ``<name>_mask.mrc`` and ``<name>_mask.png``; where there are none, every ``<name>.png``.
        Of both for one name the PNG is taken: somebody painted it.

        Parameters
        ----------
        micrographs
            Stem of each one's outputs, by name.

        Raises
        ------
        InputError
            The folder holds no mask, or none of these micrographs', or one may be of several.
        """
        files = [path for path in folder.glob("*") if path.suffix in _SUFFIXES] if folder.is_dir() else []
        masks = [path for path in files if path.stem.endswith(ENDING)]
        by_name = {
            path.stem.removesuffix(ENDING): path
            for path in sorted(masks or [path for path in files if path.suffix == ".png"])
        }
        if not by_name:
            raise InputError(
                f"{folder}: holds no mask; give the folder with NAME{ENDING}.mrc or NAME{ENDING}.png"
            )
        pairs = _pairs(by_name, read_mask_names(folder), micrographs)
        if not pairs:
            first = next(iter(by_name.values())).name
            raise InputError(
                f"{folder}: none of its {len(by_name)} masks, such as {first}, is of a micrograph"
            )
        return cls({micrograph: by_name[name] for name, micrograph in pairs.items()})

    @property
    def micrographs(self) -> frozenset[str]:
        """Names of those that have a mask."""
        return frozenset(self.paths)

    def label(self, micrograph: str, field: Field) -> UInt8[np.ndarray, "h w"]:
        """Read the mask and take its pixel nearest to each of the view, as it lies over the micrograph.

        Warns when the mask was made at another pixel size than the micrograph has now.

        Raises
        ------
        InputError
            The mask cannot be read, is of another shape, or holds a value that is no label.
        """
        path = self.paths[micrograph]
        mask, pixel_size = read_mrc(path) if path.suffix == ".mrc" else (read_picture(path), None)
        if strange := sorted(set(np.unique(mask).tolist()) - set(_VALUES)):
            raise InputError(
                f"{path}: holds the value {strange[0]:g}; a mask has 0 {CLASSES[0]}, 1 {CLASSES[1]}, "
                f"2 {CLASSES[2]}, 3 {CLASSES[3]}, 4 {CLASSES[4]}, {ARTIFACT} some artifact, {IGNORE} no label"
            )
        (height, width), (rows, columns) = field.shape, mask.shape
        if abs(rows * width / (columns * height) - 1) > _ASPECT:
            raise InputError(
                f"{path}: {rows} x {columns} px do not cover a micrograph of {height} x {width} px; "
                "give a mask of the whole micrograph"
            )
        if doubt := _doubt(pixel_size, rows, field):
            log.warning("%s: %s", path, doubt)
        return _nearest(mask, field.view).astype(np.uint8)


def _doubt(pixel_size: float | None, rows: int, field: Field) -> str | None:
    """Say that a mask of so many rows at ``pixel_size`` Å/px is of another size than its micrograph."""
    if pixel_size is None or doubt_of(pixel_size, source="it") is not None:
        return None
    made = pixel_size * rows / field.shape[0]
    if abs(made / field.pixel_size - 1) <= _ASPECT:
        return None
    return f"was made at {made:.4g} Å/px, but {field.pixel_size:.4g} is used; if that is wrong, give --angpix"


def _pairs(masks: Collection[str], told: Mapping[str, str], micrographs: Mapping[str, str]) -> dict[str, str]:
    """Return the micrograph of each mask, both by name; ``told``: whose some masks are."""
    names = {stem: name for stem, name in told.items() if stem in masks}
    known = match_micrographs(list(names.values()), list(micrographs)).pairs
    pairs = {stem: known[name] for stem, name in names.items() if name in known}
    paired, nameless = set(pairs.values()), set(masks) - set(names)
    pairs |= {stem: name for name, stem in micrographs.items() if name not in paired and stem in nameless}
    paired = set(pairs.values())
    others = [name for name in micrographs if name not in paired]
    return pairs | match_micrographs(sorted(nameless - set(pairs)), others).pairs


def _nearest(mask: Float[np.ndarray, "rows columns"], shape: tuple[int, int]) -> Float[np.ndarray, "h w"]:
    rows, columns = (
        np.minimum(np.rint(np.arange(small) * large / small).astype(np.intp), large - 1)
        for small, large in zip(shape, mask.shape, strict=True)
    )
    return mask[np.ix_(rows, columns)]
