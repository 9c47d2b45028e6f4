"""The list of masked micrographs as RELION reads it, with our columns."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cryoice.constants import CLASSES
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
from cryoice.files.star import Table, write_star
from cryoice.project.mask_settings import Microscope
from cryoice.project.records import Row

_COLUMNS = {f"cryoice{name.title()}Fraction": name for name in (*CLASSES, "bad", "unsure")} | {
    "cryoiceIciness": "iciness",
    "cryoiceRingDensity": "ring_density",
    "cryoiceViews": "views",
    "cryoiceVerdict": "verdict",
}
_NAME, _GROUP = "rlnMicrographName", "rlnOpticsGroup"
_UNKNOWN = "nan"


def write_list_again(path: Path, listed: MicrographList, rows: Mapping[ListedMicrograph, Row]) -> None:
    """Write a STAR file again: its own blocks, columns and order, our columns, and what is done alone.

    Raises
    ------
    InputError
        The folder cannot be written, or the list's own table is damaged.
    """
    assert listed.star is not None
    assert listed.block is not None
    names = listed.star.table(listed.block, [_NAME])[_NAME]
    by_row = {number: row for micrograph, row in rows.items() for number in micrograph.rows}
    found = [by_row.get(number) for number in range(len(names))]
    keep = np.array([row is not None for row in found], dtype=bool)
    columns = _our_columns([row or {} for row in found])
    listed.star.edited(listed.block, keep=keep, columns=columns).write(path)


def write_new_list(path: Path, rows: Sequence[Row], microscope: Microscope) -> None:
    """Write a STAR file that RELION 3.1 and later takes, with an optics group for each pixel size.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    sizes = list(dict.fromkeys(row["angpix"] for row in rows))
    groups = range(1, len(sizes) + 1)
    voltage, aberration, contrast = microscope.values
    optics: Table = {
        "rlnOpticsGroupName": [f"opticsGroup{group}" for group in groups],
        _GROUP: list(groups),
        "rlnMicrographPixelSize": sizes,
        "rlnVoltage": [voltage] * len(sizes),
        "rlnSphericalAberration": [aberration] * len(sizes),
        "rlnAmplitudeContrast": [contrast] * len(sizes),
    }
    micrographs: Table = {
        _NAME: [row["micrograph"] for row in rows],
        _GROUP: [sizes.index(row["angpix"]) + 1 for row in rows],
        **_our_columns(rows),
    }
    write_star(path, {"optics": optics, "micrographs": micrographs})


def _our_columns(rows: Sequence[Row]) -> dict[str, list[str]]:
    return {column: [_cell(row.get(key)) for row in rows] for column, key in _COLUMNS.items()}


def _cell(value: str | float | None) -> str:
    if value is None:
        return _UNKNOWN
    return value if isinstance(value, str) else f"{value:.6g}"
