"""A loader that an interrupted epoch can be continued with, batch for batch."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from cryoice.learn.dataset import whole_batch
from cryoice.learn.share import ALONE, Share


class EpochSampler(Sampler[int]):
    """A process's share of a permutation drawn from (seed, epoch), that can start at an offset."""

    def __init__(self, size: int, *, seed: int, batch_size: int, share: Share) -> None:
        self.size, self.seed = size, seed
        self.batch_size, self.share = batch_size, share
        self.epoch = 0
        self.offset = 0

    def __len__(self) -> int:
        return len(self.share.order(torch.arange(self.size), batch_size=self.batch_size))

    def set_epoch(self, epoch: int) -> None:
        """Choose the permutation; Lightning calls this before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        whole = torch.randperm(self.size, generator=generator)
        order = self.share.order(whole, batch_size=self.batch_size).tolist()
        offset, self.offset = self.offset, 0
        yield from order[offset:]


class ResumableLoader(DataLoader[dict[str, Tensor]]):
    """A training loader whose state is the number of batches already given out in this epoch.

    The last incomplete batch of an epoch is dropped where there is more than one, since batch
    normalisation cannot use a lone example. Each of several processes gets its rows of every batch.
    """

    def __init__(
        self, dataset: Dataset[dict[str, Tensor]], *, batch_size: int, seed: int, num_workers: int
    ) -> None:
        share = Share.current()
        own = share.rows(batch_size)
        self._given = 0
        size = len(dataset)  # type: ignore[arg-type]
        super().__init__(
            dataset,
            batch_size=own.stop - own.start,
            sampler=EpochSampler(size, seed=seed, batch_size=batch_size, share=share),
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
