"""A watch from its beginning to its end: rounds, lists, the plot, warnings, and the signals that stop it."""

import math
import statistics
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field
from functools import partial

from cryoice.project.mask_outcome import DOUBT
from cryoice.project.stopping import stopping
from cryoice.project.watch import Watch
from cryoice.project.watch_lists import Pace, draw_watch, write_watch_lists
from cryoice.project.watch_view import WatchView
from cryoice.project.watch_warning import Warner

_LISTS_S, _PLOT_S = 5.0, 20.0
_RECENT = 50
"""Micrographs over which rate and latency are told."""
_REST = 5
"""A look at what is watched is followed by a rest of so many times as long."""
_NAP_S = 0.5
"""s in which a signal is noticed."""

Pause = Callable[[Watch, float], None]


def pause_for(watch: Watch, seconds: float) -> None:
    """Wait for one in flight to be done, at most so long."""
    if watch.in_flight.futures:
        wait(watch.in_flight.futures, seconds, FIRST_COMPLETED)
    else:
        time.sleep(seconds)


@dataclass
class WatchRun:
    """Everything around a watch.

    Attributes
    ----------
    watch
        What masks.
    view, warner
        What speaks.
    stop_after
        s without news after which it ends; None never ends.
    """

    watch: Watch
    view: WatchView
    warner: Warner
    stop_after: float | None
    _kept: tuple[tuple[Pace, Callable[[Watch], None]], ...] = field(
        default_factory=lambda: ((Pace(_LISTS_S), write_watch_lists), (Pace(_PLOT_S), draw_watch))
    )
    _doubts: set[str] = field(default_factory=set)
    _recent: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def run(
        self, *, interval: float, clock: Callable[[], float] = time.monotonic, pause: Pause = pause_for
    ) -> int | None:
        """Go on until there were no news for long enough or a signal comes; return the signal.

        Micrographs in flight at the end are finished, and all files written, whatever ended it.

        Parameters
        ----------
        interval
            s between two looks at what is watched; more when looking takes long.
        clock, pause
            Tell s that never go back, and wait for so many, or for one in flight.

        Raises
        ------
        InputError
            The files cannot be written at the end.
        """
        self.watch.news = clock()
        with stopping() as stopped:
            try:
                while stopped.signal is None:
                    begun = clock()
                    self.watch.look(begun)
                    self._keep_current(begun)
                    if self._over(begun):
                        break
                    rest = clock() + max(interval, _REST * (clock() - begun))
                    while stopped.signal is None and (left := rest - clock()) > 0:
                        pause(self.watch, min(left, _NAP_S))
                        self._collect(clock())
                        self._keep_current(clock())
            finally:
                self._finish(clock)
        return stopped.signal

    def _finish(self, clock: Callable[[], float]) -> None:
        """Let those in flight be done, and write what is due."""
        self.watch.in_flight.close()
        self._collect(clock())
        for pace, work in self._kept:
            if self.watch.watched.answered and pace.due(math.inf, changes=self.watch.changes):
                work(self.watch)

    def _over(self, now: float) -> bool:
        watch = self.watch
        if self.stop_after is None or watch.in_flight.futures or not watch.watched.source.settled:
            return False
        if watch.waiting and not watch.refused:
            return False
        return now - watch.news >= self.stop_after

    def _collect(self, now: float) -> None:
        masked = self.watch.collect(now)
        for row, latency in masked:
            self._recent.append((now, latency))
            name, verdict = row["micrograph"], row["verdict"]
            self.view.note(f"masked {name}: {verdict}, {latency:.3f} s after its last change")
            if row[DOUBT] and row[DOUBT] not in self._doubts:
                self._doubts.add(row[DOUBT])
                self.view.tell(f"warning: {name}, and maybe others: {row[DOUBT]}")
        if masked:
            self.warner.judge([exposure.row for exposure in self.watch.exposures.last(self.warner.spell.of)])

    def _keep_current(self, now: float) -> None:
        """Write what is due, and renew the line that lives."""
        changes = self.watch.changes
        for pace, work in self._kept:
            if self.watch.watched.answered and pace.due(now, changes=changes):
                pace.spend(now, partial(work, self.watch), changes=changes, tell=self.view.tell)
        self.warner.attend()
        if self.view.lives:
            self.view.show(self._status(now))

    def _status(self, now: float) -> str:
        watch = self.watch
        told = [f"{watch.masked} masked", f"{watch.waiting} waiting", f"{len(watch.failures)} failed"]
        last = watch.exposures.last(self.warner.spell.of)
        if last:
            bad = sum(exposure.row["verdict"] == "bad" for exposure in last)
            told.append(f"{bad} of the last {len(last)} bad")
        if self._recent:
            begun = self._recent[0][0]
            if now > begun:
                told.append(f"{60 * len(self._recent) / (now - begun):.1f} a minute")
            told.append(f"{statistics.median(late for _, late in self._recent):.1f} s after arrival")
        return " · ".join(told)
