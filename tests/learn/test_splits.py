from collections import Counter

import pytest

from cryoice.errors import InputError
from cryoice.learn.splits import SPLITS, split_as_set, split_micrographs

FRACTIONS = {"train": 0.6, "val": 0.15, "test": 0.25}


def _keys(entries: int, micrographs: int) -> list[tuple[str, str]]:
    return [(f"entry{e}", f"m{m:03d}") for e in range(entries) for m in range(micrographs)]


def test_every_entry_has_micrographs_in_every_split() -> None:
    split = split_micrographs(_keys(5, 4), fractions=FRACTIONS, by="micrograph", seed=0)
    for entry in range(5):
        assert {part for (own, _), part in split.items() if own == f"entry{entry}"} == set(SPLITS)


def test_shares_are_kept() -> None:
    split = split_micrographs(_keys(1, 2000), fractions=FRACTIONS, by="micrograph", seed=0)
    for name, share in FRACTIONS.items():
        assert list(split.values()).count(name) / 2000 == pytest.approx(share, abs=0.03)


def test_adding_micrographs_and_entries_moves_none() -> None:
    before = split_micrographs(_keys(2, 40), fractions=FRACTIONS, by="micrograph", seed=3)
    after = split_micrographs(_keys(3, 60), fractions=FRACTIONS, by="micrograph", seed=3)
    assert all(after[key] == part for key, part in before.items())


def test_the_seed_changes_the_split() -> None:
    first, second = (
        split_micrographs(_keys(1, 40), fractions=FRACTIONS, by="micrograph", seed=s) for s in (0, 1)
    )
    assert first != second


def test_by_entry_keeps_every_entry_whole() -> None:
    split = split_micrographs(_keys(6, 5), fractions=FRACTIONS, by="entry", seed=0)
    for entry in range(6):
        assert len({part for (own, _), part in split.items() if own == f"entry{entry}"}) == 1
    assert set(split.values()) == set(SPLITS)


@pytest.mark.parametrize(
    ("entries", "micrographs", "by"), [(1, 1, "micrograph"), (1, 2, "micrograph"), (2, 9, "entry")]
)
def test_too_few_to_split_is_refused(entries: int, micrographs: int, by: str) -> None:
    with pytest.raises(InputError, match="at least three"):
        split_micrographs(_keys(entries, micrographs), fractions=FRACTIONS, by=by, seed=0)


def test_shares_must_sum_to_one() -> None:
    with pytest.raises(InputError, match=r"data\.split"):
        split_micrographs(
            _keys(1, 9), fractions={"train": 0.6, "val": 0.3, "test": 0.3}, by="micrograph", seed=0
        )


OPTIONS = {"fractions": FRACTIONS, "by": "micrograph", "seed": 3}
SIZES = [(1, 9), (3, 8), (5, 1), (2, 41), (12, 3)]


def _folds(keys: list[tuple[str, str]], folds: int, **changes: object) -> list[dict[tuple[str, str], str]]:
    options: dict[str, object] = {**OPTIONS, **changes}
    return [split_micrographs(keys, **options, fold=k, folds=folds) for k in range(folds)]  # type: ignore[arg-type]


@pytest.mark.parametrize("folds", [3, 4])
@pytest.mark.parametrize(("entries", "micrographs"), SIZES)
@pytest.mark.parametrize("test", [0.0, 0.25])
def test_every_micrograph_but_the_outer_test_is_tested_in_one_fold_and_validates_in_one(
    entries: int, micrographs: int, folds: int, test: float
) -> None:
    keys = _keys(entries, micrographs)
    found = _folds(keys, folds, fractions=FRACTIONS | {"test": test})
    for part in ("test", "val"):
        counted = Counter(key for split in found for key, own in split.items() if own == part)
        assert set(counted.values()) == {1}
        assert set(counted) == set(found[0])
    assert all(set(split) == set(found[0]) for split in found)
    assert len(found[0]) == len(keys) or test


def test_the_outer_test_is_what_the_split_without_folds_tests() -> None:
    for entries, micrographs in [(1, 9), (3, 8), (2, 41), (12, 3)]:
        keys = _keys(entries, micrographs)
        whole = split_micrographs(keys, **OPTIONS)  # type: ignore[arg-type]
        assert set(_folds(keys, 3)[0]) == {key for key, part in whole.items() if part != "test"}


