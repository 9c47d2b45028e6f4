"""Archives of strangers, unpacked without letting anything out of their folder."""

import gzip
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from rich.filesize import decimal

from cryoice.errors import InputError

_RESERVE = 1 << 28  # bytes of a disk that stay free
_MOST_MEMBERS = 1_000_000  # the largest entry has some thousands
_PIECE = 1 << 20  # bytes


class DamagedError(InputError):
    """The archive itself cannot be used, whatever the disk has room for."""


def unpack(archive: Path, folder: Path, *, advance: Callable[[int], None]) -> None:
    """Unpack a ``.tar.gz`` of plain files and folders; everything else makes the whole archive refused.

    Parameters
    ----------
    archive
        File to read, once and in order; gzip's own checksum is verified.
    folder
        Empty folder to fill. After an error it holds a part.
    advance
        Told how many bytes of the archive have been worked off since the last call.

    Raises
    ------
    DamagedError
        A member's path leaves the folder, or it is a link or a device; the archive is broken.
    InputError
        The disk would run full, or cannot be written.
    """
    try:
        with archive.open("rb") as stream, gzip.GzipFile(fileobj=stream) as plain:
            _unpack_members(archive, stream, plain, folder, advance)
            while plain.read(_PIECE):  # what follows the end mark; at its end gzip checks its sum
                pass
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, OverflowError) as error:
        raise DamagedError(f"{archive}: is damaged or cut short ({error}); fetch it again") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error}); make room") from error


def _unpack_members(
    archive: Path, stream: BinaryIO, plain: gzip.GzipFile, folder: Path, advance: Callable[[int], None]
) -> None:
    worked_off = 0
    with tarfile.open(fileobj=plain, mode="r|") as members:
        for number, member in enumerate(members):
            _refuse_unsafe(archive, member, number)
            _require_room(folder, member)
            members.extract(member, folder, filter="data")
            advance(stream.tell() - worked_off)
            worked_off = stream.tell()


def _require_room(folder: Path, member: tarfile.TarInfo) -> None:
    free = shutil.disk_usage(folder).free
    if member.size > free - _RESERVE:
        raise InputError(
            f"{folder.parent}: {decimal(free)} are free, too little for {member.name} "
            f"({decimal(member.size)}); make room, then the same command continues"
        )


def _refuse_unsafe(archive: Path, member: tarfile.TarInfo, number: int) -> None:
    """Refuse by rules of our own, stricter than tarfile's data filter, which comes after them."""
    path, fault = PureWindowsPath(member.name), None  # knows both kinds of slash, and drives
    if path.anchor or ".." in path.parts:
        fault = "would be written outside its folder"
    elif member.issym() or member.islnk():
        fault = "is a link"
    elif not (member.isreg() or member.isdir()):
        fault = "is no plain file"
    elif number >= _MOST_MEMBERS:
        fault = f"is one of more than {_MOST_MEMBERS:,} members"
    if fault:
        raise DamagedError(f"{archive}: {member.name!r} {fault}; nothing of the archive is used")
