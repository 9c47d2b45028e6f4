"""HTTP as downloads need it: one session, faults in one sentence, bytes as they were sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from cryoice import __version__
from cryoice.errors import InputError

TIMEOUT = (20.0, 60.0)
"""Seconds to connect, and between two bytes."""

_PIECE = 1 << 16  # bytes: at most so many are lost when the program is stopped
_BUSY = (429, 500, 502, 503, 504)


class BrokenError(Exception):
    """A fault of the network or the server that may pass."""


def remote_size(url: str) -> int | None:
    """Ask for the size of a file in bytes; None when there is no such file or the server does not tell.

    Raises
    ------
    InputError
        The server cannot be reached or refuses.
    """
    try:
        with session() as client, faults_of_contact():
            answer = client.head(url, timeout=TIMEOUT, allow_redirects=True)
            if answer.status_code == requests.codes.not_found:
                return None
            refuse_status(url, answer)
            return length(answer)
    except BrokenError as error:
        raise InputError(f"{url}: {error}") from error


def require_web_address(address: str) -> None:
    """Refuse what is no http or https address.

    Raises
    ------
    InputError
        It is none.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"--base-url: {address} is no web address; give one such as https://host/folder")


@contextmanager
def session() -> Iterator[requests.Session]:
    """Open a session that asks for files as they are: sizes and ranges are then the file's own."""
    with requests.Session() as client:
        client.headers["User-Agent"] = f"cryoice/{__version__}"
        client.headers["Accept-Encoding"] = "identity"
        yield client


@contextmanager
def faults_of_contact() -> Iterator[None]:
    """Turn what the network and its libraries raise into a `BrokenError` of one sentence."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise BrokenError(f"its certificate is not trusted ({_cause(error)})") from error
    except requests.Timeout as error:
        raise BrokenError("no answer in time") from error
    except requests.RequestException as error:
        raise BrokenError(f"cannot be reached ({_cause(error)})") from error


def refuse_status(url: str, answer: requests.Response) -> None:
    """Refuse an answer that is no file: what may pass as `BrokenError`, the rest as `InputError`."""
    told = f"HTTP {answer.status_code} ({answer.reason})"
    if answer.status_code in _BUSY:
        raise BrokenError(f"the server is busy or broken, {told}")
    if not answer.ok:
        raise InputError(f"{url}: {told}; look at the address in a browser, or give another --base-url")


def length(answer: requests.Response) -> int | None:
    """Return the bytes that an answer announces, None without such a header."""
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isdigit() else None


def pieces(answer: requests.Response) -> Iterator[bytes]:
    """Yield the bytes as they were sent: an archive that a server marks as gzip-encoded stays one."""
    try:
        while piece := answer.raw.read(_PIECE, decode_content=False):
            yield piece
    except HTTPError as error:
        raise BrokenError("the transfer broke off") from error


def _cause(error: BaseException) -> str:
    """Return the innermost reason, which libraries wrap several times."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(getattr(error, "strerror", None) or error)
