"""What of a simulated micrograph is written where: a CryoPPP entry for each protein.

Below the entry ``synthetic-<protein>`` lie ``micrographs/<stem>.mrc`` and, in ``ground_truth``,
picks (``particle_coordinates``, ``false_positives``) and what only a simulation knows: ``masks``,
``true_labels`` and ``parameters``.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float16, Float32, UInt16

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.mrc import write_mrc
from cryoice.simulate.micrograph import SimulatedMicrograph

Record = dict[str, Any]
"""What the parameters file of a micrograph holds."""


@dataclass(frozen=True)
class Place:
    """Where a micrograph lies: below ``root``, number ``index`` of its protein's."""

    root: Path
    protein: str
    index: int

    @property
    def stem(self) -> str:
        """File name without ending."""
        return f"{self.protein}-{self.index:04d}"

    @property
    def micrograph(self) -> Path:
        """The micrograph's file."""
        return self._entry / "micrographs" / f"{self.stem}.mrc"

    @property
    def mask(self) -> Path:
        """Class of every pixel, in the micrograph's frame."""
        return self._entry / "ground_truth/masks" / f"{self.stem}_mask.mrc"

    @property
    def parameters(self) -> Path:
        """All that was drawn; the file is written last and marks the micrograph as complete."""
        return self.table("parameters", ".json")

    def table(self, kind: str, ending: str) -> Path:
        """Path of a table of the ground truth."""
        return self._entry / "ground_truth" / kind / f"{self.stem}{ending}"

    @property
    def _entry(self) -> Path:
        return self.root / entry_name(self.protein)


def entry_name(protein: str) -> str:
    """Return the name of the entry that holds a protein's micrographs."""
    return f"synthetic-{protein}"


def write_micrograph(
    micrograph: SimulatedMicrograph, place: Place, *, pixel_size: float, record: Record
) -> None:
    """Write a micrograph with its truth; ``record`` opens its parameters.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    known = micrograph.parameters.get("pixel_size_known", True)
    write_mrc(place.micrograph, _compact(micrograph.array), pixel_size=pixel_size if known else 0.0)
    write_mrc(place.mask, micrograph.mask, pixel_size=pixel_size)
    _write_picks(micrograph, place, pixel_size=pixel_size)
    particles = micrograph.particles / pixel_size
    truth = {
        "particles": np.round(particles, 3).tolist(),
        "particle_classes": _under(micrograph.mask, particles),
    }
    write_json(place.parameters, record | micrograph.parameters | truth)


def read_record(place: Place) -> Record:
    """Read a micrograph's parameters; ``particles`` are (row, column) of the array in px.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    return read_json(place.parameters)


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); simulate into another folder") from error


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write plain values, readable by people.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with replacing(path) as scratch:
        scratch.write_text(json.dumps(values, indent=1) + "\n")


def _compact(
    array: Float32[np.ndarray, "height width"],
) -> Float16[np.ndarray, "height width"] | Float32[np.ndarray, "height width"]:
    """Halve the disk: 11 bits are ample for counts whose noise is their root, unless they overflow."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(np.isinf(half), np.isinf(array)) else array


def _under(mask: UInt16[np.ndarray, "height width"], particles: Float[np.ndarray, "n 2"]) -> list[int]:
    """Class of the mask under each particle."""
    row, column = np.clip(np.rint(particles).astype(np.int64), 0, np.array(mask.shape) - 1).T
    return [int(value) for value in mask[row, column]]


def _write_picks(micrograph: SimulatedMicrograph, place: Place, *, pixel_size: float) -> None:
    picks = micrograph.picks
    row, x = np.rint(picks.positions.T / pixel_size).astype(np.int64)
    y = len(micrograph.array) - 1 - row  # CryoPPP counts rows from the other end of the array
    centres = {"X-Coordinate": x, "Y-Coordinate": y}
    columns = centres | {"Diameter": np.full_like(x, round(micrograph.diameter / pixel_size))}
    labels = centres | {"Label": picks.label, "True-Label": picks.true_label}
    good, bad = picks.label == GOOD, picks.label == BAD
    _write_csv(place.table("particle_coordinates", ".csv"), columns, good)
    _write_csv(place.table("false_positives", "_false_positives.csv"), columns, bad)
    _write_csv(place.table("true_labels", ".csv"), labels, good | bad)


def _write_csv(path: Path, columns: Mapping[str, np.ndarray], rows: np.ndarray) -> None:
    with replacing(path) as scratch, scratch.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(values[rows].tolist() for values in columns.values()), strict=True))
