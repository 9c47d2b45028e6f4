"""Real and simulated micrographs with their clean areas."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy import ndimage

from cryoice.constants import GOOD
from cryoice.errors import InputError
from cryoice.files.cryoppp import Entry, EntryMicrograph, find_entries, read_picks
from cryoice.files.micrograph import read_micrograph
from cryoice.files.mrc import read_mrc
from cryoice.files.picture import read_picture
from cryoice.signal.no_data import pixels_without_data
from cryoice.signal.normalise import clean_pixels, robust_location

CLEAN = 0
MARGIN = 5.0
"""Å kept from every pixel that is not clean; the outlines of the labels are good to 3 px."""
MIRRORED = "row = H-1-y"
"""What the index remarks where a label's rows run against those of the micrograph."""


@dataclass(frozen=True)
class Sample:
    """One micrograph: median 0 and robust std 1 over its clean area, and picks (row, col) if it has any."""

    name: str
    array: Float32[np.ndarray, "h w"]
    clean: Bool[np.ndarray, "h w"]
    pixel_size: float
    positions: Float[np.ndarray, "n 2"]
    diameter: float | None


def load_labelled(index: Path, source: str, pixel_size: float | None) -> list[Sample]:
    """Load the micrographs of one source out of a folder of labels; ``pixel_size`` overrides its Å/px."""
    with index.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["source"] == source and row["use"] == "yes"]
    if not rows:
        raise InputError(f"{index}: no usable source {source}; name one of its column 'source'")
    samples = []
    for row in rows:
        path = (index.parent / row["image"]).resolve()
        side = pixel_size or float(row["angpix"] or 0)
        if not side:
            raise InputError(f"{index}: {source} has no pixel size; give --angpix {source}=Å/px")
        micrograph = read_micrograph(path).array
        label = read_picture(index.parent / row["label"])
        label = label[::-1] if MIRRORED in row["note"] else label
        samples.append(
            _sample(path.stem, micrograph, _enlarged(label, micrograph.shape), side, _pick_of(path))
        )
    return samples


def load_plain(pattern: str, pixel_size: float) -> list[Sample]:
    """Load micrographs without labels, all of whose pixels count as clean."""
    anchor, parts = Path(pattern).anchor or ".", Path(pattern).relative_to(Path(pattern).anchor).as_posix()
    samples = []
    for path in sorted(Path(anchor).glob(parts)):
        array = read_micrograph(path).array
        samples.append(_sample(path.stem, array, np.zeros(array.shape), pixel_size, _pick_of(path)))
    if not samples:
        raise InputError(f"{pattern}: no micrograph; give another glob")
    return samples


def load_simulated(folder: Path) -> list[Sample]:
    """Load every micrograph of the simulated entries in ``folder`` with its mask and good picks."""
    samples = []
    for entry in find_entries(folder):
        for micrograph in entry.micrographs:
            read = read_micrograph(micrograph.path)
            mask, _ = read_mrc(entry.root / "ground_truth" / "masks" / f"{micrograph.name}_mask.mrc")
            if read.pixel_size is None:
                raise InputError(f"{micrograph.path}: no pixel size in its header; write it again")
            samples.append(_sample(read.name, read.array, mask, read.pixel_size, micrograph))
    if not samples:
        raise InputError(f"{folder}: no micrographs; simulate some")
    return samples


def clean_squares(sample: Sample, side: int, step: int) -> list[tuple[int, int]]:
    """Top left corners, ``step`` px apart, of squares of ``side`` px that hold clean pixels only."""
    dirty = np.zeros((sample.clean.shape[0] + 1, sample.clean.shape[1] + 1), dtype=np.int64)
    dirty[1:, 1:] = (~sample.clean).cumsum(axis=0).cumsum(axis=1)
    total = dirty[side:, side:] - dirty[:-side, side:] - dirty[side:, :-side] + dirty[:-side, :-side]
    return [(int(row) * step, int(col) * step) for row, col in np.argwhere(total[::step, ::step] == 0)]


def _sample(
    name: str, array: np.ndarray, label: np.ndarray, pixel_size: float, picks: EntryMicrograph | None
) -> Sample:
    clean = ndimage.binary_erosion(
        label == CLEAN, iterations=max(1, round(MARGIN / pixel_size)), border_value=1
    )
    array = clean_pixels(array, pixels_without_data(array))
    middle, spread = robust_location(array[clean]) if clean.any() else robust_location(array)
    positions, diameter = np.zeros((0, 2)), None
    if picks is not None and picks.good is not None:
        read = read_picks(picks)
        good = read.label == GOOD
        # the frame of CryoPPP counts rows from the other end
        positions = np.stack([len(array) - 1 - read.y[good], read.x[good]], axis=1)
        diameter = read.diameter
    standard = ((array - middle) / (spread or 1)).astype(np.float32)
    return Sample(name, standard, clean, pixel_size, positions, diameter)


def _enlarged(label: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    rows, columns = (np.arange(side) * small // side for side, small in zip(shape, label.shape, strict=True))
    return label[np.ix_(rows, columns)]


def _pick_of(path: Path) -> EntryMicrograph | None:
    """Find the picks of a real micrograph that lies in a CryoPPP entry."""
    if path.parent.name != "micrographs" or not (path.parent.parent / "ground_truth").is_dir():
        return None
    entry: Entry = find_entries(path.parent.parent)[0]
    return next((found for found in entry.micrographs if found.path.name == path.name), None)
