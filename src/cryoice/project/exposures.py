"""All that is masked in a folder, in the order in which the micrographs were written."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryoice.constants import CLASSES
from cryoice.project.records import Record, Row, Stamp

_NEEDED = {"stem", "bad", "verdict", "iciness", *CLASSES}


@dataclass(frozen=True)
class Exposure:
    """One masked micrograph: its file then, and what the summary tells."""

    stamp: Stamp
    row: Row


@dataclass
class Exposures:
    """Masked micrographs by the names of their outputs.

    Their order is that of their files' times, all told by the file server: out of order as they may come, the
    last exposures are those that were taken last.
    """

    _by_stem: dict[str, Exposure] = field(default_factory=dict)
    _order: list[tuple[int, str]] = field(default_factory=list)

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Exposures":
        """Take over what is known of a folder, but for records of a version that told less."""
        found = cls()
        for record in records:
            if record.row.keys() >= _NEEDED:
                found.add(record.row["stem"], record.stamp, record.row)
        return found

    def __contains__(self, stem: str) -> bool:
        return stem in self._by_stem

    def __len__(self) -> int:
        return len(self._by_stem)

    def get(self, stem: str) -> Exposure | None:
        """Return what is known of one, or None."""
        return self._by_stem.get(stem)

    def add(self, stem: str, stamp: Stamp, row: Row) -> None:
        """Put in one, in the place of what was known of it."""
        self.drop(stem)
        self._by_stem[stem] = Exposure(stamp, row)
        insort(self._order, (stamp.mtime_ns, stem))

    def drop(self, stem: str) -> None:
        """Forget one, known or not."""
        known = self._by_stem.pop(stem, None)
        if known is not None:
            del self._order[bisect_left(self._order, (known.stamp.mtime_ns, stem))]

    def last(self, number: int) -> list[Exposure]:
        """Return the last ones, oldest first."""
        return [self._by_stem[stem] for _, stem in self._order[max(0, len(self._order) - number) :]]

    def others(self, stems: Iterable[str]) -> list[Row]:
        """Return what is told of all but some, by name."""
        return [self._by_stem[stem].row for stem in sorted(self._by_stem.keys() - set(stems))]
