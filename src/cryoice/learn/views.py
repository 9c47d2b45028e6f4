"""Micrographs normalised and resampled once, kept as arrays in the cache."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cryoice.files.atomic import replacing
from cryoice.files.micrograph import read_micrograph
from cryoice.learn.dataset import View
from cryoice.signal.views import levelled, resampled_view

VERSION = 2
"""Raise it when cached arrays would come out differently."""

ARRAYS = "arrays"
"""Folder of the arrays in the cache."""


@dataclass(frozen=True)
class Source:
    """One micrograph to be cached at several pixel sizes; its file is read for new arrays only.

    ``native`` is its own pixel size (Å/px), ``cache`` the folder of all data.
    """

    path: Path
    native: float
    cache: Path

    def views(self, targets: list[float]) -> tuple[list[View], tuple[int, int]]:
        """Return a view at each pixel size (Å/px), named below the cache, and the shape as stored (px).

        Raises
        ------
        InputError
            The micrograph cannot be read or the cache cannot be written.
        """
        loaded: list[np.ndarray] = []

        def pixels() -> np.ndarray:
            if not loaded:
                loaded.append(levelled(read_micrograph(self.path).array))
            return loaded[0]

        found = [self._view(target, pixels) for target in targets]
        return [view for view, _ in found], found[0][1]

    def _view(self, target: float, pixels: Callable[[], np.ndarray]) -> tuple[View, tuple[int, int]]:
        content = {"version": VERSION, "file": stamp(self.path), "native": self.native, "target": target}
        name = f"{ARRAYS}/{digest(content)}.npy"
        array = self.cache / name
        facts = array.with_suffix(".json")
        if not (array.exists() and facts.exists()):
            _write(pixels(), array, facts, native=self.native, target=target)
        known = json.loads(facts.read_text())
        stored, shape = known["stored"], known["shape"]
        view = View(path=name, pixel_size=target, scale=(shape[0] / stored[0], shape[1] / stored[1]))
        return view, (stored[0], stored[1])


def _write(source: np.ndarray, array: Path, facts: Path, *, native: float, target: float) -> None:
    view = resampled_view(source, pixel_size=native, target=target)
    with replacing(array) as scratch:
        np.save(scratch, view.astype(np.float16))
    with replacing(facts) as scratch:
        scratch.write_text(json.dumps({"stored": source.shape, "shape": view.shape}))


def stamp(path: Path) -> list[Any]:
    """Return what changes when a file does: its place, size and time."""
    status = path.stat()
    return [str(path.resolve()), status.st_size, status.st_mtime_ns]


def digest(content: Any) -> str:
    """Return a short name for plain data."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
