"""A folder that no training saw: all of it is there to test."""

import pandas as pd

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.learn.datamodule import CryoPPPDataModule
from cryoice.learn.prepare import Prepared


class WholeFolder(CryoPPPDataModule):
    """The picks of all micrographs as the test split; there is no other, and ``split`` is not used."""

    def fill(self, prepared: Prepared, picks: pd.DataFrame) -> None:
        """Take all usable picks as the test split."""
        for value, name in ((GOOD, "GOOD"), (BAD, "BAD")):
            if value not in set(picks["label"]):
                raise InputError(f"data.root={self.root}: holds no {name} pick; scores need both kinds")
        self.datasets["test"] = self._dataset(prepared, picks)
