"""What the outputs of micrographs are called: as the micrographs, though several are called the same.

Programs keep the folders of movies, so that one list may name ``gridA/m00.mrc`` and ``gridB/m00.mrc``.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import count
from pathlib import Path

from cryoice.files.micrograph import micrograph_name
from cryoice.files.star_micrographs import is_file

_DIGITS = 6


def own_stems(
    files: Sequence[tuple[Path, str]], owner: Callable[[str], str | None] = lambda stem: None
) -> list[str]:
    """Return the name of each file's outputs without their endings; no two files share one.

    It is the file's own name where that is free, and else has six hex digits of a hash of the path as listed
    behind it. Those that own one keep it, so that lists may grow and change their order.

    Parameters
    ----------
    files
        Micrographs, each with its path as listed.
    owner
        Tells the file whose outputs of a name are there already; they are free where that file is gone.
    """
    owner = cache(owner)
    names = Counter(micrograph_name(path) for path, _ in files)
    kept: dict[int, str] = {}
    taken: set[str] = set()
    for number, (path, name) in enumerate(files):
        plain = micrograph_name(path)
        alone = names[plain] == 1 and owner(plain) is None
        stem = None if alone else _own(path, name, owner, taken)
        if stem is not None:
            kept[number] = stem
            taken.add(stem)
    for number, (path, name) in enumerate(files):
        if number not in kept:
            free = (stem for stem in _choices(path, name) if stem not in taken and _is_free(owner(stem)))
            kept[number] = next(free)
            taken.add(kept[number])
    return [kept[number] for number in range(len(files))]


def _own(path: Path, name: str, owner: Callable[[str], str | None], taken: set[str]) -> str | None:
    for number, stem in enumerate(_choices(path, name)):
        if stem not in taken and _owns(path, owner(stem)):
            return stem
        if number and owner(stem) is None:
            break
    return None


def _choices(path: Path, name: str) -> Iterator[str]:
    plain = micrograph_name(path)
    hashed = _hashed(plain, name)
    yield from (plain, hashed)
    yield from (f"{hashed}_{number}" for number in count(2))


def _hashed(plain: str, name: str) -> str:
    return f"{plain}_{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()[:_DIGITS]}"


def _owns(path: Path, owner: str | None) -> bool:
    return owner is not None and owner in (str(path), str(path.resolve()))


def _is_free(owner: str | None) -> bool:
    return owner is None or not is_file(Path(owner))
