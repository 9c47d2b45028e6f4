"""A name by which a browser finds the review of a folder of masks again."""

import hashlib
import re
import secrets
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.recorded_outputs import RECORDS_FOLDER

_IDENTITY = "review.id"


def identity_of(folder: Path) -> str:
    """Return 16 hex digits that stay with a folder when its list grows, its masks change, or it is moved.

    They are drawn when first asked for and kept beside the records. A folder that cannot be written is
    known by its place.
    """
    path = folder / RECORDS_FOLDER / _IDENTITY
    try:
        known = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        known = ""
    if re.fullmatch("[0-9a-f]{16}", known):
        return known
    drawn = secrets.token_hex(8)
    try:
        with replacing(path) as scratch:
            scratch.write_text(drawn + "\n", encoding="utf-8")
    except InputError:
        return hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return drawn
