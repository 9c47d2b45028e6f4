"""Downloads that continue where they broke off."""

import re
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol, runtime_checkable

import requests

from cryoice.errors import InputError
from cryoice.files.download import text_kind
from cryoice.files.http_client import (
    TIMEOUT,
    BrokenError,
    faults_of_contact,
    length,
    pieces,
    refuse_status,
    session,
)
from cryoice.files.http_part import Origin, Part

PAUSES = (2.0, 10.0, 30.0, 60.0)
"""Seconds before each new try; bytes that arrive start them over."""

_GZIP = b"\x1f\x8b"
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_ANOTHER = "another file is there now"


@runtime_checkable
class Follower(Protocol):
    """Who is told how a download goes."""

    def starts(self, *, size: int | None, have: int) -> None:
        """Bytes will flow, ``have`` of ``size`` being here; may refuse with an InputError."""

    def advances(self, count: int) -> None:
        """So many bytes have come."""

    def says(self, text: str) -> None:
        """Something that a user should know."""


class _ChangedError(Exception):
    """What has come does not belong to the server's file any more."""


def download(url: str, target: Path, follower: Follower, *, pauses: Sequence[float] = PAUSES) -> None:
    """Bring a gzip file to ``target``; what an earlier call left in ``<target>.part`` is continued.

    It is continued by a range request with If-Range (RFC 9110, 13.1.5 and 14.2), and only while the
    server's ETag or date and the size stay the same; else, told to the follower, it starts anew.

    Parameters
    ----------
    url
        http or https.
    target
        File to write; its folder exists.
    follower
        May refuse for want of room.
    pauses
        Seconds to wait before each further try after a broken transfer.

    Raises
    ------
    InputError
        The server cannot be reached, has no such file, sends something else or breaks off again and
        again; the disk is full. What has come is kept.
    """
    part, left = Part(target, url), list(pauses)
    with session() as client:
        transfer = _Transfer(client, url, part, follower)
        while True:
            before = part.size
            try:
                transfer.go_on()
                break
            except _ChangedError as change:
                follower.says(f"{url}: {change}; starting anew")
                part.discard()
            except BrokenError as error:
                left = list(pauses) if part.size > before else left
                if not left or not transfer.reached:
                    raise InputError(f"{url}: {error}; the same command continues later") from error
                follower.says(f"{url}: {error}; trying again in {left[0]:g} s")
                time.sleep(left.pop(0))
    part.finish()


class _Transfer:
    """One file on its way; ``reached`` once the server has sent some of it."""

    def __init__(self, client: requests.Session, url: str, part: Part, follower: Follower) -> None:
        self._client, self._url, self._part, self._follower = client, url, part, follower
        self.reached = False

    def go_on(self) -> None:
        """Ask for what is missing and add it to the part."""
        known = self._part.origin()
        if known is not None and self._part.size == known.size:
            return
        with faults_of_contact(), self._asked(known) as answer:
            if known is not None and answer.status_code == requests.codes.requested_range_not_satisfiable:
                raise _ChangedError(_ANOTHER)
            refuse_status(self._url, answer)
            if known is not None and answer.status_code == requests.codes.partial:
                size, coming = known.size, self._continued(answer, known)
            else:
                size, coming = length(answer), self._anew(answer, known)
            self.reached = True
            self._part.append(self._counted(coming))
        if size is not None and self._part.size != size:
            raise BrokenError(f"the transfer broke off after {self._part.size:,} of {size:,} bytes")

    def _asked(self, known: Origin | None) -> requests.Response:
        headers = {}
        if known is not None and known.validator is not None:
            headers = {"Range": f"bytes={self._part.size}-", "If-Range": known.validator}
        return self._client.get(self._url, headers=headers, stream=True, timeout=TIMEOUT)

    def _continued(self, answer: requests.Response, known: Origin) -> Iterator[bytes]:
        """Return the bytes that are missing; a server that ignores If-Range may send another file's."""
        have = self._part.size
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        size = int(found[2]) if found and found[2] != "*" else known.size
        if not found or int(found[1]) != have or not known.same_file(_origin(self._url, answer, size)):
            raise _ChangedError(_ANOTHER)
        self._follower.starts(size=size, have=have)
        return pieces(answer)

    def _anew(self, answer: requests.Response, known: Origin | None) -> Iterator[bytes]:
        """Return all bytes; what came before makes way once they are known to be an archive's."""
        coming = pieces(answer)
        first = next(coming, b"")
        if not first.startswith(_GZIP):
            kind = text_kind(first) or "no gzip archive"
            raise InputError(f"{self._url}: the server sent {kind}; try later or give another --base-url")
        origin = _origin(self._url, answer, length(answer))
        if self._part.size:
            same = known is not None and known.same_file(origin)
            why = "the server cannot continue a download" if same or known is None else _ANOTHER
            self._follower.says(f"{self._url}: {why}; starting anew")
            self._part.discard()
        self._follower.starts(size=origin.size, have=0)
        self._part.begin(origin)
        return chain([first], coming)

    def _counted(self, coming: Iterator[bytes]) -> Iterator[bytes]:
        for piece in coming:
            yield piece
            self._follower.advances(len(piece))


def _origin(url: str, answer: requests.Response, size: int | None) -> Origin:
    return Origin(url, answer.headers.get("ETag"), answer.headers.get("Last-Modified"), size)
