"""Micrographs that are masked in the background, a few at a time."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.project.arrivals import Arrival
from cryoice.project.mask_outcome import Outcome
from cryoice.project.records import Stamp

Attempt = Callable[[ListedMicrograph, Stamp | None], Outcome]


@dataclass
class InFlight:
    """Arrivals on their way: those given to a pool, and those ready for it. Never two of one stem at once.

    Attributes
    ----------
    pool
        Masks them.
    depth
        Micrographs that the pool is given at a time.
    futures
        Whose each one in flight is.
    """

    pool: Executor
    depth: int
    futures: dict[Future[Outcome], Arrival] = field(default_factory=dict)
    _ready: deque[Arrival] = field(default_factory=deque)

    def add(self, arrival: Arrival) -> None:
        """Put one behind those that are ready."""
        arrival.queued = True
        self._ready.append(arrival)

    def feed(self, attempt: Attempt, wanted: Callable[[Arrival], bool]) -> None:
        """Give the pool what it has room for and is still ``wanted``."""
        while self._ready and len(self.futures) < self.depth:
            arrival = self._ready.popleft()
            arrival.queued = False
            flying = {other.listed.stem for other in self.futures.values()}
            if arrival.listed.stem not in flying and wanted(arrival):
                arrival.queued = True
                self.futures[self.pool.submit(attempt, arrival.listed, arrival.stamp)] = arrival

    def landed(self) -> list[tuple[Outcome, Arrival]]:
        """Take out those that are done."""
        done = [future for future in self.futures if future.done() and not future.cancelled()]
        found = [(future.result(), self.futures.pop(future)) for future in done]
        for _, arrival in found:
            arrival.queued = False
        return found

    def close(self) -> None:
        """Begin with no more, and wait for those in flight."""
        self._ready.clear()
        self.pool.shutdown(cancel_futures=True)
