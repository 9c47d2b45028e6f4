"""What one of several processes takes of a batch, so that all of them together see what one would see."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Int
from torch import Tensor, distributed

from cryoice.errors import InputError

_EPOCH, _PROCESS = 1_000_003, 0x9E37_79B9_7F4A_7C15


@dataclass(frozen=True)
class Share:
    """The part of process ``rank`` of ``world``: as many rows of every batch as each other process has."""

    rank: int
    world: int

    @classmethod
    def current(cls) -> "Share":
        """Return that of this process: a part while a group trains, else all."""
        if not (distributed.is_available() and distributed.is_initialized()):
            return ALONE
        return cls(distributed.get_rank(), distributed.get_world_size())

    def rows(self, batch_size: int) -> slice:
        """Return which rows of a whole batch are its own.

        Raises
        ------
        InputError
            The processes cannot have equally many.
        """
        size, rest = divmod(batch_size, self.world)
        if rest:
            raise InputError(
                f"batch_size={batch_size}: {self.world} devices share each batch equally; "
                f"use a multiple of {self.world}"
            )
        return slice(self.rank * size, (self.rank + 1) * size)

    def own(self, values: Tensor) -> Tensor:
        """Return its rows of what was drawn for a whole batch."""
        return values[self.rows(len(values))]

    def order(self, whole: Int[Tensor, " size"], *, batch_size: int) -> Int[Tensor, " own"]:
        """Return its rows of the whole batches of an epoch's order; alone, the order as it is.

        Raises
        ------
        InputError
            There is no whole batch.
        """
        if self.world == 1:
            return whole
        steps = len(whole) // batch_size
        if not steps:
            raise InputError(
                f"batch_size={batch_size}: the training split holds {len(whole)}, and devices share whole "
                f"batches only; use at most {len(whole)}"
            )
        return whole[: steps * batch_size].view(steps, batch_size)[:, self.rows(batch_size)].flatten()

    def batches(self, size: int, *, batch_size: int) -> list[list[int]]:
        """Return its items of a data set in about equal batches, as many as every other process has.

        Together the processes have every item once: scores count none twice, and none waits for another.

        Raises
        ------
        InputError
            There is not an item for each process.
        """
        steps = min(-(-size // batch_size), size // self.world)
        if not steps:
            raise InputError(
                f"trainer.devices: {self.world} devices validate on {size} items; use at most {size}"
            )
        own = range(self.rank, size, self.world)
        ends = [step * len(own) // steps for step in range(steps + 1)]
        return [list(own[start:end]) for start, end in pairwise(ends)]

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean of a number over the processes, all of which must ask for it."""
        total = value.detach().clone()
        if self.world > 1:
            distributed.all_reduce(total)
        return total / self.world


ALONE = Share(rank=0, world=1)
"""All of every batch."""


def seed_step(seed: int, *, epoch: int, batch: int, process: int = 0) -> None:
    """Start Torch's random numbers anew from where the training is, so that a resumed run repeats them.

    ``process`` 0 draws the same in all processes; numbers from 1 on set them apart.
    """
    torch.manual_seed(((seed * _EPOCH + epoch) * _EPOCH + batch + process * _PROCESS) % 2**63)
