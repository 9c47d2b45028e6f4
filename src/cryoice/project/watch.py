"""Micrographs that are still arriving to masks: each once, when its file is whole."""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass, field, replace

from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
from cryoice.project.among_masks import apart
from cryoice.project.arrivals import Arrival, Unusable
from cryoice.project.exposures import Exposures
from cryoice.project.in_flight import InFlight
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_outcome import Outcome
from cryoice.project.mask_places import with_own_stems
from cryoice.project.records import Record, Row
from cryoice.project.watched_list import WatchedList
from cryoice.project.watched_masks import WatchedMasks


@dataclass
class Watch:
    """A growing list of micrographs, masked as they become whole; within `MaskBatch.alone`.

    The batch's list is empty at first. `look` is to be called every now and then, `collect` whenever
    something in flight is done; ``now`` is in s, of a clock that never goes back.

    Attributes
    ----------
    batch
        Masks, with the list as it is now.
    watched
        The list, looked at again and again. Until it has answered, the lists of an earlier watch are
        better than ours.
    in_flight
        Masks micrographs in the background.
    records
        What the folder holds at the beginning: no record is read twice.
    news
        Moment when something last came, changed or was masked, s.
    changes
        Grows whenever the lists are to be written anew.
    refused
        Outputs could not be written the last time; they are tried again.
    """

    batch: MaskBatch
    watched: WatchedList
    in_flight: InFlight
    records: InitVar[Iterable[Record]] = ()
    news: float = 0.0
    changes: int = 0
    refused: bool = False
    _masks: WatchedMasks = field(init=False)
    _listed: dict[str, ListedMicrograph] = field(default_factory=dict)
    _pending: dict[str, Arrival] = field(default_factory=dict)
    _unusable: Unusable = field(default_factory=Unusable)
    _looked: MicrographList | None = None

    def __post_init__(self, records: Iterable[Record]) -> None:
        self._masks = WatchedMasks.of(records)

    @property
    def exposures(self) -> Exposures:
        """All that is masked in the folder."""
        return self._masks.exposures

    @property
    def rows(self) -> dict[ListedMicrograph, Row]:
        """What is masked of the list as it is now, in its order."""
        known = ((item, self.exposures.get(item.stem)) for item in self.batch.listed.micrographs)
        return {item: exposure.row for item, exposure in known if exposure and item.stem in self._masks.done}

    @property
    def others(self) -> list[Row]:
        """What is known of other masks in the folder."""
        return self.exposures.others(self._masks.done & self._listed.keys())

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Name and reason of what was given up."""
        broken = ((item.listed.name, item.reason) for item in self._pending.values() if item.reason)
        return [*broken, *self._unusable.given_up]

    @property
    def waiting(self) -> int:
        """How many are neither masked nor given up."""
        return sum(not item.reason for item in self._pending.values()) + self._unusable.waiting

    @property
    def masked(self) -> int:
        """How many of the list are masked."""
        return len(self._masks.done)

    def look(self, now: float) -> None:
        """See what came, went or changed, and begin with what is whole."""
        listed = self.watched.look(now)
        if listed is not None:
            if listed is not self._looked:
                self._looked = listed
                self._take(with_own_stems(apart(listed, self.batch.output), self._owner), now)
            self._judge_unusable(now)
        for arrival in self._pending.values():
            if arrival.queued:
                continue
            if arrival.changed(now):
                self._stir(now)
            elif arrival.due(now):
                self.in_flight.add(arrival)
        for item in self._masks.replaced(self._listed):
            self._begin(item, now)
            self._stir(now)
        self._feed(now)

    def collect(self, now: float) -> list[tuple[Row, float]]:
        """Take what is done in flight and begin with others.

        Returns what the summary tells of each that was masked, and s since the last change seen of its file.
        """
        masked = []
        for outcome, arrival in self.in_flight.landed():
            if outcome.row is not None and arrival.stamp is not None:
                masked.append((outcome.row, now - arrival.since))
                self._finish(arrival, outcome.row, now)
            elif self._pending.get(arrival.listed.stem) is arrival:
                self._fail(arrival, outcome, now)
        self._feed(now)
        return masked

    def _feed(self, now: float) -> None:
        def wanted(arrival: Arrival) -> bool:
            if self._pending.get(arrival.listed.stem) is not arrival:
                return False
            if arrival.changed(now):
                self._stir(now)
                return False
            return True

        self.in_flight.feed(self.batch.attempt, wanted)

    def _take(self, listed: MicrographList, now: float) -> None:
        for doubt in set(listed.doubts) - set(self.batch.listed.doubts):
            self.watched.tell(f"warning: {doubt}")
        self.batch = replace(self.batch, listed=listed)
        before, self._listed = self._listed, {item.stem: item for item in listed.micrographs}
        for stem in before.keys() - self._listed.keys():
            self._pending.pop(stem, None)
            self._masks.done.discard(stem)
        for stem, item in self._listed.items():
            known = before.get(stem)
            if known is None or replace(known, rows=item.rows) != item:
                self._begin(item, now)
            elif stem in self._pending:
                self._pending[stem].listed = item
        self._stir(now)

    def _owner(self, stem: str) -> str | None:
        listed = self._listed.get(stem)
        return self._masks.owner(stem, self.batch) if listed is None else str(listed.path)

    def _judge_unusable(self, now: float) -> None:
        before = self._unusable.given_up
        for name, reason in self._unusable.judge(self.batch.listed.failures, now):
            self.watched.tell(f"{name}: {reason}")
        if self._unusable.given_up != before:
            self._stir(now)

    def _begin(self, item: ListedMicrograph, now: float) -> None:
        """Find what is known of a micrograph, or wait for it."""
        self._pending.pop(item.stem, None)
        self._masks.done.discard(item.stem)
        arrival = Arrival(item, now, self.watched.settle)
        if arrival.stamp is None or not self._masks.find(item, arrival.stamp, self.batch):
            self._pending[item.stem] = arrival

    def _finish(self, arrival: Arrival, row: Row, now: float) -> None:
        assert arrival.stamp is not None
        stem = arrival.listed.stem
        self.exposures.add(stem, arrival.stamp, row)
        if self._pending.get(stem) is arrival:  # the list may have lost it, or name another file by now
            del self._pending[stem]
            self._masks.done.add(stem)
        if self.refused:
            self.refused = False
            self.watched.tell(f"{self.batch.output}: masks are written again")
        self._stir(now)

    def _fail(self, arrival: Arrival, outcome: Outcome, now: float) -> None:
        if outcome.refused:
            arrival.put_off(now)
            if not self.refused:
                self.refused = True
                self.watched.tell(f"{outcome.reason}; trying again")
        elif arrival.changed(now):
            self._stir(now)
        elif arrival.failed(outcome.reason):
            self.watched.tell(f"{arrival.listed.name}: {outcome.reason}")
            self._stir(now)

    def _stir(self, now: float) -> None:
        self.news, self.changes = now, self.changes + 1
