"""Which files of a folder are outputs of masking, as its records there tell."""

import json
from pathlib import Path

RECORDS_FOLDER = ".cryoice"
"""Name of the folder, among the outputs, that holds a record of each masked micrograph."""


def thumbnail_path(folder: Path, stem: str) -> Path:
    """Place of the small grey picture of a micrograph: beside its record."""
    return folder / RECORDS_FOLDER / f"{stem}.jpg"


def recorded_outputs(folder: Path) -> set[str]:
    """Return the names of the files in a folder that its records name; none where there are no records."""
    names: set[str] = set()
    for path in (folder / RECORDS_FOLDER).glob("*.json"):
        try:
            names.update(map(str, json.loads(path.read_text("utf-8"))["outputs"]))
        except (OSError, ValueError, TypeError, KeyError):
            continue  # a record that cannot be read names nothing
    return names
