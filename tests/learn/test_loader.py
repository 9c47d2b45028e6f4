from typing import cast

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from cryoice.learn.loader import ResumableLoader


class _Numbers(Dataset[dict[str, Tensor]]):
    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitems__(self, indices: list[int]) -> dict[str, Tensor]:
        return {"index": torch.tensor(indices)}


def _loader(size: int = 23) -> ResumableLoader:
    return ResumableLoader(_Numbers(size), batch_size=4, seed=5, num_workers=0)


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
