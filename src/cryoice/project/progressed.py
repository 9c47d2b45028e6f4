"""How far several programs have come with one batch."""

import os
from dataclasses import dataclass

from cryoice.files.recorded_outputs import RECORDS_FOLDER
from cryoice.project.mask_batch import MaskBatch


@dataclass(frozen=True)
class Progressed:
    """How far they have come, by the names in the folder of its records alone.

    Attributes
    ----------
    batch
        All of it.
    done
        How many were done or had failed at the beginning.
    pending
        Stems of the others.
    void
        Name and inode of what lay in the folder then: a record that is written anew is another file.
    """

    batch: MaskBatch
    done: int
    pending: frozenset[str]
    void: frozenset[tuple[str, int]]

    @classmethod
    def of(cls, batch: MaskBatch) -> "Progressed":
        """Look at each micrograph, once."""
        void, every = _records(batch), batch.listed.micrographs
        pending = frozenset(micrograph.stem for micrograph in every if batch.known(micrograph) is None)
        return cls(batch, len(every) - len(pending), pending, void)

    def count(self) -> int:
        """Return how many micrographs are done or have failed by now."""
        new = (name for name, _ in _records(self.batch) - self.void)
        return self.done + len(self.pending & {name.rpartition(".")[0] for name in new})


def _records(batch: MaskBatch) -> frozenset[tuple[str, int]]:
    with os.scandir(batch.output / RECORDS_FOLDER) as found:
        return frozenset((e.name, e.inode()) for e in found if e.name.endswith((".json", ".failed")))
