"""Checksums beside files, as ``sha256sum -c`` reads them."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.atomic import replacing

_PIECE = 1 << 22  # bytes
_SHA256 = re.compile(r"[0-9a-fA-F]{64}(?=\s|$)")


def sha256_of(path: Path, *, advance: Callable[[int], None]) -> str:
    """Return the sha256 of a file in hexadecimal; ``advance`` is told of the bytes read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            advance(len(piece))
    return digest.hexdigest()


def checksum(text: str) -> str | None:
    """Return the sha256 that a text begins with, in lower case; None when it does not."""
    found = _SHA256.match(text)
    return found[0].lower() if found else None


def record_of(path: Path) -> Path:
    """Return the file that holds the checksum of another."""
    return path.with_name(path.name + ".sha256")


def recorded_checksum(path: Path) -> str | None:
    """Return the sha256 recorded for a file, None where there is no record.

    Raises
    ------
    InputError
        The record holds something else.
    """
    record = record_of(path)
    if not record.exists():
        return None
    found = checksum(record.read_text("utf-8", errors="replace"))
    if found is None:
        raise InputError(f"{record}: holds no sha256; delete it, and it will be made anew")
    return found


def record_checksum(path: Path, digest: str) -> None:
    """Write the sha256 of a file beside it."""
    with replacing(record_of(path)) as scratch:
        scratch.write_text(f"{digest}  {path.name}\n", "utf-8")
