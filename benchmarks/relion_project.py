"""A simulated data set laid out as a RELION 5 project: folders of jobs, names, columns and number formats.

Blocks and columns are those of RELION 5's CtfFind and Extract jobs; values that no cryoice command reads
(motion, figures of merit) are made up.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryoice.files.star_text import StarText

MICROGRAPHS, PARTICLES = "CtfFind/job003/micrographs_ctf.star", "Extract/job020/particles.star"
"""Lists in the project's folder; names in them are relative to it."""

Row = Mapping[Any, Any]
Cells = tuple[str | int | float, ...]

_VERSION = "\n# version 50001\n"
_BOX = 64
_OPTICS = [
    "rlnOpticsGroupName",
    "rlnOpticsGroup",
    "rlnMtfFileName",
    "rlnMicrographOriginalPixelSize",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnMicrographPixelSize",
]
_IMAGES = ["rlnCtfDataAreCtfPremultiplied", "rlnImageDimensionality", "rlnImagePixelSize", "rlnImageSize"]
_LISTED = [
    "rlnCtfPowerSpectrum",
    "rlnMicrographName",
    "rlnMicrographMetadata",
    "rlnOpticsGroup",
    "rlnAccumMotionTotal",
    "rlnAccumMotionEarly",
    "rlnAccumMotionLate",
    "rlnCtfImage",
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnCtfAstigmatism",
    "rlnDefocusAngle",
    "rlnCtfFigureOfMerit",
    "rlnCtfMaxResolution",
]
_EXTRACTED = [
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnAutopickFigureOfMerit",
    "rlnClassNumber",
    "rlnAnglePsi",
    "rlnImageName",
    "rlnMicrographName",
    "rlnOpticsGroup",
    "rlnCtfMaxResolution",
    "rlnCtfFigureOfMerit",
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnCtfBfactor",
    "rlnCtfScalefactor",
    "rlnPhaseShift",
]
_NODES = (
    ("MotionCorr/job002/corrected_micrographs.star", "MicrographGroupMetadata.star.relion.motioncorr"),
    (MICROGRAPHS, "MicrographGroupMetadata.star.relion.ctf"),
    (PARTICLES, "ParticleGroupMetadata.star.relion"),
)


def write_project(simulated: Path, project: Path) -> Path:
    """Lay out what ``cryoice simulate`` wrote; return the project's folder.

    Raises
    ------
    InputError
        The simulated lists cannot be read.
    """
    micrographs = StarText.read(simulated / "micrographs.star")
    particles = StarText.read(simulated / "particles.star")
    optics = micrographs.table("optics").to_dict("records")
    listed = micrographs.table("micrographs").to_dict("records")
    found = particles.table("particles").to_dict("records")
    folder = project / "MotionCorr/job002/Movies"
    folder.mkdir(parents=True)
    for row in listed:
        shutil.copy(simulated / row["rlnMicrographName"], folder)
    write_blocks(
        project / MICROGRAPHS,
        relion_block("optics", _OPTICS, map(_optics, optics)),
        relion_block("micrographs", _LISTED, (_micrograph(number, row) for number, row in enumerate(listed))),
    )
    grouped = [(*_optics(row), 0, 2, float(row["rlnMicrographPixelSize"]), _BOX) for row in optics]
    write_blocks(
        project / PARTICLES,
        relion_block("optics", _OPTICS + _IMAGES, grouped),
        relion_block("particles", _EXTRACTED, _particles(found)),
    )
    write_blocks(
        project / "default_pipeline.star",
        f"{_VERSION}\ndata_pipeline_general\n\n_rlnPipeLineJobCounter                      21\n \n",
        relion_block("pipeline_nodes", ("rlnPipeLineNodeName", "rlnPipeLineNodeTypeLabel"), _NODES),
    )
    return project


def _optics(row: Row) -> Cells:
    size = float(row["rlnMicrographPixelSize"])
    lens = (
        float(row["rlnVoltage"]),
        float(row["rlnSphericalAberration"]),
        float(row["rlnAmplitudeContrast"]),
    )
    return (row["rlnOpticsGroupName"], int(row["rlnOpticsGroup"]), "mtf_k2_200kV.star", size, *lens, size)


def _micrograph(number: int, row: Row) -> Cells:
    stem, defocus = (
        Path(row["rlnMicrographName"]).stem,
        (float(row["rlnDefocusU"]), float(row["rlnDefocusV"])),
    )
    moved = f"MotionCorr/job002/Movies/{stem}"
    motion = (16.420495 + number, 2.506308, 13.914187 + number)
    fit = (defocus[0] - defocus[1], float(row["rlnDefocusAngle"]), 0.131144, 4.809192)
    files = (f"{moved}_PS.mrc", f"{moved}.mrc", f"{moved}.star", int(row["rlnOpticsGroup"]))
    return (*files, *motion, f"CtfFind/job003/Movies/{stem}_PS.ctf:mrc", *defocus, *fit)


def _particles(rows: Iterable[Row]) -> Iterable[Cells]:
    counts: dict[str, int] = {}
    for row in rows:
        stem = Path(row["rlnMicrographName"]).stem
        counts[stem] = counts.get(stem, 0) + 1
        place = (float(row["rlnCoordinateX"]), float(row["rlnCoordinateY"]), 1.234567, -999, -999.0)
        names = (
            f"{counts[stem]:06d}@Extract/job020/Movies/{stem}.mrcs",
            f"MotionCorr/job002/Movies/{stem}.mrc",
        )
        defocus = tuple(float(row[name]) for name in ("rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"))
        yield (*place, *names, int(row["rlnOpticsGroup"]), 4.809192, 0.131144, *defocus, 0.0, 1.0, 0.0)


def write_blocks(path: Path, *blocks: str) -> None:
    """Write a file of blocks; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks))


def relion_block(name: str, columns: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> str:
    """Return a table as RELION 5 writes it: a blank behind each label and row, numbers 12 wide."""
    labels = "".join(f"_{column} #{number} \n" for number, column in enumerate(columns, start=1))
    lines = "".join(" ".join(_cell(value) for value in row) + " \n" for row in rows)
    return f"{_VERSION}\ndata_{name}\n\nloop_ \n{labels}{lines} \n"


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:12d}" if isinstance(value, int) else f"{value:12.6f}"
