"""Micrographs that lie among their masks, which might replace them."""

from dataclasses import replace
from pathlib import Path

from cryoice.files.micrograph_list import ListedMicrograph, MicrographList

_FAULT = "lies among the masks, which might replace it; move it, or choose another folder for masks"


def apart(listed: MicrographList, output: Path) -> MicrographList:
    """Call those in the folder of the outputs failed; the same list where there are none."""
    folders = {item.path.parent for item in listed.micrographs}
    among = {folder for folder in folders if folder.resolve() == output.resolve()}
    if not among:
        return listed
    kept: list[ListedMicrograph] = []
    failures = list(listed.failures)
    for item in listed.micrographs:
        if item.path.parent in among:
            failures.append((item.name, _FAULT))
        else:
            kept.append(item)
    return replace(listed, micrographs=tuple(kept), failures=tuple(failures))
