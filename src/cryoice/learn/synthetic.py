"""The embedded data: simulated once, then read like any entry on disk."""

import os
from collections.abc import Mapping
from typing import Any

from cryoice.files.lock import one_at_a_time
from cryoice.learn.datamodule import CryoPPPDataModule
from cryoice.learn.prepare import Prepared
from cryoice.learn.views import digest
from cryoice.simulate.dataset import simulate_dataset


class SyntheticDataModule(CryoPPPDataModule):
    """The embedded data: micrographs simulated once from ``simulation``, then read like any entry."""

    def __init__(
        self, *, simulation: Mapping[str, Any], jobs: int | None, cache: str, **options: Any
    ) -> None:
        super().__init__(root=cache, cache=cache, **options)
        self.simulation, self.jobs = dict(simulation), jobs or os.cpu_count() or 1

    def prepared(self) -> Prepared:
        """Return the prepared simulated data set, simulating what is missing."""
        with one_at_a_time(self.cache / f"synthetic-{digest(self.simulation)}.lock"):
            self.root = simulate_dataset(self.simulation, self.cache, jobs=self.jobs)
        return super().prepared()
