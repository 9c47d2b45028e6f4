"""Where suspects lie: in which file, at which coordinates of its own, and what they look like."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from cryoice.errors import InputError
from cryoice.files.frames import to_coordinates
from cryoice.learn.dataset import PatchDataset
from cryoice.learn.prepare import Prepared


@dataclass(frozen=True)
class Micrographs:
    """The micrographs that suspects lie on.

    Attributes
    ----------
    prepared
        Of the data set that the networks judged.
    root
        Its folder, to which names of files are relative.
    patch, pixel_size
        Side in px and Å/px of what is shown of a suspect.
    """

    prepared: Prepared
    root: Path
    patch: int
    pixel_size: float

    def place(self, suspects: pd.DataFrame) -> pd.DataFrame:
        """Add to suspects their file, x and y as its coordinate files count (px), and its Å/px.

        Raises
        ------
        InputError
            A micrograph of theirs is not among these.
        """
        number = self._numbers(suspects)
        chosen = suspects.assign(number=number, file="", x=np.nan, y=np.nan, pixel_size=np.nan)
        for index in np.unique(number):
            own = chosen["number"] == index
            positions = chosen.loc[own, ["row", "col"]].to_numpy(np.float64)
            x, y = to_coordinates(
                positions, shape=self.prepared.shapes[index], frame=self.prepared.frames[index]
            )
            chosen.loc[own, "x"], chosen.loc[own, "y"] = x, y
            chosen.loc[own, "file"] = self._name(Path(self.prepared.micrographs[index].path))
            chosen.loc[own, "pixel_size"] = self.prepared.pixel_sizes[index]
        return chosen.drop(columns="number")

    def patches(self, suspects: pd.DataFrame) -> Float[np.ndarray, "n patch patch"]:
        """Cut what the networks saw around each suspect."""
        picks = suspects[["row", "col", "label", "true_label"]].assign(micrograph=self._numbers(suspects))
        dataset = PatchDataset(
            self.prepared.micrographs, picks, patch=self.patch, pixel_size=self.pixel_size, region=0
        )
        return dataset.__getitems__(list(range(len(picks))))["real"].float().numpy()

    def _numbers(self, suspects: pd.DataFrame) -> np.ndarray:
        known = {(one.entry, one.name): number for number, one in enumerate(self.prepared.micrographs)}
        owners: Sequence[tuple[str, str]] = list(zip(suspects["entry"], suspects["micrograph"], strict=True))
        if missing := [owner for owner in owners if owner not in known]:
            raise InputError(f"{self.root}: has no usable micrograph {'/'.join(missing[0])}")
        return np.array([known[owner] for owner in owners], dtype=np.int64)

    def _name(self, path: Path) -> str:
        """Return a file's path below the root; the index may have been made under another spelling of it."""
        path, root = path.absolute(), self.root.absolute()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else "/".join(path.parts[-3:])


def without_place(suspects: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of `Micrographs.place` where no micrograph is at hand: names for files, NaN else."""
    names = suspects["entry"].str.cat(suspects["micrograph"], sep="/")
    return suspects.assign(file=names, x=np.nan, y=np.nan, pixel_size=np.nan)
