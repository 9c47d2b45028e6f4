"""Picks as pairs of real patch and spectral region, cut from memory-mapped micrographs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset

from cryoice.signal.patches import extract_patch


@dataclass(frozen=True)
class View:
    """A micrograph resampled and normalised once, kept as ``.npy``; ``path`` None: not available."""

    path: str | None
    pixel_size: float
    scale: tuple[float, float]

    def positions(self, positions: np.ndarray) -> np.ndarray:
        """Convert (row, col) of the micrograph as stored into pixels of this view."""
        scaled: np.ndarray = positions * np.asarray(self.scale)
        return scaled

    def open(self) -> np.ndarray:
        """Return the memory-mapped array."""
        if self.path is None:
            raise ValueError("this view is not available")
        array: np.ndarray = np.load(Path(self.path), mmap_mode="r", allow_pickle=False)
        return array


@dataclass(frozen=True)
class PreparedMicrograph:
    """What the data set needs of one micrograph."""

    entry: str
    name: str
    path: str
    real: View
    spectrum: View


class PatchDataset(Dataset[dict[str, Tensor]]):
    """Item i: the real patch, the region for the spectrum and the labels of pick i.

    ``picks`` has the columns ``micrograph`` (index into ``micrographs``), ``row``, ``col`` (px of the
    micrograph as stored), ``label`` and ``true_label``. Real patches are ``patch`` px at ``pixel_size``
    Å/px, interpolated where the micrograph is coarser; regions are ``region`` px (0: none wanted).
    """

    def __init__(
        self,
        micrographs: list[PreparedMicrograph],
        picks: pd.DataFrame,
        *,
        patch: int,
        pixel_size: float,
        region: int,
    ) -> None:
        self.micrographs = micrographs
        self.patch, self.pixel_size, self.region = patch, pixel_size, region
        self.picks = picks.reset_index(drop=True)
        self._owner = self.picks["micrograph"].to_numpy()
        self._label = torch.from_numpy(self.picks["label"].to_numpy(dtype=np.int64).copy())
        self._real, self._spectrum = (self._positions(view) for view in ("real", "spectrum"))
        self._open: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.picks)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        micrograph = self.micrographs[self._owner[index]]
        view = micrograph.real
        scale = self.pixel_size / view.pixel_size if view.pixel_size > 1.001 * self.pixel_size else 1.0
        real = extract_patch(self._array(view), tuple(self._real[index]), side=self.patch, scale=scale)
        item = {
            "real": torch.from_numpy(real),
            "measured": torch.tensor(self.region == 0 or micrograph.spectrum.path is not None),
            "label": self._label[index],
            "index": torch.tensor(index),
        }
        if self.region:
            item["region"] = self._region(micrograph.spectrum, index)
        return item

    def _region(self, view: View, index: int) -> Tensor:
        if view.path is None:
            return torch.zeros(self.region, self.region, dtype=torch.float16)
        return torch.from_numpy(
            extract_patch(self._array(view), tuple(self._spectrum[index]), side=self.region)
        )

    def _positions(self, view: str) -> np.ndarray:
        positions = self.picks[["row", "col"]].to_numpy(dtype=np.float64)
        scales = np.array([getattr(micrograph, view).scale for micrograph in self.micrographs]).reshape(-1, 2)
        scaled: np.ndarray = positions * scales[self._owner]
        return scaled

    def _array(self, view: View) -> np.ndarray:
        if (path := str(view.path)) not in self._open:
            self._open[path] = view.open()
        return self._open[path]

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_open": {}}
