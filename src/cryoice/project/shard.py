"""A part of a list of micrographs, for one of several machines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from cryoice.errors import InputError

_WRITTEN = re.compile(r"([0-9]+)/([0-9]+)")

Item = TypeVar("Item")


@dataclass(frozen=True, order=True)
class Shard:
    """Every ``count``-th item from item ``number`` (from 1) on: all shards together hold each once."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read what `str` writes, such as ``3/8``.

        Raises
        ------
        InputError
            It is no such shard.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise InputError(f"--shard: {text} is no part of a whole; give K/N, such as 3/8, K from 1 to N")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def all(cls, count: int) -> "tuple[Shard, ...]":
        """Return the shards of a whole."""
        return tuple(cls(number, count) for number in range(1, count + 1))

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items of this shard, in their order."""
        return items[self.number - 1 :: self.count]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
