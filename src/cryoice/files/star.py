"""STAR files in the form of RELION 3.1 and later."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import starfile

from cryoice.files.atomic import replacing

_VERSION = "# version 30001"
"""What RELION 3.1 and later write above each block; files without it are taken for older ones."""

Table = Mapping[str, Sequence[str | int | float]]
"""Columns by their tag, without the leading underscore; all of one length."""


def write_star(path: Path, blocks: Mapping[str, Table]) -> None:
    """Write tables as the blocks ``data_<name>`` of a STAR file; the same input gives the same bytes.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    with replacing(path) as scratch:
        scratch.write_text("".join(_block(name, table) for name, table in blocks.items()))


def _block(name: str, table: Table) -> str:
    # starfile's first line holds the time
    _, _, text = starfile.to_string({name: pd.DataFrame(table)}).partition("\n")
    return f"{_VERSION}\n{text.rstrip()}\n\n"
