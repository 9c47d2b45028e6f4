"""Micrographs that are still arriving to masks: each once, when its file is whole."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import InitVar, dataclass, field, replace
from itertools import islice

from cryoice.errors import InputError
from cryoice.files.growing_folder import GrowingFolder
from cryoice.files.growing_star import GrowingStar
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
from cryoice.project.among_masks import apart
from cryoice.project.arrivals import Arrival, Unusable, stamp_of
from cryoice.project.exposures import Exposures
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_outcome import Outcome
from cryoice.project.mask_places import with_own_stems
from cryoice.project.records import Record, Row

_CHECKED = 50
"""Masked micrographs that each round looks at, whether they were replaced."""


Source = GrowingFolder | GrowingStar


@dataclass
class Watch:
    """A growing list of micrographs, masked as they become whole; within `MaskBatch.alone`.

    The batch's list is empty at first. `look` is to be called every now and then, `collect` whenever
    something in flight is done; ``now`` is in s, of a clock that never goes back.

    Attributes
    ----------
    batch
        Masks, with the list as it is now.
    source
        Where the list comes from, looked at again and again.
    pool
        Masks micrographs in the background.
    depth
        Micrographs that the pool is given at a time.
    settle
        s without a change after which a file is taken to be whole.
    tell
        Takes what the user should know, a line each.
    records
        What the folder holds at the beginning: no record is read twice.
    exposures
        All that is masked in the folder.
    news
        Moment when something last came, changed or was masked, s.
    changes
        Grows whenever the lists are to be written anew.
    refused
        Outputs could not be written the last time; they are tried again.
    answered
        The source has listed its micrographs, and for long enough to be believed: until then the lists
        of an earlier watch are better than ours.
    fault
        Why the source could not be read the last time; empty otherwise.
    """

    batch: MaskBatch
    source: Source
    pool: Executor
    depth: int
    settle: float
    tell: Callable[[str], None]
    records: InitVar[Sequence[Record]] = ()
    exposures: Exposures = field(init=False)
    news: float = 0.0
    changes: int = 0
    refused: bool = False
    answered: bool = False
    fault: str = ""
    in_flight: dict[Future[Outcome], Arrival] = field(default_factory=dict)
    _listed: dict[str, ListedMicrograph] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _pending: dict[str, Arrival] = field(default_factory=dict)
    _ready: deque[Arrival] = field(default_factory=deque)
    _unusable: Unusable = field(default_factory=Unusable)
    _first: float = math.inf
    _read: dict[str, Record] = field(init=False)
    _looked: MicrographList | None = None
    _checks: Iterator[str] = field(default_factory=lambda: iter(()))

    def __post_init__(self, records: Sequence[Record]) -> None:
        self.exposures = Exposures.of(records)
        self._read = {record.row.get("stem", ""): record for record in records}

    @property
    def rows(self) -> dict[ListedMicrograph, Row]:
        """What is masked of the list as it is now, in its order."""
        known = ((item, self.exposures.get(item.stem)) for item in self.batch.listed.micrographs)
        return {item: exposure.row for item, exposure in known if exposure and item.stem in self._done}

    @property
    def others(self) -> list[Row]:
        """What is known of other masks in the folder."""
        return self.exposures.others(self._done & self._listed.keys())

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
        return len(self._done)

    def look(self, now: float) -> None:
        """See what came, went or changed, and begin with what is whole."""
        try:
            listed = self.source.look(now)
        except InputError as error:
            if str(error) != self.fault:
                self.fault = str(error)
                self.tell(f"{self.fault}; waiting for it")
        else:
            if self.fault:
                self.fault = ""
                self.tell("it is there now")
            self._first = min(self._first, now)
            self.answered |= self.source.settled or now - self._first >= self.settle
            if listed is not self._looked:
                self._looked = listed
                self._take(with_own_stems(apart(listed, self.batch.output), self._owner), now)
            before = self._unusable.given_up
            for name, reason in self._unusable.judge(self.batch.listed.failures, now):
                self.tell(f"{name}: {reason}")
            if self._unusable.given_up != before:
                self._stir(now)
        for arrival in self._pending.values():
            if arrival.queued:
                continue
            if arrival.changed(now):
                self._stir(now)
            elif arrival.due(now):
                arrival.queued = True
                self._ready.append(arrival)
        self._check_masked(now)
        self._feed(now)

    def collect(self, now: float) -> list[tuple[Row, float]]:
        """Take what is done in flight and begin with others.

        Returns
        -------
        list
            What the summary tells of each that was masked, and s since the last change seen of its file.
        """
        masked = []
        for future in [future for future in self.in_flight if future.done() and not future.cancelled()]:
            outcome, arrival = future.result(), self.in_flight.pop(future)
            arrival.queued = False
            if outcome.row is not None and arrival.stamp is not None:
                masked.append((outcome.row, now - arrival.since))
                self._finish(arrival, outcome.row, now)
            elif self._pending.get(arrival.listed.stem) is arrival:
                self._fail(arrival, outcome, now)
        self._feed(now)
        return masked

    def close(self) -> None:
        """Begin with no more, and wait for those in flight."""
        self._ready.clear()
        self.pool.shutdown(cancel_futures=True)

    def _feed(self, now: float) -> None:
        while self._ready and len(self.in_flight) < self.depth:
            arrival = self._ready.popleft()
            arrival.queued = False
            stem = arrival.listed.stem
            if self._pending.get(stem) is not arrival or any(
                stem == other.listed.stem for other in self.in_flight.values()
            ):
                continue
            if arrival.changed(now):
                self._stir(now)
                continue
            arrival.queued = True
            self.in_flight[self.pool.submit(self.batch.attempt, arrival.listed, arrival.stamp)] = arrival

    def _take(self, listed: MicrographList, now: float) -> None:
        for doubt in set(listed.doubts) - set(self.batch.listed.doubts):
            self.tell(f"warning: {doubt}")
        self.batch = replace(self.batch, listed=listed)
        before, self._listed = self._listed, {item.stem: item for item in listed.micrographs}
        for stem in before.keys() - self._listed.keys():
            self._pending.pop(stem, None)
            self._done.discard(stem)
        for stem, item in self._listed.items():
            known = before.get(stem)
            if known is None or replace(known, rows=item.rows) != item:
                self._begin(item, now)
            elif stem in self._pending:
                self._pending[stem].listed = item
        self._stir(now)

    def _owner(self, stem: str) -> str | None:
        if stem in self._listed:
            return str(self._listed[stem].path)
        read = self._read.get(stem)
        return self.batch.records.owner(stem) if read is None else read.stamp.path

    def _begin(self, item: ListedMicrograph, now: float) -> None:
        """Find what is known of a micrograph, or wait for it."""
        self._pending.pop(item.stem, None)
        self._done.discard(item.stem)
        arrival = Arrival(item, now, self.settle)
        if arrival.stamp is not None:
            record = self._read.pop(item.stem, None)
            row = self.batch.find(item, stamp=arrival.stamp, record=record)
            if row is not None:
                self.exposures.add(item.stem, arrival.stamp, row)
                self._done.add(item.stem)
                return
            known = self.exposures.get(item.stem)
            if known and known.stamp.path == arrival.stamp.path:
                self.exposures.drop(item.stem)
        self._pending[item.stem] = arrival

    def _finish(self, arrival: Arrival, row: Row, now: float) -> None:
        assert arrival.stamp is not None
        stem = arrival.listed.stem
        self.exposures.add(stem, arrival.stamp, row)
        if self._pending.get(stem) is arrival:  # the list may have lost it, or name another file by now
            del self._pending[stem]
            self._done.add(stem)
        if self.refused:
            self.refused = False
            self.tell(f"{self.batch.output}: masks are written again")
        self._stir(now)

    def _fail(self, arrival: Arrival, outcome: Outcome, now: float) -> None:
        if outcome.refused:
            arrival.put_off(now)
            if not self.refused:
                self.refused = True
                self.tell(f"{outcome.reason}; trying again")
        elif arrival.changed(now):
            self._stir(now)
        elif arrival.failed(outcome.reason):
            self.tell(f"{arrival.listed.name}: {outcome.reason}")
            self._stir(now)

    def _check_masked(self, now: float) -> None:
        """Look at some of the masked ones in turn, whether their files were replaced."""
        stems = list(islice(self._checks, _CHECKED))
        if not stems:
            self._checks = iter(tuple(self._done))
        for stem in stems:
            item, known = self._listed.get(stem), self.exposures.get(stem)
            if item is None or known is None or stem not in self._done:
                continue
            stamp = stamp_of(item)
            if stamp is not None and stamp != known.stamp:
                self._begin(item, now)
                self._stir(now)

    def _stir(self, now: float) -> None:
        self.news, self.changes = now, self.changes + 1
