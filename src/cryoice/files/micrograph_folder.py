"""Which files of a folder are micrographs."""

import re
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.micrograph import MICROGRAPH_SUFFIXES, micrograph_name
from cryoice.files.picture import PICTURE_SUFFIXES
from cryoice.files.recorded_outputs import recorded_outputs

_DIGITS = re.compile(r"(\d+)")


def micrographs_in(folder: Path) -> tuple[list[Path], int]:
    """Return the micrographs that lie directly in a folder, 'a2' before 'a10', and the number of outputs.

    Left out are hidden files, pictures beside a micrograph of their name, and what masking wrote there
    by its own records; only the last are counted.

    Raises
    ------
    InputError
        The folder cannot be listed or holds none.
    """
    try:
        files = [path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file()]
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror}); change its permissions") from error
    ours = recorded_outputs(folder)
    images = [path for path in files if is_micrograph(path)]
    found = [path for path in images if path.name not in ours]
    if not found:
        what = "only outputs of cryoice mask lie" if images else "no micrograph lies"
        raise InputError(f"{folder}: {what} directly in it; sub-folders are not entered, name them")
    full = {micrograph_name(path) for path in found if not _is_picture(path)}
    alone = (path for path in found if not (_is_picture(path) and micrograph_name(path) in full))
    return sorted(alone, key=lambda path: natural(path.name)), len(images) - len(found)


def is_micrograph(path: Path) -> bool:
    """Whether the file's name is one that `read_micrograph` takes."""
    return path.name.lower().endswith(MICROGRAPH_SUFFIXES) and micrograph_name(path) != ""


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES


def natural(text: str) -> list[tuple[int, str]]:
    """Return a key by which 'a2' sorts before 'a10'."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(text)]