@pytest.mark.parametrize(("entries", "micrographs"), SIZES)
def test_folds_differ_by_one_micrograph_at_most_of_all_and_of_every_entry(
    entries: int, micrographs: int
) -> None:
    found = _folds(_keys(entries, micrographs), 4, fractions=FRACTIONS | {"test": 0.0})
    tested = [[key for key, part in split.items() if part == "test"] for split in found]
    assert max(map(len, tested)) - min(map(len, tested)) <= 1
    for entry in {entry for entry, _ in found[0]}:
        own = [sum(key[0] == entry for key in keys) for keys in tested]
        assert max(own) - min(own) <= 1


def test_folds_by_entry_keep_every_entry_whole() -> None:
    for split in _folds(_keys(9, 4), 3, by="entry", fractions=FRACTIONS | {"test": 0}):
        assert Counter(split.values()) == {"train": 12, "val": 12, "test": 12}
        assert all(
            len({part for (own, _), part in split.items() if own == f"entry{e}"}) == 1 for e in range(9)
        )


def test_added_micrographs_leave_the_outer_test_out_of_the_folds() -> None:
    keys, more = _keys(2, 40), _keys(3, 60)
    before = set(keys) - set(_folds(keys, 4)[0])
    assert before <= set(more) - set(_folds(more, 4)[0])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"folds": 2}, r"data\.split\.folds=2: must be a whole number from 3 up"),
        ({"folds": 40}, r"data\.split\.folds=40: .* there are 30 micrographs with picks outside"),
        ({"fold": 4}, r"data\.split\.fold=4: must be a whole number from 0 to 3"),
        ({"fractions": FRACTIONS | {"val": 0.0}}, "only test may be 0"),
        ({"held_out": "entry0"}, "held_out or fold, not both"),
        ({"by": "entry"}, "there are 3 entries outside"),
    ],
)
def test_an_impossible_fold_is_named(changes: dict[str, object], said: str) -> None:
    options = {**OPTIONS, "fractions": FRACTIONS | {"test": 0}, "fold": 0, "folds": 4} | changes
    with pytest.raises(InputError, match=said):
        split_micrographs(_keys(3, 10), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("entries", "micrographs"), [(2, 2), (3, 12), (6, 40)])
def test_the_entry_held_out_is_the_test_split_and_the_others_keep_their_shares(
    entries: int, micrographs: int
) -> None:
    for out in range(entries):
        split = split_micrographs(_keys(entries, micrographs), **OPTIONS, held_out=f"entry{out}")  # type: ignore[arg-type]
        assert {own for (own, _), part in split.items() if part == "test"} == {f"entry{out}"}
        assert len(split) == entries * micrographs
        for entry in set(range(entries)) - {out}:
            parts = Counter(part for (own, _), part in split.items() if own == f"entry{entry}")
            assert set(parts) == {"train", "val"}
            assert parts["val"] / micrographs == pytest.approx(0.15 / 0.75, abs=0.31)


def test_an_entry_named_by_a_number_can_be_held_out() -> None:
    keys = [(entry, f"m{m}") for entry in ("10061", "10081") for m in range(4)]
    split = split_micrographs(keys, **OPTIONS, held_out=10081)  # type: ignore[arg-type]
    assert {entry for (entry, _), part in split.items() if part == "test"} == {"10081"}


@pytest.mark.parametrize(
    ("entries", "held_out", "said"),
    [
        (3, "entry9", "data.split.held_out=entry9: no such entry; there are entry0, entry1, entry2"),
        (1, "entry0", "is the only entry"),
        (2, "entry1", "cannot fill the split val"),
    ],
)
def test_an_entry_that_cannot_be_held_out_is_named(entries: int, held_out: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        split_micrographs(_keys(entries, 1), **OPTIONS, held_out=held_out)  # type: ignore[arg-type]


def test_settings_without_the_newer_keys_still_split() -> None:
    keys = _keys(3, 9)
    old = {"by": "micrograph", **FRACTIONS, "seed": 3}
    assert split_as_set(keys, old) == split_micrographs(keys, **OPTIONS)  # type: ignore[arg-type]
    assert split_as_set(keys, old | {"held_out": None, "fold": None, "folds": 4}) == split_as_set(keys, old)
