"""The list that is watched, looked at again and again."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from cryoice.errors import InputError
from cryoice.files.growing_folder import GrowingFolder
from cryoice.files.growing_star import GrowingStar
from cryoice.files.micrograph_list import MicrographList

Source = GrowingFolder | GrowingStar


@dataclass
class WatchedList:
    """A source that may be away for a while: told once when it goes, and once when it is back.

    Attributes
    ----------
    source
        Where the list comes from.
    settle
        s without a change after which a file is taken to be whole.
    tell
        Takes what the user should know, a line each.
    answered
        The source has listed its micrographs, and for long enough to be believed.
    fault
        Why the source could not be read the last time; empty otherwise.
    """

    source: Source
    settle: float
    tell: Callable[[str], None]
    answered: bool = False
    fault: str = ""
    _first: float = math.inf

    def look(self, now: float) -> MicrographList | None:
        """Return the list as it is now, the same object as before where nothing changed; None without one."""
        try:
            listed = self.source.look(now)
        except InputError as error:
            if str(error) != self.fault:
                self.fault = str(error)
                self.tell(f"{self.fault}; waiting for it")
            return None
        if self.fault:
            self.fault = ""
            self.tell("it is there now")
        self._first = min(self._first, now)
        self.answered |= self.source.settled or now - self._first >= self.settle
        return listed
