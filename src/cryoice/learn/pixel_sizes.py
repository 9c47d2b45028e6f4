"""Pixel sizes that a user gives by entry, where the files are wrong or silent."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryoice.errors import InputError
from cryoice.files.cryoppp import Entry, find_entries


def checked_sizes(sizes: Mapping[Any, Any]) -> dict[str, float]:
    """Return the Å/px that a user gave by entry, whose names may have been read as numbers.

    Raises
    ------
    InputError
        A pixel size is no number above 0.
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < math.inf:
            raise InputError(f"data.pixel_sizes={{{name}:{size}}}: must be a number above 0 (Å/px)")
    return {str(name): float(size) for name, size in sizes.items()}


def sizes_by_entry(root: Path, found: Sequence[Entry], sizes: Mapping[str, float]) -> dict[str, float]:
    """Return the pixel size (Å/px) given for each entry found; an entry's own name goes before its folder's.

    Raises
    ------
    InputError
        A pixel size is for no entry under ``root``.
    """
    by_entry: dict[str, float] = {}
    for name, size in sizes.items():
        meant = [entry.name for entry in found if entry.goes_by(name)]
        if not meant:
            try:
                find_entries(root, names=[name])
            except InputError as error:
                raise InputError(f"data.pixel_sizes={{{name}:{size:g}}}: {error}") from error
        by_entry = dict.fromkeys(meant, size) | by_entry
    return by_entry | {entry.name: sizes[entry.name] for entry in found if entry.name in sizes}
