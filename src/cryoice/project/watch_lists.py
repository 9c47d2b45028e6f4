"""The lists and the plot of a watch, to be kept current."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cryoice.constants import CLASSES
from cryoice.errors import OutputError
from cryoice.files.micrograph_folder import natural
from cryoice.project.failures import write_failures
from cryoice.project.mask_lists import FAILURES, write_lists
from cryoice.project.select_micrographs import select_micrographs
from cryoice.project.watch import Watch
from cryoice.report.figures import save_figure
from cryoice.report.watch_figure import plot_watch

PLOT = "watch.png"
ACCEPTED, REJECTED = "accepted.star", "rejected.star"

_SHOWN = 1000
"""Exposures in the plot."""
_WINDOW = 25
"""Exposures in its running medians."""

_SHARE = 20
"""What is written anew as a whole rests for so many times as long as it took: 5 % of the time at most."""


@dataclass
class Pace:
    """When something that is written anew as a whole is due again.

    Attributes
    ----------
    least
        s between one time and the next, at least.
    """

    least: float
    _refused: bool = False
    _next: float = -1.0
    _done: int = field(default=-1)

    def due(self, now: float, *, changes: int) -> bool:
        """Whether something changed and it is time."""
        return changes != self._done and now >= self._next

    def spend(
        self, now: float, work: Callable[[], None], *, changes: int, tell: Callable[[str], None]
    ) -> None:
        """Do it; the time that it takes decides when it is due again, whether it succeeds or not.

        That it cannot be written is told once, until it can be again.
        """
        begun = time.perf_counter()
        try:
            work()
            self._done, self._refused = changes, False
        except OutputError as error:
            if not self._refused:
                tell(f"{error}; trying again")
            self._refused = True
        self._next = now + max(self.least, _SHARE * (time.perf_counter() - begun))


def write_watch_lists(watch: Watch) -> None:
    """Write all lists of what is done now, each whole or not at all.

    They are those of `mask_lists.finish`, in the same order, ``accepted.star`` and ``rejected.star``.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    rows, output = watch.rows, watch.batch.output
    if watch.batch.listed.star is None:
        rows = dict(sorted(rows.items(), key=lambda item: natural(item[0].name)))
    write_lists(watch.batch, rows, watch.others)
    write_failures(output / FAILURES, watch.failures)
    select_micrographs(output, {}, verdict=True, accepted=output / ACCEPTED, rejected=output / REJECTED)


def draw_watch(watch: Watch) -> None:
    """Draw the last exposures; nothing as long as there is none.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    shown = watch.exposures.last(_SHOWN)
    if not shown:
        return
    iciness = [np.nan if item.row["iciness"] is None else item.row["iciness"] for item in shown]
    figure = plot_watch(
        np.array([item.stamp.mtime_ns / 1e9 for item in shown]),
        {name: np.array([float(item.row[name]) for item in shown]) for name in CLASSES[1:]},
        np.array(iciness, dtype=np.float64),
        first=len(watch.exposures) - len(shown) + 1,
        max_bad=watch.batch.settings.max_bad,
        window=_WINDOW,
    )
    save_figure(figure, watch.batch.output / PLOT)
