"""The LightningDataModule: patches around the picks of CryoPPP entries."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl
from torch import Tensor
from torch.utils.data import DataLoader

from cryoice.errors import InputError
from cryoice.learn.cleaning import Cleaning
from cryoice.learn.dataset import PatchDataset, require_classes
from cryoice.learn.label_noise import NO_NOISE, planted, with_noise
from cryoice.learn.loader import ResumableLoader, ordered_loader
from cryoice.learn.pixel_sizes import checked_sizes
from cryoice.learn.prepare import Prepared, prepare
from cryoice.learn.share import ALONE, Share
from cryoice.learn.splits import SPLITS, split_as_set
from cryoice.learn.view import spectrum_region
from cryoice.signal.patches import fits

log = logging.getLogger(__name__)

SMALLEST_PATCH = 8


class CryoPPPDataModule(pl.LightningDataModule):
    """Patches around the picks of CryoPPP entries, split by micrograph.

    Parameters
    ----------
    root
        Folder that holds the entries, or one entry.
    entries
        Names of the entries to use; None: all. Names of digits may be numbers, here and below.
    frame
        ``auto`` (the declared frame, checked by the orientation probe) or a frame by name.
    pixel_sizes
        Å/px by entry, over what the files say; None: as the files say.
    margin
        Distance in Å that a pick must keep from the edge; None: as much as its patch needs.
    split
        ``by`` (``micrograph`` or ``entry``), ``train``, ``val``, ``test`` (shares), ``seed``, and where
        set ``held_out``, ``fold``, ``folds``; see `split_micrographs`.
    noise
        Wrong labels to plant outside the test split (`label_noise.planted`): ``kind``, ``rate``, ``seed``.
    suspects, cleaning
        List of picks whose labels are cleaned before training, None: none; what is done: see `Cleaning`.
    patch, pixel_size
        Side of the real patch in px and its Å/px.
    spectrum
        Settings of the spectral channel, as in ``conf/channels``.
    cache
        Folder for resampled micrographs.
    balance
        ``entry``: an epoch shows as many patches of every entry; ``none``: each patch once.
    """

    def __init__(
        self,
        *,
        root: str,
        entries: Sequence[str | int] | None,
        frame: str,
        pixel_sizes: Mapping[Any, float] | None,
        margin: float | None,
        split: Mapping[str, Any],
        patch: int,
        pixel_size: float,
        spectrum: Mapping[str, Any],
        batch_size: int,
        num_workers: int,
        cache: str,
        seed: int,
        balance: str = "none",  # checkpoints written before these were there do not tell them
        noise: Mapping[str, Any] = NO_NOISE,
        suspects: str | None = None,
        cleaning: str = "drop",
    ) -> None:
        super().__init__()
        if patch < SMALLEST_PATCH:
            raise InputError(f"patch={patch}: must be at least {SMALLEST_PATCH} px")
        if pixel_size <= 0:
            raise InputError(f"pixel_size={pixel_size}: must be positive (Å/px)")
        self.root, self.cache = Path(root), Path(cache)
        self.entries = None if entries is None else [str(name) for name in entries]
        self.frame, self.pixel_sizes = frame, checked_sizes(pixel_sizes or {})
        self.patch, self.pixel_size, self.margin = patch, pixel_size, margin
        self.spectrum, self.region = dict(spectrum), spectrum_region(spectrum, patch=patch)
        self.split, self.noise, self.balance, self.seed = dict(split), dict(noise), balance, seed
        self.cleaning = None if suspects is None else Cleaning(Path(suspects), cleaning)
        self.batch_size, self.num_workers = batch_size, num_workers
        self.datasets: dict[str, PatchDataset] = {}
        self.dropped: dict[str, int] = {}

    def prepare_data(self) -> None:
        """Resample and cache every micrograph (once, on one process)."""
        self.prepared()

    def prepared(self) -> Prepared:
        """Return the prepared data set, from the cache where it lies there."""
        plain = self.spectrum["kind"] == "plain"
        return prepare(
            self.root,
            entries=self.entries,
            frame=self.frame,
            pixel_sizes=self.pixel_sizes,
            pixel_size=self.pixel_size,
            spectrum_pixel_size=None if plain else self.spectrum["pixel_size"],
            cache=self.cache,
        )

    def setup(self, stage: str) -> None:
        """Log what was left out and fill ``datasets``, once."""
        if self.datasets:
            return
        prepared = self.prepared()
        for note in prepared.notes:
            log.warning(note)
        self.fill(prepared, self._usable(prepared))

    def fill(self, prepared: Prepared, picks: pd.DataFrame) -> None:
        """Cut the usable picks into train, val and test by micrograph."""
        keys = [(micrograph.entry, micrograph.name) for micrograph in prepared.micrographs]
        used = [keys[index] for index in sorted(picks["micrograph"].unique())]
        split = split_as_set(used, self.split)
        part = picks["micrograph"].map(lambda index: split.get(keys[index]))
        picks = self._with_noise(prepared, picks, part)
        if self.cleaning is not None:
            picks, dropped = self.cleaning.apply(picks, prepared.micrographs, part=part)
            self.dropped |= dropped
        for name in SPLITS:
            self.datasets[name] = self._dataset(prepared, picks[part.loc[picks.index] == name])
        require_classes(self.datasets)

    def _with_noise(self, prepared: Prepared, picks: pd.DataFrame, part: pd.Series) -> pd.DataFrame:
        """Plant wrong labels everywhere but in the test split; in folds there too: it stands for training."""
        if self.noise["kind"] == "none":
            return picks
        flips = planted(prepared.picks, prepared.micrographs, noise=self.noise)[picks.index]
        in_fold = self.split.get("fold") is not None
        return with_noise(picks, flips, among=(in_fold | (part != "test")).to_numpy())

    def train_dataloader(self) -> ResumableLoader:
        """Return shuffled training batches that can be resumed in the middle of an epoch."""
        train = self.datasets["train"]
        return ResumableLoader(
            train,
            batch_size=self.batch_size,
            seed=self.seed,
            num_workers=self.num_workers,
            groups=train.entries() if self.balance == "entry" else None,
        )

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """Return validation batches in order, of several processes each its own."""
        return self.loader("val", Share.current())

    def test_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """Return test batches in order."""
        return self.loader("test")

    def loader(self, split: str, share: Share = ALONE) -> DataLoader[dict[str, Tensor]]:
        """Return the batches of a split in order, none dropped."""
        return ordered_loader(self.datasets[split], batch_size=2 * self.batch_size, share=share)

    def _dataset(self, prepared: Prepared, picks: pd.DataFrame) -> PatchDataset:
        return PatchDataset(
            prepared.micrographs, picks, patch=self.patch, pixel_size=self.pixel_size, region=self.region
        )

    def _usable(self, prepared: Prepared) -> pd.DataFrame:
        picks = prepared.picks
        clear = np.zeros(len(picks), dtype=bool)
        for index, micrograph in enumerate(prepared.micrographs):
            own = (picks["micrograph"] == index).to_numpy()
            positions = picks.loc[own, ["row", "col"]].to_numpy(dtype=np.float64)
            half = (
                self.half_field(spectrum=micrograph.spectrum.path is not None) / prepared.pixel_sizes[index]
            )
            clear[own] = fits(positions, prepared.shapes[index], half=half)
        inside = picks["inside"].to_numpy(dtype=bool)
        self.dropped = {
            "off the micrograph": int((~inside).sum()),
            "too near its edge": int((inside & ~clear).sum()),
            **prepared.left_out,
        }
        if reasons := ", ".join(f"{n} {reason}" for reason, n in self.dropped.items() if n):
            log.warning("left out: %s", reasons)
        usable = picks[inside & clear]
        if usable.empty:
            self._refuse_patch(prepared)
        return usable

    def half_field(self, *, spectrum: bool) -> float:
        """Return the distance in Å that a pick must keep from the edge of its micrograph."""
        # one pixel more than half the side: positions are rounded, and even patches are not symmetric
        needed = (self.patch / 2 + 1) * self.pixel_size
        if spectrum and self.region:
            needed = max(needed, (self.region / 2 + 1) * self.spectrum["pixel_size"])
        return float(max(needed, self.margin or 0.0))

    def _refuse_patch(self, prepared: Prepared) -> None:
        largest = max(
            min(shape) * size for shape, size in zip(prepared.shapes, prepared.pixel_sizes, strict=True)
        )
        half = self.half_field(spectrum=True)
        raise InputError(
            f"patch={self.patch}: no pick keeps the {half:.0f} Å from the edge that its "
            f"field needs (micrographs of {largest:.0f} Å); "
            "use a smaller patch, pixel_size or channels.spectrum.field"
        )
