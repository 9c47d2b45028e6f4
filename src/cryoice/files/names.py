"""Which names mean the same micrograph, when they differ by a folder, a prefix or an ending."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryoice.errors import InputError
from cryoice.files.name_folders import may_be_one, shared_folders
from cryoice.files.name_keys import FILE_ROUNDS, MICROGRAPH_ROUNDS, Key, without_alias, without_uid

__all__ = ["Matches", "match_micrographs", "match_names", "without_alias", "without_uid"]

_LISTED = 5  # candidates in one line


@dataclass(frozen=True)
class Matches:
    """Which known micrograph each name means, and the names that mean none."""

    pairs: dict[str, str]
    missing: tuple[str, ...]


def match_micrographs(names: Sequence[str], known: Sequence[str]) -> Matches:
    """Find the micrograph that each name means; no two names share one.

    Rounds, from sure to lenient: the same text; the same file name in another folder; the same name
    with another file ending; without the endings of motion correction and picking; without the leading
    number (uid) of cryoSPARC on one side; without a uid of 15 or more digits on both. Names whose folders
    tell them apart (`name_folders.may_be_one`) never pair. Of several names or micrographs that a round
    cannot tell apart, those whose folders agree the furthest belong together.

    Parameters
    ----------
    names
        As coordinate files name micrographs.
    known
        As the masked micrographs are named.

    Raises
    ------
    InputError
        A name means several micrographs, or several names mean one.
    """
    missing, free = list(dict.fromkeys(names)), list(dict.fromkeys(known))
    pairs: dict[str, str] = {}
    for of_name, of_known in MICROGRAPH_ROUNDS:
        wanted = _grouped(missing, of_name)
        near = [name for name in free if of_known(name) in wanted]
        for key, found in _grouped(near, of_known).items():
            pairs |= _nearest(wanted[key], found)
        taken = set(pairs.values())
        missing = [name for name in missing if name not in pairs]
        free = [name for name in free if name not in taken]
        if not missing:
            break
    return Matches(pairs=pairs, missing=tuple(missing))


def _nearest(names: list[str], known: list[str]) -> dict[str, str]:
    wishes: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found = _closest(name, [micrograph for micrograph in known if may_be_one(name, micrograph)])
        if not found:
            continue
        if len(found) > 1:
            raise InputError(
                f"{name}: may be any of {_listed(found)}; name it with its folder, or mask only one of them"
            )
        wishes[found[0]].append(name)
    pairs = {}
    for micrograph, wishing in wishes.items():
        found = _closest(micrograph, wishing)
        if len(found) > 1:
            raise InputError(
                f"{micrograph}: any of {_listed(found)} may mean it; "
                "mask each of them, or clean their coordinates apart"
            )
        pairs[found[0]] = micrograph
    return pairs


def _closest(name: str, others: list[str]) -> list[str]:
    """Those of the others whose innermost folders agree with the name's the furthest."""
    if len(others) < 2:
        return others
    shared = [shared_folders(name, other) for other in others]
    return [other for other, count in zip(others, shared, strict=True) if count == max(shared)]


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + rest


def match_names(names: Iterable[str], candidates: Iterable[str]) -> dict[str, str]:
    """Pair each name with the candidate that means the same micrograph; nobody shares.

    Rounds, from sure to lenient: the raw names; without the endings that motion correction adds;
    without the leading number (uid) that cryoSPARC adds, on one side only, since real names may
    begin with a number too. In each round a pair is made only where it is the only one possible.
    """
    left_names, left_candidates = list(dict.fromkeys(names)), list(dict.fromkeys(candidates))
    pairs: dict[str, str] = {}
    for of_name, of_candidate in FILE_ROUNDS:
        by_name, by_candidate = _grouped(left_names, of_name), _grouped(left_candidates, of_candidate)
        for key, found in by_name.items():
            others = by_candidate.get(key, [])
            if len(found) == len(others) == 1:
                pairs[found[0]] = others[0]
        taken = set(pairs.values())
        left_names = [name for name in left_names if name not in pairs]
        left_candidates = [candidate for candidate in left_candidates if candidate not in taken]
    return pairs


def _grouped(names: list[str], key: Key) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[key(name)].append(name)
    return groups
