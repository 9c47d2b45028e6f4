"""One entry's folder, from an archive to its place among the others."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.archive import DamagedError, unpack

_PICTURES = (".jpg", ".jpeg", ".png")
_MICROGRAPHS = "micrographs"


def micrographs_in(entry: Path) -> list[Path]:
    """List the micrographs of an entry, those of its halves (10389A, 10389B) included."""
    paths = [path for folder in _micrograph_folders(entry) for path in sorted(folder.iterdir())]
    return [path for path in paths if path.is_file() and not path.name.startswith(".")]


def is_lite(micrographs: list[Path]) -> bool:
    """Whether they are the pictures of CryoPPP-Lite."""
    return bool(micrographs) and all(path.suffix.lower() in _PICTURES for path in micrographs)


def unpack_entry(archive: Path, target: Path, *, advance: Callable[[int], None]) -> None:
    """Unpack the archive of an entry to ``target``: there whole or not at all.

    Parameters
    ----------
    archive
        ``.tar.gz`` that holds the folder of the entry, at its top or in folders that hold nothing else.
    target
        Folder that does not exist. What an earlier, killed call left beside it is removed.
    advance
        As for `unpack`.

    Raises
    ------
    DamagedError
        The archive is unsafe or broken, or holds no micrographs.
    InputError
        The disk is full or cannot be written.
    """
    scratch = target.with_name(f".unpacking-{target.name}")
    try:
        if scratch.exists():
            shutil.rmtree(scratch)
        scratch.mkdir(parents=True)
        unpack(archive, scratch, advance=advance)
        found = _entry_below(scratch)
        if not micrographs_in(found):
            raise DamagedError(f"{archive}: holds no '{_MICROGRAPHS}/' with files in it")
        found.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _entry_below(folder: Path) -> Path:
    while not (folder / _MICROGRAPHS).is_dir():
        children = list(folder.iterdir())
        if len(children) != 1 or not children[0].is_dir():
            break
        folder = children[0]
    return folder


def _micrograph_folders(entry: Path) -> Iterator[Path]:
    halves = sorted(path for path in entry.iterdir() if path.is_dir())
    for folder in (entry, *halves):
        if (folder / _MICROGRAPHS).is_dir():
            yield folder / _MICROGRAPHS
