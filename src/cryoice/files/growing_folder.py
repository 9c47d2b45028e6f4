"""The micrographs of a folder that is being filled."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar

from cryoice.errors import InputError
from cryoice.files.micrograph_folder import is_micrograph, natural
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
from cryoice.files.own_stems import own_stems
from cryoice.files.picture import PICTURE_SUFFIXES
from cryoice.files.recorded_outputs import RECORDS_FOLDER

_UNPRINTABLE = "its name holds signs that no list can; rename it"


@dataclass
class GrowingFolder:
    """A folder to be looked at again and again; only names are read, no file is opened.

    Hidden files, and folders that hold outputs of masking, are passed over.

    Attributes
    ----------
    path
        The folder; it may be missing for a while.
    patterns
        Shell patterns, of which a name must fit one, or the path below the folder where the pattern
        holds a slash; without any, all micrographs but pictures: programs lay previews beside micrographs.
    exclude
        Patterns of what is passed over, likewise; of folders too, with all that is in them.
    recursive
        Enter sub-folders, but for links.
    angpix
        Å/px; None leaves it to the headers.
    settled
        True: what is listed of a folder is there.
    """

    path: Path
    patterns: Sequence[str]
    exclude: Sequence[str]
    recursive: bool
    angpix: float | None
    settled: ClassVar[bool] = True
    _seen: dict[str, str | None] = field(default_factory=dict)
    _passed_over: list[str] = field(default_factory=list)
    _last: MicrographList = field(default=MicrographList((), (), (), star=None, block=None))

    def look(self, now: float) -> MicrographList:
        """List what is there, in the order of arrival, and of names where several arrived at once.

        The list is the same object as before when nothing came or went. A folder below that cannot be
        listed is a doubt, and what was seen in it stays.

        Raises
        ------
        InputError
            The folder cannot be listed.
        """
        there = dict.fromkeys(self._files())
        doubts = tuple(self._passed_over)
        if there.keys() == self._seen.keys() and doubts == self._last.doubts:
            return self._last
        known = [name for name in self._seen if name in there]
        new = sorted((name for name in there if name not in self._seen), key=natural)
        self._seen = {name: self._seen[name] for name in known}
        self._seen |= {name: None if name.isprintable() else _UNPRINTABLE for name in new}
        paths = [Path(name) for name, fault in self._seen.items() if fault is None]
        stems = own_stems([(path, str(path)) for path in paths])
        micrographs = tuple(
            ListedMicrograph(path, str(path), stem, self.angpix, ())
            for path, stem in zip(paths, stems, strict=True)
        )
        failures = tuple((ascii(name), fault) for name, fault in self._seen.items() if fault is not None)
        self._last = MicrographList(micrographs, failures, doubts, star=None, block=None)
        return self._last

    def _files(self) -> Iterator[str]:
        waiting, self._passed_over = [str(self.path)], []
        while waiting:
            folder = waiting.pop()
            try:
                inside = _entries(folder)
            except OSError as error:
                fault = f"{folder}: cannot be listed ({error.strerror})"
                if folder == str(self.path):
                    raise InputError(fault) from error
                if not isinstance(error, FileNotFoundError):
                    self._passed_over.append(f"{fault}; passed over")
                    yield from (name for name in self._seen if name.startswith(folder + os.sep))
                continue
            if any(entry.name == RECORDS_FOLDER for entry in inside):
                continue
            for entry in inside:
                if entry.path in self._seen:
                    yield entry.path
                elif _is_folder(entry):
                    if self.recursive and not entry.is_symlink() and not self._fits(entry, self.exclude):
                        waiting.append(entry.path)
                elif self._wanted(entry):
                    yield entry.path

    def _wanted(self, entry: os.DirEntry[str]) -> bool:
        if not is_micrograph(Path(entry.name)) or self._fits(entry, self.exclude):
            return False
        if not self.patterns:
            return not entry.name.lower().endswith(PICTURE_SUFFIXES)
        return self._fits(entry, self.patterns)

    def _fits(self, entry: os.DirEntry[str], patterns: Sequence[str]) -> bool:
        below = os.path.relpath(entry.path, self.path) if any("/" in pattern for pattern in patterns) else ""
        return any(fnmatchcase(below if "/" in pattern else entry.name, pattern) for pattern in patterns)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """List a folder, but for hidden files."""
    with os.scandir(folder) as entries:
        return [entry for entry in entries if entry.name == RECORDS_FOLDER or not entry.name.startswith(".")]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to where nobody may look
        return False
