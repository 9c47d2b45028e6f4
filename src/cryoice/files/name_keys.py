"""What a micrograph's name comes down to: without folder, file ending, uid, or what programs add."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePosixPath

Key = Callable[[str], str]
"""Names with the same key may mean the same."""

_UID = re.compile(r"^\d+_")
_LONG_UID = re.compile(r"^\d{15,}_")  # cryoSPARC's have up to 21 digits; dates and times have 14 at most
_ALIASES = (
    "_patch_aligned_doseweighted",
    "_patch_aligned",
    "_doseweighted",
    "_DW",
    ".frames",
    "_fractions",
    ".mrc",
    ".jpg",
)
_KINDS = (".mrc", ".mrcs", ".tif", ".tiff", ".eer", ".png", ".jpg", ".jpeg", ".gz", ".bz2")
_ENDINGS = (
    *(alias.lower() for alias in _ALIASES),
    *_KINDS,
    "_nodw",
    "_dws",
    "_rigid_aligned",
    "_aligned_mic",
    "_denoised",
    "_eer",
    "_manualpick",
    "_autopick",
    "_false_positives",
    "_info",
)
_CACHED = 1 << 17  # names: those of a large session and of its files per micrograph


def without_alias(name: str) -> str:
    """Drop the endings of motion correction and file kinds: 'a.frames_patch_aligned' gives 'a'."""
    for alias in _ALIASES:
        if name.endswith(alias) and name != alias:
            return without_alias(name.removesuffix(alias))
    return name


def without_uid(name: str) -> str:
    """Drop a leading number and underscore: '0123_a' gives 'a'."""
    return _UID.sub("", name)


@lru_cache(maxsize=_CACHED)
def _file(name: str) -> str:
    return PurePosixPath(name).name


@lru_cache(maxsize=_CACHED)
def _stem(name: str) -> str:
    return _without(_KINDS, _file(name))


@lru_cache(maxsize=_CACHED)
def _plain(name: str) -> str:
    return _without(_ENDINGS, _file(name))


def _stem_without_uid(name: str) -> str:
    return without_uid(_stem(name))


def _plain_without_uid(name: str) -> str:
    return without_uid(_plain(name))


def plain_without_long_uid(name: str) -> str:
    """Name of the file without endings and without a leading number that only cryoSPARC gives."""
    return _LONG_UID.sub("", _plain(name))


def long_uid(name: str) -> str:
    """Return the leading number of 15 or more digits of a file's name, '' where it has none."""
    found = _LONG_UID.match(_file(name))
    return found[0] if found else ""


def _without(endings: tuple[str, ...], name: str) -> str:
    for ending in endings:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return _without(endings, name[: -len(ending)])
    return name


def _raw(name: str) -> str:
    return name


def _bare(name: str) -> str:
    return without_alias(without_uid(name))


FILE_ROUNDS: tuple[tuple[Key, Key], ...] = (
    (_raw, _raw),
    (without_alias, without_alias),
    (without_uid, _raw),
    (_raw, without_uid),
    (_bare, without_alias),
    (without_alias, _bare),
)
"""Keys of the two sides, from sure to lenient, as `match_names` compares files' names."""

MICROGRAPH_ROUNDS: tuple[tuple[Key, Key], ...] = (
    (_raw, _raw),
    (_file, _file),
    (_stem, _stem),
    (_plain, _plain),
    (_stem_without_uid, _stem),
    (_stem, _stem_without_uid),
    (_plain_without_uid, _plain),
    (_plain, _plain_without_uid),
    (plain_without_long_uid, plain_without_long_uid),
)
"""Keys of names and of known micrographs, from sure to lenient, as `match_micrographs` compares them."""
