"""The truth of a simulated data set as RELION's tables.

RELION's x and y are the column and the row of the array as the file holds it: unlike CryoPPP, it
does not mirror. A particle's ``rlnClassNumber`` is 1 + the class of the mask under its centre (1:
clean film, 2: crystalline, ... in the order of `CLASSES`), and 0 where the mask has no label.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from cryoice.constants import IGNORE
from cryoice.files.star import Table, write_star
from cryoice.simulate.layout_on_disk import Place, Record, read_record

_CTF = ("rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle", "rlnAmplitudeContrast")
_MICROGRAPH = ("rlnMicrographName", "rlnOpticsGroup", *_CTF)
_OPTICS = (
    "rlnOpticsGroup",
    "rlnOpticsGroupName",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnMicrographPixelSize",
    "rlnMicrographOriginalPixelSize",
)
_PLACED = ("rlnCoordinateX", "rlnCoordinateY", "rlnClassNumber")

MICROGRAPHS, PARTICLES = "micrographs.star", "particles.star"
"""Names of the files below the data set's folder, to which the names in them are relative."""


def write_relion(root: Path, places: Sequence[Place], *, pixel_size: float) -> None:
    """Write micrographs with their true defocus, and the true centres of all particles.

    Raises
    ------
    InputError
        A file cannot be read or written.
    """
    records = [read_record(place) for place in places]
    microscopes = sorted({_microscope(record) for record in records})
    micrographs, particles = [], []
    for place, record in zip(places, records, strict=True):
        name = place.micrograph.relative_to(root).as_posix()
        row = (name, microscopes.index(_microscope(record)) + 1, *_ctf(record))
        micrographs.append((*row, record["thickness"]))
        for (y, x), value in zip(record["particles"], record["particle_classes"], strict=True):
            particles.append((*row, x, y, 0 if value == IGNORE else value + 1))
    optics = _table(_OPTICS, _optics(records, microscopes, pixel_size=pixel_size))
    blocks = {
        MICROGRAPHS: ("micrographs", _table((*_MICROGRAPH, "rlnMicrographIceThickness"), micrographs)),
        PARTICLES: ("particles", _table((*_MICROGRAPH, *_PLACED), particles)),
    }
    for name, (block, table) in blocks.items():
        write_star(root / name, {"optics": optics, block: table})


def _microscope(record: Record) -> tuple[float, float]:
    return record["voltage"], record["cs"]


def _optics(
    records: Sequence[Record], microscopes: Sequence[tuple[float, float]], *, pixel_size: float
) -> list[tuple[Any, ...]]:
    rows = []
    for number, (voltage, cs) in enumerate(microscopes, start=1):
        contrast = fmean(item["amplitude_contrast"] for item in records if _microscope(item) == (voltage, cs))
        rows.append((number, f"opticsGroup{number}", voltage, cs, contrast, pixel_size, pixel_size))
    return rows


def _ctf(record: Record) -> tuple[float, float, float, float]:
    """Defocus U and V in Å, positive underfocus, angle of U and amplitude contrast.

    RELION measures the angle in degrees from x towards y, as `Optics` does, and prefers a row's
    amplitude contrast to that of its optics group.
    """
    mean, half = 1e4 * record["defocus_um"], 0.5e4 * record["astigmatism_um"]
    return mean + half, mean - half, record["astigmatism_angle"], record["amplitude_contrast"]


def _table(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Table:
    return {name: [row[number] for row in rows] for number, name in enumerate(names)}
