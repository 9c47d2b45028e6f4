"""One micrograph from the moment that its file is seen until it is masked.

Only what the file server says of a file at one time is compared with what it says at another: the
clocks of two machines are never held against each other.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryoice.errors import InputError
from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.project.records import Stamp

PATIENCE = 60.0
"""s without a change after which a file that cannot be read is given up, until it changes."""

RETRY = 30.0
"""s after which outputs that could not be written are tried again."""


@dataclass
class Arrival:
    """A file that is tried when it has not changed for ``settle`` s, and once more after `PATIENCE`.

    Reading finds out whether it holds all that its header announces.

    Attributes
    ----------
    listed
        The micrograph.
    since
        Moment of its last change that was seen, s.
    settle
        s without a change before it is tried.
    stamp
        Of the file then; None when it was missing.
    reason
        Why it was given up; empty otherwise.
    queued
        It is on its way to be masked: nobody need look at it.
    """

    listed: ListedMicrograph
    since: float
    settle: float
    stamp: Stamp | None = field(init=False)
    reason: str = field(init=False, default="")
    queued: bool = field(init=False, default=False)
    _due: float = field(init=False)

    def __post_init__(self) -> None:
        self.stamp, self._due = stamp_of(self.listed), self.settle

    def changed(self, now: float) -> bool:
        """Look at the file; whether it is another than before, and so starts over."""
        stamp = stamp_of(self.listed)
        if stamp == self.stamp:
            return False
        self.stamp, self.since, self.reason, self._due = stamp, now, "", self.settle
        return True

    def due(self, now: float) -> bool:
        """Whether it is to be tried; never at the moment of its last change."""
        return now - self.since >= self._due and now > self.since

    def failed(self, reason: str) -> bool:
        """Wait for longer after a failure; whether it is given up now."""
        patience = max(PATIENCE, 3 * self.settle)
        if self._due < patience:
            self._due = patience
            return False
        self.reason, self._due = reason, math.inf
        return True

    def put_off(self, now: float) -> None:
        """Try it again later, since its outputs could not be written."""
        self._due = now - self.since + RETRY


@dataclass
class Unusable:
    """What a list names and nobody can use: given up when it has stayed so for `PATIENCE`.

    Attributes
    ----------
    given_up
        Name and reason, by name.
    """

    given_up: list[tuple[str, str]] = field(default_factory=list)
    _since: dict[tuple[str, str], float] = field(default_factory=dict)

    def judge(self, failures: Iterable[tuple[str, str]], now: float) -> list[tuple[str, str]]:
        """Take the failures as they are now; return those that are given up now."""
        self._since = {failure: self._since.get(failure, now) for failure in failures}
        before = set(self.given_up)
        self.given_up = sorted(key for key, since in self._since.items() if now - since >= PATIENCE)
        return [failure for failure in self.given_up if failure not in before]

    @property
    def waiting(self) -> int:
        """How many may still come right."""
        return len(self._since) - len(self.given_up)


def stamp_of(listed: ListedMicrograph) -> Stamp | None:
    """Look at a micrograph's file; None when it is not there, or cannot be looked at."""
    try:
        return Stamp.of(listed.path)
    except InputError:
        return None
