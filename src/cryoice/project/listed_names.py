"""Which micrographs the list of a batch named, whether or not they are masked."""

import json
from collections.abc import Iterable
from pathlib import Path

from cryoice.files.atomic import replacing
from cryoice.files.recorded_outputs import RECORDS_FOLDER

_FILE = "listed"
"""Beside the records; its name does not end as theirs do."""


def write_listed(output: Path, names: Iterable[str]) -> None:
    """Remember the names, in their order.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    with replacing(output / RECORDS_FOLDER / _FILE) as scratch:
        scratch.write_text(json.dumps(list(names), indent=0) + "\n", encoding="utf-8")


def read_listed(output: Path) -> frozenset[str]:
    """Return the names; none where they were not remembered."""
    try:
        return frozenset(map(str, json.loads((output / RECORDS_FOLDER / _FILE).read_text("utf-8"))))
    except (OSError, ValueError, TypeError):
        return frozenset()
