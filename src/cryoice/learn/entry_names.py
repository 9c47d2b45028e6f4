"""The entries of a data set, known before it is prepared; imports no torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryoice.errors import InputError
from cryoice.files.cryoppp import find_entries
from cryoice.simulate.layout_on_disk import entry_name


def entry_names(data: Mapping[str, Any]) -> list[str]:
    """Return the names of the entries that the config group ``data`` will train and test on.

    Raises
    ------
    InputError
        The data have no entries, a folder is missing or holds none, or an entry is unknown.
    """
    chosen = data.get("entries")
    names = None if chosen is None else [str(name) for name in chosen]
    if "simulation" in data:
        return names or [entry_name(protein) for protein in data["simulation"]["proteins"]]
    if data.get("root") is None:
        raise InputError(
            "data.root: has no value; leaving one entry out needs entries, data=cryoppp data.root=DIR"
        )
    found = find_entries(Path(data["root"]), names=names)
    return [entry.name for entry in found if entry.micrographs or names]
