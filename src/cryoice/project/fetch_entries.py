"""Entries of CryoPPP, from the server to folders that `cryoice check` and training read."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from filelock import FileLock, Timeout
from rich.filesize import decimal

from cryoice.errors import InputError
from cryoice.files.archive import DamagedError
from cryoice.files.checksum import record_checksum, record_of, recorded_checksum, sha256_of
from cryoice.files.cryoppp_catalogue import CatalogueEntry
from cryoice.files.entry_folder import is_lite, micrographs_in, unpack_entry
from cryoice.files.http_download import Follower, download

_UNPACKED = 1.2
"""Assumed bytes unpacked for each of an archive; noise hardly compresses. Unpacking checks again, exactly."""

ENDINGS = {False: ".tar.gz", True: "_lite.tar.gz"}
"""Of the archives of the full and of the lite edition, which may lie in one folder."""

_LOCK = ".cryoice-fetch.lock"


@runtime_checkable
class Watcher(Follower, Protocol):
    """Who is told how far the work on an entry is."""

    def stage(self, words: str, *, size: int | None = None) -> None:
        """Another piece of work begins, of so many bytes."""


@dataclass(frozen=True)
class FetchSettings:
    """How entries are fetched.

    Attributes
    ----------
    root
        Folder of the entries.
    lite
        The pictures of CryoPPP-Lite instead of the micrographs.
    address
        Folder on the web in which ``<entry>.tar.gz`` lies.
    keep_archive
        Leave the archive beside the entry's folder.
    checksums
        sha256 by entry, in lower case.
    """

    root: Path
    lite: bool
    address: str
    keep_archive: bool
    checksums: Mapping[str, str]

    def archive(self, entry: CatalogueEntry) -> Path:
        """Return where the archive of an entry goes."""
        return self.root / f"{entry.name}{ENDINGS[self.lite]}"


@dataclass(frozen=True)
class Fetched:
    """An entry that is here; ``before`` when nothing had to be done."""

    folder: Path
    micrographs: int
    before: bool


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Make the folder and hold it for this program.

    Raises
    ------
    InputError
        Another program fetches into it, or it cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / _LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(f"{root}: another cryoice fetch is at work there; wait for it") from error
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{root}: cannot be written ({reason}); choose another folder") from error
    try:
        yield
    finally:
        lock.release()


def entry_here(folder: Path, *, lite: bool) -> Fetched | None:
    """Return what is here of an entry, None when nothing is.

    Raises
    ------
    InputError
        Something else is in its place: the other edition, or no entry.
    """
    if not folder.exists():
        return None
    micrographs = micrographs_in(folder) if folder.is_dir() else []
    if not micrographs:
        raise InputError(f"{folder}: is there and holds no micrographs; move it away")
    if is_lite(micrographs) != lite:
        there, wanted = ("full", "lite") if lite else ("lite", "full")
        raise InputError(f"{folder}: is the {there} entry; give another --output for the {wanted} one")
    return Fetched(folder, len(micrographs), before=True)


def fetch_entry(entry: CatalogueEntry, settings: FetchSettings, watcher: Watcher) -> Fetched:
    """Bring one entry here: download, compare checksums, unpack. Within `alone`.

    An archive that an earlier call left is used. The sha256 of one that could be unpacked is written
    beside it, for ``sha256sum -c`` and for later downloads, which must match. Of an entry that is here
    already, a checksum given is held against that record.

    Raises
    ------
    InputError
        It cannot be had, or came from another archive than the checksum given tells; what has been
        downloaded is kept under a name that is told.
    """
    folder, archive = settings.root / entry.name, settings.archive(entry)
    given = settings.checksums.get(entry.name)
    here = entry_here(folder, lite=settings.lite)
    if here is not None:
        _refuse_other_origin(folder, archive, given)
        return here
    if not archive.exists():
        watcher.stage("downloading")
        url = f"{settings.address.rstrip('/')}/{entry.name}.tar.gz"
        download(url, archive, _WithRoom(watcher, settings.root))
    watcher.stage("checking", size=archive.stat().st_size)
    digest = _checked(archive, given, watcher)
    watcher.stage("unpacking", size=archive.stat().st_size)
    try:
        unpack_entry(archive, folder, advance=watcher.advances)
    except DamagedError as error:
        raise InputError(f"{error}; kept as {_set_aside(archive)}") from error
    record_checksum(archive, digest)
    if not settings.keep_archive:
        archive.unlink()
    return Fetched(folder, len(micrographs_in(folder)), before=False)


class _WithRoom:
    """Pass on what a download tells, unless the disk is too small for it."""

    def __init__(self, watcher: Watcher, root: Path) -> None:
        self._watcher, self._root = watcher, root
        self.advances, self.says = watcher.advances, watcher.says

    def starts(self, *, size: int | None, have: int) -> None:
        if size is not None:
            free, rest, unpacked = shutil.disk_usage(self._root).free, size - have, int(_UNPACKED * size)
            if rest + unpacked > free:
                raise InputError(
                    f"{self._root}: {decimal(free)} are free; {decimal(rest)} are to be downloaded and about "
                    f"{decimal(unpacked)} to be unpacked; make room or give another --output"
                )
        self._watcher.starts(size=size, have=have)


def _refuse_other_origin(folder: Path, archive: Path, given: str | None) -> None:
    """Refuse an entry that is here when the checksum given is not the one of the archive it came from."""
    recorded = recorded_checksum(archive) if given else None
    if recorded != given:
        record = record_of(archive).name
        fault = f"{record} tells that of another archive" if recorded else f"there is no {record}"
        raise InputError(
            f"{folder}: is here, but not known to have the sha256 given ({fault}); move it away, then fetch"
        )


def _checked(archive: Path, given: str | None, watcher: Watcher) -> str:
    """Return the checksum; it must be what the user gave, or else what an earlier download recorded."""
    expected = given or recorded_checksum(archive)
    digest = sha256_of(archive, advance=watcher.advances)
    if expected is not None and digest != expected:
        whose = "the one given" if given else f"the one in {record_of(archive).name} of an earlier download"
        what = "rename it back" if given else f"rename it back and delete {record_of(archive).name}"
        raise InputError(
            f"{archive}: its sha256 is {digest}, not {whose}; kept as {_set_aside(archive)}: "
            f"delete it, or if it is right all the same, {what}"
        )
    return digest


def _set_aside(archive: Path) -> Path:
    return archive.replace(archive.with_name(archive.name + ".bad"))
