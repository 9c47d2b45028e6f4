"""Telling a failed download from data."""

from pathlib import Path

from cryoice.errors import InputError

_HEAD_BYTES = 64
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def refuse_failed_download(path: Path) -> None:
    """Refuse an empty file or one that holds text where binary data should be.

    The sizes in an MRC header and the marks of JPEG, PNG, gzip and bzip2 always put bytes there
    that no text holds.

    Raises
    ------
    InputError
        The file is empty, or a saved XML or HTML page or other text.
    FileNotFoundError
        There is no such file.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise InputError(f"{path}: empty, a download error; fetch the file again")
    kind = text_kind(head)
    if kind is not None:
        raise InputError(f"{path}: holds {kind}, a download error; fetch the file again")


def text_kind(head: bytes) -> str | None:
    """Name what text the first bytes of a file are: "an XML or HTML page" or "text"; None for data."""
    head = head[:_HEAD_BYTES]
    if not head or b"\0" in head:
        return None
    text = head.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if not text.isascii():
        return None
    return "an XML or HTML page" if text.startswith(b"<") else "text"
