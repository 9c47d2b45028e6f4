"""Micrographs whose pixels have labels: real ones by a person's outlines, simulated ones by their truth."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from scipy import ndimage

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.cryoppp import find_entries
from cryoice.files.micrograph import read_micrograph
from cryoice.files.mrc import read_mrc
from cryoice.files.picture import PICTURE_SUFFIXES, read_picture
from cryoice.simulate.layout_on_disk import read_json

BAND = 3
"""px of the label, along rows and columns, left out on both sides of a boundary."""

MIRRORED = "row = H-1-y"
"""What the index remarks where a label's rows run against those of the micrograph."""

GUESSES = {
    "10059": (4.5, "squeezed to a square by its publisher, 3 % anisotropic"),
    "10947": (3.7, "hole edge of radius 2100 px: 2.9 Å/px for a hole of 1.2 µm, 4.8 for 2 µm"),
    "micassess": (8.0, "the index's own estimate"),
    "smartem": (6.5, "rings of 20 px as of ferritin (120 Å); hole edge of radius 1460 px is of 2 µm at 6.8"),
}
"""Å/px of sources whose files do not tell it, and why; a factor of 1.5 either way is possible."""


@dataclass(frozen=True)
class LabelledMicrograph:
    """A micrograph and the class of every pixel, both with row 0 on top; 255 is not counted.

    Attributes
    ----------
    source
        Where it comes from; doubtful ones are a source of their own.
    label
        May be sampled otherwise than the micrograph; covers the same field.
    pixel_size
        Å/px of the micrograph.
    spectrum
        Whether the file can hold the rings of ice: not an 8-bit picture.
    """

    source: str
    name: str
    array: Float32[np.ndarray, "height width"]
    label: UInt8[np.ndarray, "rows columns"]
    pixel_size: float
    spectrum: bool


def read_labelled(folder: Path, *, angpix: Mapping[str, float]) -> Iterator[LabelledMicrograph]:
    """Read the micrographs of ``folder/index.csv`` but those marked as no use.

    ``angpix`` overrides the Å/px of a source. Each micrograph is at the pixel size of `GUESSES`, else
    at that of the index.

    Raises
    ------
    InputError
        The index is missing or tells no pixel size.
    """
    index = folder / "index.csv"
    if not index.is_file():
        raise InputError(f"{index}: no such file; give the folder that holds it")
    with index.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["use"] != "no"]
    for row in rows:
        source = row["source"]
        path = (folder / row["image"]).resolve()
        guess, _ = GUESSES.get(source, (float(row["angpix"] or 0), ""))
        pixel_size = angpix.get(source, guess)
        if not pixel_size > 0:
            raise InputError(f"{index}: {source} has no pixel size; give --angpix {source}=Å/px")
        label = read_picture(folder / row["label"]).astype(np.uint8)
        yield LabelledMicrograph(
            source=source if row["use"] == "yes" else f"{source} (doubtful)",
            name=path.stem,
            array=read_micrograph(path).array,
            label=without_boundaries(label[::-1] if MIRRORED in row["note"] else label),
            pixel_size=pixel_size,
            spectrum=not path.name.lower().endswith(PICTURE_SUFFIXES),
        )


def read_simulated(folder: Path) -> Iterator[LabelledMicrograph]:
    """Read what `cryoice simulate` wrote, as the source ``simulated: <folder's name>``.

    Raises
    ------
    InputError
        There are no micrographs.
    """
    for entry in find_entries(folder):
        truth = entry.root / "ground_truth"
        for place in entry.micrographs:
            read = read_micrograph(place.path)
            mask, _ = read_mrc(truth / "masks" / f"{place.name}_mask.mrc")
            record = read_json(truth / "parameters" / f"{place.name}.json")
            yield LabelledMicrograph(
                source=f"simulated: {folder.name}",
                name=place.name,
                array=read.array,
                label=without_boundaries(mask.astype(np.uint8)),
                pixel_size=float(record["pixel_size"]),
                spectrum=True,
            )


def without_boundaries(label: UInt8[np.ndarray, "rows columns"]) -> UInt8[np.ndarray, "rows columns"]:
    """Set to 255 what has another label within `BAND` px along rows and columns, corners included."""
    side = 2 * BAND + 1
    highest = ndimage.maximum_filter(label, size=side, mode="nearest")
    lowest = ndimage.minimum_filter(label, size=side, mode="nearest")
    return np.where(highest == lowest, label, np.uint8(IGNORE))


def on_map(
    label: UInt8[np.ndarray, "rows columns"], shape: tuple[int, int], *, micrograph: tuple[int, int]
) -> UInt8[np.ndarray, "h w"]:
    """Look up the label of every pixel of a map of ``shape`` over a micrograph of (H, W).

    Map row r lies at the micrograph's row R = r·H/h; a label of L rows covers it with its row
    ⌊(R + 1/2)·L/H⌋, since both have their pixels' outer edges in common.
    """
    row, column = (
        np.minimum((np.arange(small) * side / small + 0.5) * given / side, given - 1).astype(np.intp)
        for small, side, given in zip(shape, micrograph, label.shape, strict=True)
    )
    return label[np.ix_(row, column)]
