"""Which pick file belongs to which micrograph, when their names differ by a prefix or an ending."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

_UID = re.compile(r"^\d+_")
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


def match_names(names: Iterable[str], candidates: Iterable[str]) -> dict[str, str]:
    """Pair each name with the candidate that means the same micrograph; nobody shares.

    Rounds, from sure to lenient: the raw names; without the endings that motion correction adds;
    without the leading number (uid) that cryoSPARC adds, on one side only, since real names may
    begin with a number too. In each round a pair is made only where it is the only one possible.
    """
    left_names, left_candidates = list(dict.fromkeys(names)), list(dict.fromkeys(candidates))
    pairs: dict[str, str] = {}
    for of_name, of_candidate in _ROUNDS:
        by_name, by_candidate = _grouped(left_names, of_name), _grouped(left_candidates, of_candidate)
        for key, found in by_name.items():
            others = by_candidate.get(key, [])
            if len(found) == len(others) == 1:
                pairs[found[0]] = others[0]
        taken = set(pairs.values())
        left_names = [name for name in left_names if name not in pairs]
        left_candidates = [candidate for candidate in left_candidates if candidate not in taken]
    return pairs


def without_alias(name: str) -> str:
    """Drop the endings of motion correction and file kinds: 'a.frames_patch_aligned' gives 'a'."""
    for alias in _ALIASES:
        if name.endswith(alias) and name != alias:
            return without_alias(name.removesuffix(alias))
    return name


def without_uid(name: str) -> str:
    """Drop a leading number and underscore: '0123_a' gives 'a'."""
    return _UID.sub("", name)


def _raw(name: str) -> str:
    return name


def _bare(name: str) -> str:
    return without_alias(without_uid(name))


_ROUNDS: tuple[tuple[Callable[[str], str], Callable[[str], str]], ...] = (
    (_raw, _raw),
    (without_alias, without_alias),
    (without_uid, _raw),
    (_raw, without_uid),
    (_bare, without_alias),
    (without_alias, _bare),
)


def _grouped(names: list[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[key(name)].append(name)
    return groups
