"""Which micrograph trains, validates or tests."""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from cryoice.errors import InputError

SPLITS = ("train", "val", "test")


def split_micrographs(
    micrographs: Sequence[tuple[str, str]], *, fractions: Mapping[str, float], by: str, seed: int
) -> dict[tuple[str, str], str]:
    """Assign every (entry, micrograph) to train, val or test, whole micrographs only.

    A hash of the name decides, within each entry, so that the split does not change when files are
    added (``by="entry"``: whole entries are assigned instead). Where a group of three or more would
    leave a split empty, the member whose hash lies nearest to that split's share is moved into it.

    Raises
    ------
    InputError
        Fewer than three members to assign, or fractions that do not sum to 1.
    """
    if abs(sum(fractions.values()) - 1) > 1e-6 or min(fractions.values()) <= 0:
        raise InputError(f"data.split: the fractions {dict(fractions)} must be positive and sum to 1")
    if by == "entry":
        assigned = _assign(sorted({entry for entry, _ in micrographs}), fractions=fractions, seed=seed)
        _require_all(assigned, what="entries", n=len(assigned))
        return {key: assigned[key[0]] for key in micrographs}
    split: dict[tuple[str, str], str] = {}
    for entry in sorted({entry for entry, _ in micrographs}):
        names = {f"{entry}/{name}": (entry, name) for own, name in micrographs if own == entry}
        assigned = _assign(sorted(names), fractions=fractions, seed=seed)
        split |= {names[name]: part for name, part in assigned.items()}
    _require_all(split, what="micrographs with picks", n=len(split))
    return split


def _require_all(split: Mapping[Any, str], *, what: str, n: int) -> None:
    if missing := [name for name in SPLITS if name not in split.values()]:
        raise InputError(
            f"data: {n} {what} cannot fill the split {', '.join(missing)}; "
            "give at least three (train, val and test never share one)"
        )


def _assign(names: Sequence[str], *, fractions: Mapping[str, float], seed: int) -> dict[str, str]:
    share = {name: _share(name, seed) for name in names}
    edges = [0.0]
    for part in SPLITS:
        edges.append(edges[-1] + fractions[part])
    bounds = dict(zip(SPLITS, pairwise(edges), strict=True))
    split = {name: next((p for p in SPLITS if u < bounds[p][1]), SPLITS[-1]) for name, u in share.items()}
    if len(names) < len(SPLITS):
        return split
    for part in SPLITS:
        if part in split.values():
            continue
        low, high = bounds[part]
        spare = [name for name in names if list(split.values()).count(split[name]) > 1]
        split[min(spare, key=lambda name: max(low - share[name], share[name] - high))] = part
    return split


def _share(name: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
