"""What processes take of a batch is together what one process sees."""

import pytest
import torch

from cryoice.errors import InputError
from cryoice.learn.loader import EpochSampler, ordered_loader
from cryoice.learn.share import ALONE, Share, seed_step

SIZES = [(23, 4, 2), (24, 8, 4), (9, 8, 2), (8, 8, 8)]


def epoch(size, batch_size, share, *, offset=0):
    sampler = EpochSampler(size, seed=5, batch_size=batch_size, share=share)
    sampler.set_epoch(2)
    sampler.offset = offset
    return list(sampler)


def test_three_of_four_processes_take_the_third_quarter():
    assert Share(rank=2, world=4).rows(8) == slice(4, 6)
    assert Share(rank=2, world=4).own(torch.arange(8)).tolist() == [4, 5]


@pytest.mark.parametrize(("size", "batch_size", "world"), SIZES)
def test_the_union_over_processes_of_a_step_is_the_batch_of_one(size, batch_size, world):
    one, each = epoch(size, batch_size, ALONE), batch_size // world
    parts = [epoch(size, batch_size, Share(rank, world)) for rank in range(world)]
    for step in range(size // batch_size):
        shared = [item for part in parts for item in part[step * each : (step + 1) * each]]
        assert shared == one[step * batch_size : (step + 1) * batch_size]
    assert {len(part) for part in parts} == {size // batch_size * each}  # the incomplete batch is dropped


def test_every_process_continues_amid_an_epoch_behind_its_own_rows():
    share = Share(rank=1, world=2)
    assert epoch(23, 4, share, offset=2 * 2) == epoch(23, 4, share)[4:]


@pytest.mark.parametrize(
    ("size", "batch_size", "world"), [(23, 8, 2), (5, 2, 2), (2, 8, 2), (17, 8, 4), (5, 1, 2)]
)
def test_processes_validate_on_every_item_once_in_equally_many_batches(size, batch_size, world):
    parts = [Share(rank, world).batches(size, batch_size=batch_size) for rank in range(world)]
    assert sorted(item for part in parts for batch in part for item in batch) == list(range(size))
    assert len({len(part) for part in parts}) == 1
    assert all(batch for part in parts for batch in part)
    assert max(len(batch) for part in parts for batch in part) <= max(batch_size, 2)


def test_a_shared_loader_gives_its_items_in_order():
    class Numbers(torch.utils.data.Dataset):
        def __len__(self):
            return 7

        def __getitems__(self, indices):
            return {"index": torch.tensor(indices)}

    loader = ordered_loader(Numbers(), batch_size=4, share=Share(rank=1, world=2))
    assert [batch["index"].tolist() for batch in loader] == [[1], [3, 5]]
    assert [len(batch["index"]) for batch in ordered_loader(Numbers(), batch_size=4)] == [4, 3]


def test_what_cannot_be_shared_is_refused():
    with pytest.raises(InputError, match="batch_size=7: 2 devices share each batch equally; use a multiple"):
        Share(rank=0, world=2).rows(7)
    with pytest.raises(InputError, match=r"batch_size=8: the training split holds 6, .* use at most 6"):
        Share(rank=0, world=2).order(torch.arange(6), batch_size=8)
    with pytest.raises(InputError, match=r"trainer\.devices: 4 devices validate on 3 items; use at most 3"):
        Share(rank=0, world=4).batches(3, batch_size=8)


def test_processes_are_set_apart_by_their_draws_and_repeat_them():
    draws = []
    for process in (0, 1, 2, 0):
        seed_step(3, epoch=1, batch=4, process=process)
        draws.append(torch.rand(4))
    assert torch.equal(draws[0], draws[3])
    assert len({tuple(draw.tolist()) for draw in draws}) == 3


def test_a_process_alone_is_all_of_it():
    assert Share.current() == ALONE
    assert ALONE.mean(torch.tensor(2.5, requires_grad=True)).item() == 2.5
