"""What of a watched list is masked, and what else its folder holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.project.arrivals import stamp_of
from cryoice.project.exposures import Exposures
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.records import Record, Stamp

_CHECKED = 50
"""Masked micrographs that each round looks at, whether they were replaced."""


@dataclass
class WatchedMasks:
    """Masks of a folder.

    Attributes
    ----------
    exposures
        All that is masked in the folder.
    done
        Stems of the list's own that are.
    """

    exposures: Exposures
    done: set[str] = field(default_factory=set)
    _read: dict[str, Record] = field(default_factory=dict)
    _checks: Iterator[str] = field(default_factory=lambda: iter(()))

    @classmethod
    def of(cls, records: Iterable[Record]) -> "WatchedMasks":
        """Begin with what the folder holds; none of these records is read again."""
        read = {record.row.get("stem", ""): record for record in records}
        return cls(Exposures.of(read.values()), _read=read)

    def owner(self, stem: str, batch: MaskBatch) -> str | None:
        """Return the file whose outputs the folder has under a stem."""
        read = self._read.get(stem)
        return batch.records.owner(stem) if read is None else read.stamp.path

    def find(self, item: ListedMicrograph, stamp: Stamp, batch: MaskBatch) -> bool:
        """Whether a micrograph is masked already; what is known of its file as it was before is forgotten."""
        row = batch.find(item, stamp=stamp, record=self._read.pop(item.stem, None))
        if row is not None:
            self.exposures.add(item.stem, stamp, row)
            self.done.add(item.stem)
            return True
        known = self.exposures.get(item.stem)
        if known and known.stamp.path == stamp.path:
            self.exposures.drop(item.stem)
        return False

    def replaced(self, listed: Mapping[str, ListedMicrograph]) -> list[ListedMicrograph]:
        """Look at some of the masked ones in turn, and return those whose files are others now."""
        stems = list(islice(self._checks, _CHECKED))
        if not stems:
            self._checks = iter(tuple(self.done))
        return [listed[stem] for stem in stems if stem in listed and self._is_replaced(listed[stem])]

    def _is_replaced(self, item: ListedMicrograph) -> bool:
        known = self.exposures.get(item.stem)
        if known is None or item.stem not in self.done:
            return False
        stamp = stamp_of(item)
        return stamp is not None and stamp != known.stamp
