"""The part of a file that has come so far, and what tells whether the server's file is still the same."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.atomic import replacing


@dataclass(frozen=True)
class Origin:
    """Where a part comes from.

    Attributes
    ----------
    url
        As asked for.
    etag, modified
        The server's, None when it sent none.
    size
        Of the whole file, bytes; None when the server does not tell.
    """

    url: str
    etag: str | None
    modified: str | None
    size: int | None

    @property
    def validator(self) -> str | None:
        """What If-Range may name (RFC 9110, 13.1.5): a strong ETag, or else the date of the last change."""
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        return strong or self.modified

    def same_file(self, other: "Origin") -> bool:
        """Whether two answers may speak of the same bytes.

        An answer with a part need not repeat the date (RFC 9110, 15.3.7): what one lacks contradicts nothing.
        """
        if self.etag and other.etag:
            return self.size == other.size and self.etag == other.etag
        return self.size == other.size and self.modified == (other.modified or self.modified)


class Part:
    """``<target>.part`` with its origin in ``<target>.part.json``."""

    def __init__(self, target: Path, url: str) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self._record = target.with_name(target.name + ".part.json")
        self._url = url

    @property
    def size(self) -> int:
        """Bytes so far."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def origin(self) -> Origin | None:
        """Return where the bytes so far came from; None when they cannot be continued."""
        if not self.size:
            return None
        try:
            found = Origin(**json.loads(self._record.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return found if found.url == self._url and found.validator else None

    def begin(self, origin: Origin) -> None:
        """Drop what has come and note where the next bytes come from.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        self.discard()
        with replacing(self._record) as scratch:
            scratch.write_text(json.dumps(asdict(origin)), "utf-8")

    def append(self, pieces: Iterable[bytes]) -> None:
        """Add bytes as they come; faults of their source must be no OSError.

        Raises
        ------
        InputError
            The disk is full or cannot be written; what has come is kept.
        """
        try:
            with self.path.open("ab") as stream:
                for piece in pieces:
                    stream.write(piece)
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror or error}); "
                f"its {self.size:,} bytes are kept: make room, then the same command continues"
            ) from error

    def discard(self) -> None:
        """Remove the bytes first, so that they never lie beside another origin."""
        self.path.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the file its name."""
        self.path.replace(self.target)
        self._record.unlink(missing_ok=True)
