"""A folder as ``cryoice mask`` writes it, with masks made by hand."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cryoice.files.micrograph import write_mrc
from cryoice.files.particles import Particles

COLUMNS = ("micrograph", "stem", "height", "width", "angpix", "mask", "score", "unsure_from", "unsure_to")


@dataclass(frozen=True)
class InMemory:
    """A coordinate file as if read."""

    particles: Particles
    path: Path = Path("picks.star")

    def write(self, path, *, keep, columns):
        raise NotImplementedError


def write_mask_folder(
    folder: Path, masks, *, factor=4, pixel_size=2.0, names=None, mask_factor=None, band=(0.3, 0.7)
):
    """Write masks by stem; the micrographs have ``factor`` times their sides, at ``pixel_size`` Å/px."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for stem, mask in masks.items():
        height, width = (side * factor for side in mask.shape)
        score = np.where(mask > 0, 0.75, 0.125).astype(np.float32)
        stored = np.kron(mask, np.ones((mask_factor, mask_factor))) if mask_factor else mask
        write_mrc(folder / f"{stem}_mask.mrc", stored.astype(np.uint16), pixel_size=factor * pixel_size)
        write_mrc(folder / f"{stem}_score.mrc", score, pixel_size=factor * pixel_size)
        name = (names or {}).get(stem, f"MotionCorr/job002/Movies/{stem}.mrc")
        files = (f"{stem}_mask.mrc", f"{stem}_score.mrc")
        rows.append((name, stem, height, width, pixel_size, *files, *band))
    with (folder / "summary.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return folder


def marked_mask(*marks, side=(20, 25), value=2):
    """Return a clean mask with some pixels of another class."""
    mask = np.zeros(side, dtype=np.uint16)
    for mark in marks:
        mask[mark] = value
    return mask
