"""A folder that no training saw: all of it is there to test."""

import logging

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.learn.datamodule import CryoPPPDataModule

log = logging.getLogger(__name__)


class WholeFolder(CryoPPPDataModule):
    """The picks of all micrographs as the test split; there is no other, and ``split`` is not used."""

    def setup(self, stage: str) -> None:
        """Take all picks, once."""
        if self.datasets:
            return
        prepared = self.prepared()
        for note in prepared.notes:
            log.warning(note)
        picks = self._usable(prepared)
        for value, name in ((GOOD, "GOOD"), (BAD, "BAD")):
            if value not in set(picks["label"]):
                raise InputError(f"data.root={self.root}: holds no {name} pick; scores need both kinds")
        self.datasets["test"] = self._dataset(prepared, picks)
