import pytest

from cryoice.errors import InputError
from cryoice.learn.splits import SPLITS, split_micrographs

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
