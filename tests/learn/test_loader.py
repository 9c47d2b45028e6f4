from collections import Counter
from typing import cast

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from cryoice.learn.loader import BalancedSampler, ResumableLoader


class _Numbers(Dataset[dict[str, Tensor]]):
    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitems__(self, indices: list[int]) -> dict[str, Tensor]:
        return {"index": torch.tensor(indices)}


def _loader(size: int = 23, groups: list[int] | None = None) -> ResumableLoader:
    return ResumableLoader(_Numbers(size), batch_size=4, seed=5, num_workers=0, groups=groups)


def _epoch(loader: ResumableLoader, epoch: int, *, batches: int | None = None) -> list[list[int]]:
    cast("torch.utils.data.Sampler[int]", loader.sampler).set_epoch(epoch)  # type: ignore[attr-defined]
    out: list[list[int]] = []
    for batch in loader:
        out.append(batch["index"].tolist())
        if len(out) == batches:
            break
    return out


def test_epochs_are_different_permutations_and_repeatable() -> None:
    first, second = _epoch(_loader(), 0), _epoch(_loader(), 1)
    assert first != second
    assert first == _epoch(_loader(), 0)
    assert len({index for batch in first for index in batch}) == 20  # the incomplete batch is dropped


@pytest.mark.parametrize("given", [0, 1, 3, 4])
def test_a_resumed_epoch_gives_exactly_the_remaining_batches(given: int) -> None:
    whole = _epoch(_loader(), 2)
    interrupted = _loader()
    _epoch(interrupted, 2, batches=given or None)
    resumed = _loader()
    resumed.load_state_dict(interrupted.state_dict() if given else {"given": 0})
    assert _epoch(resumed, 2) == whole[given:]
    assert _epoch(resumed, 3) == _epoch(_loader(), 3)  # the next epoch is whole again


def test_a_finished_epoch_starts_the_next_from_its_beginning() -> None:
    loader = _loader()
    _epoch(loader, 0)
    assert loader.state_dict() == {"given": 0}


def test_fewer_examples_than_a_batch_are_one_batch() -> None:
    assert [len(batch) for batch in _epoch(_loader(3), 0)] == [3]


GROUPS = [7] * 14 + [1] * 2 + [4] * 7  # 23 examples of three groups


def test_a_balanced_epoch_draws_equally_from_every_group_and_is_as_long() -> None:
    extra = set()
    for epoch in range(6):
        order = BalancedSampler(GROUPS, seed=5).order(epoch)
        drawn = Counter(GROUPS[index] for index in order)
        assert len(order) == 23
        assert sorted(drawn.values()) == [7, 8, 8]
        extra |= {group for group, count in drawn.items() if count == 7}
    assert len(extra) > 1  # it is not always the same group that comes short


def test_a_small_group_repeats_only_when_it_is_exhausted() -> None:
    for epoch in range(6):
        counts = Counter(BalancedSampler(GROUPS, seed=5).order(epoch))
        assert {counts[index] for index in (14, 15)} <= {3, 4}
        assert all(counts[index] in (1, 2) for index in range(16, 23))
        assert all(counts[index] <= 1 for index in range(14))


def test_a_large_group_shows_others_in_every_epoch() -> None:
    shown = [
        {index for index in BalancedSampler(GROUPS, seed=5).order(epoch) if index < 14} for epoch in range(8)
    ]
    assert shown[0] != shown[1]
    assert set().union(*shown) == set(range(14))


def test_balanced_groups_are_mixed() -> None:
    order = BalancedSampler([0] * 50 + [1] * 50, seed=1).order(0)
    assert 15 <= sum(index < 50 for index in order[:50]) <= 35


def test_a_balanced_order_repeats_with_seed_and_epoch() -> None:
    assert BalancedSampler(GROUPS, seed=5).order(2) == BalancedSampler(GROUPS, seed=5).order(2)
    assert BalancedSampler(GROUPS, seed=6).order(2) != BalancedSampler(GROUPS, seed=5).order(2)


@pytest.mark.parametrize("given", [1, 4])
def test_a_balanced_epoch_resumes_batch_for_batch(given: int) -> None:
    whole = _epoch(_loader(groups=GROUPS), 2)
    interrupted, resumed = _loader(groups=GROUPS), _loader(groups=GROUPS)
    _epoch(interrupted, 2, batches=given)
    resumed.load_state_dict(interrupted.state_dict())
    assert _epoch(resumed, 2) == whole[given:]
    assert _epoch(resumed, 3) == _epoch(_loader(groups=GROUPS), 3)
