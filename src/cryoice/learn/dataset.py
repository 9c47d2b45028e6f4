"""Picks as pairs of real patch and spectral region, cut from memory-mapped micrographs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.signal.patches import extract_patch

OPENED = 256
"""Arrays kept open in one process; each holds a file descriptor, of which 1024 are usual."""

SAME_PIXEL_SIZE = 1.001
"""Ratio up to which two pixel sizes are one: resampling rounds to whole pixels."""


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
        return _opened(self.path)


@lru_cache(maxsize=OPENED)
def _opened(path: str) -> np.ndarray:
    array: np.ndarray = np.load(Path(path), mmap_mode="r", allow_pickle=False)
    return array


@dataclass(frozen=True)
class PreparedMicrograph:
    """What the data set needs of one micrograph."""

    entry: str
    name: str
    path: str
    real: View
    spectrum: View


def whole_batch(batch: Any) -> Any:
    """Collate nothing: `PatchDataset` gives batches that are whole already."""
    return batch


class PatchDataset(Dataset[dict[str, Tensor]]):
    """Item i: the real patch, the region for the spectrum and the labels of pick i.

    ``picks`` has the columns ``micrograph`` (index into ``micrographs``), ``row``, ``col`` (px of the
    micrograph as stored), ``label`` and ``true_label``. Real patches are ``patch`` px at ``pixel_size``
    Å/px, interpolated where the micrograph is coarser; regions are ``region`` px (0: none wanted).
    A batch's ``measured`` tells whose spectrum is data: its region's, or without regions the patch's.
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
        self._measured = torch.tensor([self._has_spectrum(micrograph) for micrograph in micrographs])

    def __len__(self) -> int:
        return len(self.picks)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: values[0] for name, values in self.__getitems__([index]).items()}

    def __getitems__(self, indices: list[int]) -> dict[str, Tensor]:
        """Return a whole batch at once, as the loader asks for it."""
        owner = [self.micrographs[self._owner[index]] for index in indices]
        chosen = torch.as_tensor(indices)
        batch = {
            "real": self._real_patches(owner, indices),
            "measured": self._measured[torch.from_numpy(self._owner[indices])],
            "label": self._label[chosen],
            "index": chosen,
        }
        if self.region:
            batch["region"] = self._regions(owner, indices)
        return batch

    def entries(self) -> list[int]:
        """Return the entry of every pick, numbered in the order of their names."""
        names = sorted({micrograph.entry for micrograph in self.micrographs})
        number = [names.index(micrograph.entry) for micrograph in self.micrographs]
        return [number[index] for index in self._owner]

    def _real_patches(self, owner: list[PreparedMicrograph], indices: list[int]) -> Tensor:
        patches = np.empty((len(indices), self.patch, self.patch), dtype=np.float16)
        for out, micrograph, position in zip(patches, owner, self._real[indices], strict=True):
            view = micrograph.real
            scale = self.pixel_size / view.pixel_size if self._is_coarse(view) else 1.0
            out[:] = extract_patch(view.open(), position, side=self.patch, scale=scale)
        return torch.from_numpy(patches)

    def _regions(self, owner: list[PreparedMicrograph], indices: list[int]) -> Tensor:
        regions = np.zeros((len(indices), self.region, self.region), dtype=np.float16)
        for out, micrograph, position in zip(regions, owner, self._spectrum[indices], strict=True):
            if micrograph.spectrum.path is not None:
                out[:] = extract_patch(micrograph.spectrum.open(), position, side=self.region)
        return torch.from_numpy(regions)

    def _positions(self, view: str) -> np.ndarray:
        positions = self.picks[["row", "col"]].to_numpy(dtype=np.float64)
        scales = np.array([getattr(micrograph, view).scale for micrograph in self.micrographs]).reshape(-1, 2)
        scaled: np.ndarray = positions * scales[self._owner]
        return scaled

    def _has_spectrum(self, micrograph: PreparedMicrograph) -> bool:
        """Whether a spectrum is data: of its own view, or of a real patch that is not interpolated."""
        return micrograph.spectrum.path is not None if self.region else not self._is_coarse(micrograph.real)

    def _is_coarse(self, view: View) -> bool:
        return view.pixel_size > SAME_PIXEL_SIZE * self.pixel_size


def require_classes(datasets: Mapping[str, PatchDataset]) -> None:
    """Check that every split holds GOOD and BAD picks.

    Raises
    ------
    InputError
        One holds none of a kind.
    """
    for split, dataset in datasets.items():
        labels = set(dataset.picks["label"])
        for value, name in ((GOOD, "GOOD"), (BAD, "BAD")):
            if value not in labels:
                raise InputError(
                    f"data: the {split} split holds no {name} pick; add micrographs or change data.split.seed"
                )
