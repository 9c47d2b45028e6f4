"""Simulated micrographs with the class of every pixel, cached as the views that a network is shown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.utils.data import Dataset

from cryoice.constants import CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.lock import one_at_a_time
from cryoice.files.micrograph import read_micrograph
from cryoice.files.mrc import read_mrc
from cryoice.learn.views import digest
from cryoice.signal.views import levelled, resampled_view
from cryoice.simulate.dataset import simulate_dataset
from cryoice.simulate.layout_on_disk import read_json

VERSION = 2
"""Raise it when cached views would come out differently."""

CRYSTALLINE = CLASSES.index("crystalline")

VIEWS, MASKS, FACTS = "views.npy", "masks.npy", "facts.json"


@dataclass(frozen=True)
class PixelSet:
    """The views of one simulated data set, in ``folder``.

    Attributes
    ----------
    name
        Its name among the sets of a training.
    stems
        Names of the micrographs, in the order of the arrays.
    """

    name: str
    folder: Path
    stems: tuple[str, ...]
    _opened: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def held(cls, name: str, stems: Sequence[str], *, views: np.ndarray, masks: np.ndarray) -> "PixelSet":
        """Make a set of arrays in memory, of which no folder knows."""
        return cls(name, Path(), tuple(stems), {VIEWS: views, MASKS: masks})

    @property
    def views(self) -> np.ndarray:
        """float16 (n, height, width), memory-mapped; as `signal.views.resampled_view` gives them."""
        return self._open(VIEWS)

    @property
    def masks(self) -> np.ndarray:
        """uint8 (n, height, width), memory-mapped: index in `CLASSES`, or `IGNORE`."""
        return self._open(MASKS)

    def _open(self, name: str) -> np.ndarray:
        if name not in self._opened:
            self._opened[name] = np.load(self.folder / name, mmap_mode="r", allow_pickle=False)
        return self._opened[name]


def prepare_set(
    name: str,
    simulation: Mapping[str, Any],
    *,
    pixel_size: float,
    faintest: float,
    cache: Path,
    jobs: int,
) -> PixelSet:
    """Simulate what is missing of a data set and cache its views at ``pixel_size`` Å/px.

    Crystalline film is left without a label in micrographs whose domains all send less than the share
    ``faintest`` of the electrons aside (``mottle``): their fringes are finer than the view.

    Raises
    ------
    InputError
        A setting of the simulation is wrong, or the cache cannot be written.
    """
    root = simulate_dataset(simulation, cache, jobs=jobs)
    content = {"version": VERSION, "set": root.name, "pixel_size": pixel_size, "faintest": faintest}
    folder = cache / "pixels" / digest(content)
    if not (folder / FACTS).exists():
        with one_at_a_time(folder.with_suffix(".lock")):
            if not (folder / FACTS).exists():
                source = _Source(root, float(simulation["pixel_size"]), faintest)
                _build(source, folder, name, target=pixel_size)
    return PixelSet(name, folder, tuple(json.loads((folder / FACTS).read_text())["stems"]))


@dataclass(frozen=True)
class _Source:
    """A simulated data set of ``pixel_size`` Å/px on disk; ``faintest`` as in `prepare_set`."""

    root: Path
    pixel_size: float
    faintest: float

    def micrographs(self) -> list[Path]:
        return sorted(self.root.glob("*/micrographs/*.mrc"))

    def view_and_mask(self, path: Path, *, target: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the view of a micrograph at ``target`` Å/px and its classes at the same pixels."""
        view = resampled_view(
            levelled(read_micrograph(path).array), pixel_size=self.pixel_size, target=target
        )
        truth = path.parents[1] / "ground_truth"
        mask, _ = read_mrc(truth / "masks" / f"{path.stem}_mask.mrc")
        domains = read_json(truth / "parameters" / f"{path.stem}.json").get("crystalline", [])
        if all(domain["mottle"] < self.faintest for domain in domains):
            mask = np.where(mask == CRYSTALLINE, np.float32(IGNORE), mask)
        rows, columns = (
            np.minimum(np.rint(np.arange(small) * large / small).astype(int), large - 1)
            for small, large in zip(view.shape, mask.shape, strict=True)
        )
        limit = np.finfo(np.float16).max
        return np.clip(view, -limit, limit), mask[np.ix_(rows, columns)].astype(np.uint8)


def _build(source: _Source, folder: Path, name: str, *, target: float) -> None:
    """Write views and masks; the facts come last and say that everything is there."""
    micrographs = source.micrographs()
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / VIEWS) as views, replacing(folder / MASKS) as masks:
        arrays: tuple[np.memmap[Any, Any], np.memmap[Any, Any]] | None = None
        words, console = f"views of {name}", Console(stderr=True)
        for index, path in enumerate(track(micrographs, words, console=console, transient=True)):
            view, mask = source.view_and_mask(path, target=target)
            if arrays is None:
                shape = (len(micrographs), *view.shape)
                arrays = (_created(views, np.float16, shape), _created(masks, np.uint8, shape))
            arrays[0][index], arrays[1][index] = view, mask
        for array in arrays or ():
            array.flush()
    with replacing(folder / FACTS) as scratch:
        scratch.write_text(json.dumps({"stems": [path.stem for path in micrographs]}))


def _created(path: Path, kind: type[np.generic], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    created: np.memmap[Any, Any] = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
    return created


class PixelDataset(Dataset[dict[str, Tensor]]):
    """Item i: the whole view and mask of micrograph i, and i.

    ``chosen`` names the micrographs by (set, number in it); the views of all sets are of one shape.
    """

    def __init__(self, sets: Sequence[PixelSet], chosen: Sequence[tuple[int, int]]) -> None:
        self.sets, self.chosen = tuple(sets), tuple(chosen)
        shapes = {one.views.shape[1:] for one in self.sets}
        if len(shapes) > 1:
            raise InputError(
                f"data.simulations: their views differ in shape, {sorted(shapes)}; give all the same size"
            )

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: values[0] for name, values in self.__getitems__([index]).items()}

    def __getitems__(self, indices: list[int]) -> dict[str, Tensor]:
        """Return a whole batch at once, as the loader asks for it: view, mask, index."""
        owners = [self.chosen[index] for index in indices]
        views = np.stack([self.sets[number].views[row] for number, row in owners])
        masks = np.stack([self.sets[number].masks[row] for number, row in owners])
        return {
            "view": torch.from_numpy(views),
            "mask": torch.from_numpy(masks),
            "index": torch.as_tensor(indices),
        }

    def name(self, index: int) -> tuple[str, str]:
        """Return the set and the name of the micrograph of an item."""
        number, row = self.chosen[index]
        return self.sets[number].name, self.sets[number].stems[row]
