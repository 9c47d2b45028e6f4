"""The lists of a folder that several programs masked, each a shard; and what some of them left undone."""

from collections.abc import Collection
from dataclasses import dataclass

from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_lists import MaskResult, finish
from cryoice.project.shard import Shard


@dataclass(frozen=True)
class Merged:
    """What the lists tell, and the micrographs that nobody has masked or failed to mask."""

    result: MaskResult
    missing: tuple[ListedMicrograph, ...]


def merge(batch: MaskBatch) -> Merged:
    """Write the lists of all that is done or failed in a folder; nothing is masked.

    Within `MaskBatch.alone`.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    found = {micrograph: batch.known(micrograph) for micrograph in batch.listed.micrographs}
    outcomes = [outcome for outcome in found.values() if outcome is not None]
    missing = tuple(micrograph for micrograph, outcome in found.items() if outcome is None)
    return Merged(finish(batch, outcomes), missing)


@dataclass(frozen=True)
class LostShard:
    """A shard, how many micrographs it has, and how many of them are missing."""

    shard: Shard
    size: int
    missing: int


def lost_shards(
    batch: MaskBatch, missing: Collection[ListedMicrograph], *, count: int
) -> tuple[LostShard, ...]:
    """Return the shards, of so many, that have missing micrographs."""
    lost, every = set(missing), batch.listed.micrographs
    found = (
        LostShard(shard, len(shard.of(every)), len(lost.intersection(shard.of(every))))
        for shard in Shard.all(count)
    )
    return tuple(shard for shard in found if shard.missing)
