"""What the folders of two names tell: whether both may mean one micrograph."""

import re
from functools import lru_cache
from pathlib import PurePosixPath

from cryoice.files.name_keys import long_uid, plain_without_long_uid

_JOB = re.compile(r"job\d+|J\d+")  # RELION's and cryoSPARC's: another one may have made the same micrograph
_NUMBER = re.compile(r"\d+")
_NO_FOLDERS = ("/", "//", ".", "..")
_CACHED = 1 << 17  # names: those of a large session and of its files per micrograph


def may_be_one(name: str, other: str) -> bool:
    """Whether the folders let two names of one key (`name_keys`) mean one micrograph.

    Folders count without the numbers of jobs. A name without a folder may mean any. In one folder the
    files' names must agree but for endings and a long uid. Folders that part below a common one, or of
    which the innermost differ in a number only (grid1, grid2), hold different micrographs; those of
    projects that share nothing may hold the same.
    """
    if name == other:
        return True
    raw, raw_other = _folders(name), _folders(other)
    if not raw or not raw_other:
        return True
    one, two = _without_jobs(raw), _without_jobs(raw_other)
    if one == two or _ends_with(one, two) or _ends_with(two, one):
        if raw == raw_other and long_uid(name) and long_uid(other):
            return long_uid(name) == long_uid(other)
        return plain_without_long_uid(name) == plain_without_long_uid(other)
    if not one or not two:
        return True
    return not (_part(name, one, two) or _part(other, two, one) or _are_siblings(one[-1], two[-1]))


def shared_folders(name: str, other: str) -> int:
    """Count the innermost folders that two names share."""
    count = 0
    for one, two in zip(reversed(_folders(name)), reversed(_folders(other)), strict=False):
        if one != two:
            break
        count += 1
    return count


@lru_cache(maxsize=_CACHED)
def _folders(name: str) -> tuple[str, ...]:
    return tuple(part for part in PurePosixPath(name).parts[:-1] if part not in _NO_FOLDERS)


@lru_cache(maxsize=_CACHED)
def _without_jobs(folders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in folders if _JOB.fullmatch(part) is None)


def _ends_with(folders: tuple[str, ...], tail: tuple[str, ...]) -> bool:
    return bool(tail) and folders[-len(tail) :] == tail


def _part(name: str, folders: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether the outermost folder of a name is among the others; that of an absolute one must be theirs."""
    return folders[0] == others[0] if name.startswith("/") else folders[0] in others


def _are_siblings(folder: str, other: str) -> bool:
    return folder != other and _NUMBER.sub("0", folder) == _NUMBER.sub("0", other)
