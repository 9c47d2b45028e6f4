"""The LightningDataModule of per-pixel networks: simulated micrographs of several kinds."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch import Tensor
from torch.utils.data import DataLoader

from cryoice.errors import InputError
from cryoice.learn.loader import ResumableLoader, ordered_loader
from cryoice.learn.pixel_dataset import PixelDataset, PixelSet, prepare_set
from cryoice.learn.share import ALONE, Share
from cryoice.learn.splits import SPLITS, split_as_set


class PixelDataModule(pl.LightningDataModule):
    """Whole simulated micrographs and the class of every pixel, split by micrograph.

    Parameters
    ----------
    simulations
        Settings of a simulation by the name of its set.
    split
        As for `CryoPPPDataModule`; an entry is a set.
    pixel_size
        Å/px of the views.
    faintest
        As in `prepare_set`.
    jobs
        Processes that simulate; None: one a core.
    cache
        Folder for simulated micrographs and their views.
    """

    def __init__(
        self,
        *,
        simulations: Mapping[str, Any],
        split: Mapping[str, Any],
        pixel_size: float,
        faintest: float,
        batch_size: int,
        num_workers: int,
        jobs: int | None,
        cache: str,
        seed: int,
    ) -> None:
        super().__init__()
        if not simulations:
            raise InputError("data.simulations: is empty; give at least one simulation")
        self.simulations, self.split = dict(simulations), dict(split)
        self.pixel_size, self.faintest, self.cache = pixel_size, faintest, Path(cache)
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed
        self.jobs = jobs or os.cpu_count() or 1
        self.datasets: dict[str, PixelDataset] = {}

    def prepare_data(self) -> None:
        """Simulate and cache every micrograph (once, on one process)."""
        self.prepared()

    def prepared(self) -> list[PixelSet]:
        """Return the sets, from the cache where they lie there."""
        return [
            prepare_set(
                name,
                simulation,
                pixel_size=self.pixel_size,
                faintest=self.faintest,
                cache=self.cache,
                jobs=self.jobs,
            )
            for name, simulation in self.simulations.items()
        ]

    def setup(self, stage: str) -> None:
        """Fill ``datasets``, once."""
        if self.datasets:
            return
        sets = self.prepared()
        keys = {
            (one.name, stem): (number, row)
            for number, one in enumerate(sets)
            for row, stem in enumerate(one.stems)
        }
        split = split_as_set(list(keys), self.split)
        for name in SPLITS:
            chosen = [place for key, place in keys.items() if split.get(key) == name]
            self.datasets[name] = PixelDataset(sets, chosen)

    def train_dataloader(self) -> ResumableLoader:
        """Return shuffled training batches that can be resumed in the middle of an epoch."""
        return ResumableLoader(
            self.datasets["train"], batch_size=self.batch_size, seed=self.seed, num_workers=self.num_workers
        )

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """Return validation batches in order, of several processes each its own."""
        return self.loader("val", Share.current())

    def test_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """Return test batches in order."""
        return self.loader("test")

    def loader(self, split: str, share: Share = ALONE) -> DataLoader[dict[str, Tensor]]:
        """Return the batches of a split in order, none dropped: whole views, several crops' worth each."""
        return self.loader_of(self.datasets[split], share)

    def loader_of(self, dataset: PixelDataset, share: Share = ALONE) -> DataLoader[dict[str, Tensor]]:
        """Do what `loader` does for any micrographs."""
        return ordered_loader(dataset, batch_size=max(1, self.batch_size // 4), share=share)
