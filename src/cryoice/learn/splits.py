"""Which micrograph trains, validates or tests."""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from cryoice.errors import InputError

SPLITS = ("train", "val", "test")

Micrograph = tuple[str, str]
"""Names of an entry and of a micrograph in it."""

_OPTIONS = ("by", "seed", "held_out", "fold", "folds")


def split_as_set(micrographs: Sequence[Micrograph], settings: Mapping[str, Any]) -> dict[Micrograph, str]:
    """Assign micrographs as ``data.split`` says; keys that it lacks, as older settings do, are unset."""
    options = {key: settings[key] for key in _OPTIONS if key in settings}
    return split_micrographs(micrographs, fractions={name: settings[name] for name in SPLITS}, **options)


def split_micrographs(
    micrographs: Sequence[Micrograph],
    *,
    fractions: Mapping[str, float],
    by: str,
    seed: int,
    held_out: str | int | None = None,
    fold: int | None = None,
    folds: int = 4,
) -> dict[Micrograph, str]:
    """Assign every (entry, micrograph) to train, val or test, whole micrographs only.

    A hash of the name decides, within each entry, so that the split does not change when files are
    added (``by="entry"``: whole entries are assigned instead). Where a group of three or more would
    leave a split empty, the member whose hash lies nearest to that split's share is moved into it.

    Parameters
    ----------
    fractions
        Share of each split, 0-1. With ``held_out``, train and val share everything else; with ``fold``,
        test is what no fold sees, and may be 0.
    held_out
        The entry that is the test split, whole; the others train and validate.
    fold, folds
        Which of how many parts tests, from 0. What the hash calls test takes no part: it is not in the
        result. The rest is dealt in turn, entry by entry in the order of the hashes, so that the parts
        differ by one micrograph at most, of all and of each entry. The part behind ``fold`` validates.
        Added files deal anew; only what takes no part stays.

    Raises
    ------
    InputError
        Too few members to assign, fractions that do not sum to 1, an unknown entry or fold.
    """
    if held_out is not None and fold is not None:
        raise InputError("data.split: give held_out or fold, not both")
    shares = _shares(fractions, held_out=held_out, fold=fold)
    if fold is not None:
        left = [key for key, part in _by_hash(micrographs, shares, by, seed).items() if part != "test"]
        return _fold(left, by=by, seed=seed, fold=fold, folds=folds)
    rest = micrographs if held_out is None else _without(micrographs, str(held_out))
    split = dict.fromkeys(micrographs, "test") | _by_hash(rest, shares, by, seed)
    _require_all(split, by=by)
    return split


def _shares(fractions: Mapping[str, float], *, held_out: Any, fold: Any) -> dict[str, float]:
    train, val, test = (fractions[name] for name in SPLITS)
    whole = held_out is None and fold is None
    if whole and (abs(train + val + test - 1) > 1e-6 or min(train, val, test) <= 0):
        raise InputError(f"data.split: the fractions {dict(fractions)} must be positive and sum to 1")
    if min(train, val) <= 0 or not 0 <= test < 1:
        raise InputError(f"data.split: of the fractions {dict(fractions)}, only test may be 0, and none 1")
    test = 0.0 if held_out is not None else test
    rest = 1.0 if whole else (1 - test) / (train + val)
    return {"train": rest * train, "val": rest * val, "test": test}


def _without(micrographs: Sequence[Micrograph], held_out: str) -> list[Micrograph]:
    entries = sorted({entry for entry, _ in micrographs})
    if held_out not in entries:
        raise InputError(f"data.split.held_out={held_out}: no such entry; there are {', '.join(entries)}")
    if len(entries) < 2:
        raise InputError(f"data.split.held_out={held_out}: is the only entry; add others to train on")
    return [key for key in micrographs if key[0] != held_out]


def _fold(
    micrographs: Sequence[Micrograph], *, by: str, seed: int, fold: int, folds: int
) -> dict[Micrograph, str]:
    turn = _turns(micrographs, by=by, seed=seed)
    most, what = len(set(turn.values())), "entries" if by == "entry" else "micrographs with picks"
    if folds not in range(3, most + 1):
        raise InputError(
            f"data.split.folds={folds}: must be a whole number from 3 up; "
            f"there are {most} {what} outside the test split to deal into so many parts"
        )
    if fold not in range(folds):
        raise InputError(f"data.split.fold={fold}: must be a whole number from 0 to {folds - 1}")
    part = {fold: "test", (fold + 1) % folds: "val"}
    return {key: part.get(turn[key] % folds, "train") for key in micrographs}


def _turns(micrographs: Sequence[Micrograph], *, by: str, seed: int) -> dict[Micrograph, int]:
    if by == "entry":
        entries = sorted({entry for entry, _ in micrographs}, key=lambda entry: _share(entry, seed))
        return {key: entries.index(key[0]) for key in micrographs}
    ordered = sorted(micrographs, key=lambda key: (key[0], _share("/".join(key), seed)))
    return {key: turn for turn, key in enumerate(ordered)}


def _require_all(split: Mapping[Micrograph, str], *, by: str) -> None:
    n, what = len(split), "micrographs with picks"
    if by == "entry":
        n, what = len({entry for entry, _ in split}), "entries"
    if missing := [name for name in SPLITS if name not in split.values()]:
        raise InputError(
            f"data: {n} {what} cannot fill the split {', '.join(missing)}; "
            "give at least three (train, val and test never share one)"
        )


def _by_hash(
    micrographs: Sequence[Micrograph], shares: Mapping[str, float], by: str, seed: int
) -> dict[Micrograph, str]:
    entries = sorted({entry for entry, _ in micrographs})
    if by == "entry":
        assigned = _assign(entries, shares, seed)
        return {key: assigned[key[0]] for key in micrographs}
    split: dict[Micrograph, str] = {}
    for entry in entries:
        names = {f"{entry}/{name}": (entry, name) for own, name in micrographs if own == entry}
        assigned = _assign(sorted(names), shares, seed)
        split |= {names[name]: part for name, part in assigned.items()}
    return split


def _assign(names: Sequence[str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    share = {name: _share(name, seed) for name in names}
    edges = [0.0]
    for part in SPLITS:
        edges.append(edges[-1] + shares[part])
    parts = [part for part in SPLITS if shares[part] > 0]
    bounds = dict(zip(SPLITS, pairwise(edges), strict=True))
    split = {name: next((p for p in parts if u < bounds[p][1]), parts[-1]) for name, u in share.items()}
    if len(names) < len(parts):
        return split
    for part in parts:
        if part in split.values():
            continue
        low, high = bounds[part]
        spare = [name for name in names if list(split.values()).count(split[name]) > 1]
        split[min(spare, key=lambda name: max(low - share[name], share[name] - high))] = part
    return split


def _share(name: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
