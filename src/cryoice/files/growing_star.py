"""The micrographs of a STAR file that is written again and again, whole or in pieces."""

from dataclasses import dataclass, field
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.micrograph_list import MicrographList, list_star
from cryoice.files.star_micrographs import StarMicrographs, read_star_micrographs


@dataclass
class GrowingStar:
    """A STAR file to be looked at again and again.

    One that lists all that it listed before, and ends where a line does, is taken at once. Any other may
    be half-written, and is taken when it has not changed for a while.

    Attributes
    ----------
    path
        The file; it may be missing for a while.
    angpix
        Å/px that overrides those of the file and the headers.
    settle
        s without a change after which the file is taken to be whole.
    settled
        When last looked at, it had not changed, or been missing, for so long.
    """

    path: Path
    angpix: float | None
    settle: float
    settled: bool = False
    _read: tuple[int, ...] = ()
    _found_as: tuple[int, ...] | None = None
    _since: float = 0.0
    _table: StarMicrographs | None = None
    _last: MicrographList | None = None
    _found: dict[str, Path] = field(default_factory=dict)

    def look(self, now: float) -> MicrographList:
        """List what the file lists, in its order; files that are not there yet are failures.

        The list is the same object as before when nothing came or went.

        Parameters
        ----------
        now
            s, of a clock that never goes back.

        Raises
        ------
        InputError
            The file is missing, or has not changed for a while and cannot be used.
        """
        stamp, fault = self._stamp()
        if stamp != self._found_as:
            self._found_as, self._since = stamp, now
        self.settled = now - self._since >= self.settle
        if fault:
            raise InputError(f"{self.path}: cannot be read ({fault})")
        fresh = stamp != self._read and self._take(stamp, settled=self.settled)
        if self._table is None:
            raise InputError(f"{self.path}: is being written")
        if fresh or self._last is None or self._last.failures:
            listed = list_star(self._table, angpix=self.angpix, found=self._found)
            if self._last is None or fresh or listed.failures != self._last.failures:
                self._last = listed
        return self._last

    def _take(self, stamp: tuple[int, ...], *, settled: bool) -> bool:
        """Read the file; whether it is taken."""
        try:
            table = read_star_micrographs(self.path, angpix=self.angpix)
        except InputError:
            if settled:
                raise
            return False
        if self._stamp() != (stamp, None) or not (settled or self._grown(table)):
            return False
        self._table, self._read = table, stamp
        return True

    def _grown(self, table: StarMicrographs) -> bool:
        before = set(self._table.names) if self._table else set()
        return table.star.text.endswith(b"\n") and before <= set(table.names)

    def _stamp(self) -> tuple[tuple[int, ...], str | None]:
        """Tell the file as it is now; nothing and the reason where it cannot be reached."""
        try:
            found = self.path.stat()
        except OSError as error:
            return (), error.strerror
        return (found.st_ino, found.st_size, found.st_mtime_ns), None
