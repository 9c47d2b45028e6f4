"""A loader that an interrupted epoch can be continued with, batch for batch."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from cryoice.learn.dataset import whole_batch
from cryoice.learn.share import ALONE, Share


class EpochSampler(Sampler[int]):
    """A process's share of a permutation drawn from (seed, epoch), that can start at an offset."""

    def __init__(self, size: int, *, seed: int, batch_size: int = 1, share: Share = ALONE) -> None:
        self.size, self.seed = size, seed
        self.batch_size, self.share = batch_size, share
        self.epoch = 0
        self.offset = 0

    def __len__(self) -> int:
        return len(self.share.order(torch.arange(self.size), batch_size=self.batch_size))

    def set_epoch(self, epoch: int) -> None:
        """Choose the permutation; Lightning calls this before each epoch."""
        self.epoch = epoch

    def order(self, epoch: int) -> list[int]:
        """Return all indices of an epoch in the order in which they are given out."""
        return self._shuffled(self.size, self._generator(epoch))

    def __iter__(self) -> Iterator[int]:
        whole = torch.as_tensor(self.order(self.epoch))
        order = self.share.order(whole, batch_size=self.batch_size).tolist()
        offset, self.offset = self.offset, 0
        yield from order[offset:]

    def _generator(self, epoch: int) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)

    @staticmethod
    def _shuffled(size: int, generator: torch.Generator) -> list[int]:
        return torch.randperm(size, generator=generator).tolist()


class BalancedSampler(EpochSampler):
    """As many examples of every group in an epoch, which is as long as without balance.

    A group larger than its share shows others in every epoch; a smaller one repeats, each of its
    examples once before any a second time. Where the groups do not divide the epoch, some that the
    epoch draws get one example more.

    Parameters
    ----------
    groups
        The group of each example, by any numbers.
    """

    def __init__(
        self, groups: Sequence[int], *, seed: int, batch_size: int = 1, share: Share = ALONE
    ) -> None:
        super().__init__(len(groups), seed=seed, batch_size=batch_size, share=share)
        members = torch.as_tensor(groups)
        self._groups = [(members == group).nonzero().flatten() for group in sorted(set(groups))]

    def order(self, epoch: int) -> list[int]:
        """Return all indices of an epoch, the groups mixed."""
        generator = self._generator(epoch)
        each, more = divmod(self.size, len(self._groups) or 1)
        luck = self._shuffled(len(self._groups), generator)
        drawn: list[int] = []
        for group, turn in zip(self._groups, luck, strict=True):
            wanted, found = each + (turn < more), list[int]()
            while len(found) < wanted:
                found += group[torch.randperm(len(group), generator=generator)].tolist()
            drawn += found[:wanted]
        return [drawn[place] for place in self._shuffled(self.size, generator)]


class ResumableLoader(DataLoader[dict[str, Tensor]]):
    """A training loader whose state is the number of batches already given out in this epoch.

    The last incomplete batch of an epoch is dropped where there is more than one, since batch
    normalisation cannot use a lone example. With ``groups``, one number per example, an epoch shows as
    much of every group. Each of several processes gets its rows of every batch.
    """

    def __init__(
        self,
        dataset: Dataset[dict[str, Tensor]],
        *,
        batch_size: int,
        seed: int,
        num_workers: int,
        groups: Sequence[int] | None = None,
    ) -> None:
        share = Share.current()
        own = share.rows(batch_size)
        self._given = 0
        size = len(dataset)  # type: ignore[arg-type]
        options: dict[str, Any] = {"seed": seed, "batch_size": batch_size, "share": share}
        sampler = EpochSampler(size, **options) if groups is None else BalancedSampler(groups, **options)
        super().__init__(
            dataset,
            batch_size=own.stop - own.start,
            sampler=sampler,
            collate_fn=whole_batch,
            drop_last=size > batch_size,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            pin_memory=torch.cuda.is_available(),
        )

    def __iter__(self) -> Iterator[dict[str, Tensor]]:  # type: ignore[override]
        assert isinstance(self.sampler, EpochSampler)
        self._given = self.sampler.offset // (self.batch_size or 1)
        for batch in super().__iter__():
            self._given += 1
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """Return how many batches of the current epoch have been given out; 0 when it is complete."""
        return {"given": self._given % len(self)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Start the next iteration behind the batches already given out."""
        assert isinstance(self.sampler, EpochSampler)
        self.sampler.offset = state["given"] * (self.batch_size or 1)


def ordered_loader(
    dataset: Dataset[dict[str, Tensor]], *, batch_size: int, share: Share = ALONE
) -> DataLoader[dict[str, Tensor]]:
    """Return the batches of a data set in order, or a process's share of them; none is dropped."""
    if share.world == 1:
        return DataLoader(dataset, batch_size=batch_size, collate_fn=whole_batch)
    size = len(dataset)  # type: ignore[arg-type]
    batches = share.batches(size, batch_size=batch_size)
    return DataLoader(dataset, batch_sampler=batches, collate_fn=whole_batch)
