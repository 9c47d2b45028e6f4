"""What a data set's folder says of itself: its settings, and whether it is complete."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryoice.errors import InputError
from cryoice.simulate.layout_on_disk import read_json, write_json

_NAME = "dataset.json"


@dataclass(frozen=True)
class Manifest:
    """What decides a data set's bytes.

    Attributes
    ----------
    version
        Of the simulation.
    micrographs
        In all.
    settings
        Of the simulation, as plain values.
    """

    version: int
    micrographs: int
    settings: dict[str, Any]

    def is_finished(self, root: Path) -> bool:
        """Tell whether ``root`` holds this data set completely.

        Raises
        ------
        InputError
            It holds another data set or other files, or is no folder.
        """
        if root.exists() and not root.is_dir():
            raise InputError(f"{root}: is a file, not a folder; choose another name")
        if not (root / _NAME).exists():
            if root.exists() and any(not found.name.startswith(".") for found in root.iterdir()):
                raise InputError(f"{root}: holds other files; choose a new or an empty folder")
            return False
        found = read_json(root / _NAME)
        old, new = _flat(found), _flat(json.loads(json.dumps(asdict(self))))  # as a file holds it
        for name in (*new, *old):
            if old.get(name) != new.get(name):
                there = f"holds a data set of {name} {old.get(name)}, not {new.get(name)}"
                raise InputError(f"{root}: {there}; choose another folder or the settings of this one")
        return bool(found.get("finished"))

    def write(self, root: Path, *, finished: bool) -> None:
        """Write the manifest of ``root``.

        Raises
        ------
        InputError
            It cannot be written.
        """
        write_json(root / _NAME, asdict(self) | {"finished": finished})


def _flat(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Give settings by their dotted names, with the version and the number of all micrographs."""
    whole = {name: manifest.get(name) for name in ("version", "micrographs")}
    return whole | _dotted(manifest.get("settings") or {}) | whole


def _dotted(group: Mapping[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for name, value in group.items():
        below = _dotted(value) if isinstance(value, Mapping) else {"": value}
        names |= {f"{name}.{key}".rstrip("."): item for key, item in below.items()}
    return names
