"""Exposures of cryoSPARC behind motion correction: one data set (.cs), or a group of them (.csg).

``micrograph_blob/path`` is the micrograph, ``micrograph_blob/psize_A`` its Å/px. Dose weighting takes from
it what shows crystals; ``micrograph_blob_non_dw/path`` is the same without, of the same shape. In an
exported group all paths begin with '>' and count from the group's own folder, elsewhere from the project's
(pyem, issue 102).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from cryoice.errors import InputError
from cryoice.files.cryosparc_dataset import (
    FROM_ITSELF,
    fields,
    read_dataset,
    require_paths_hold,
    texts,
    write_dataset,
)
from cryoice.files.cryosparc_group import SUFFIX, Group, read_group
from cryoice.files.score_sidecar import write_scores
from cryoice.files.star_micrographs import find_listed, roots_of

EXPOSURE_SUFFIXES = (SUFFIX, ".cs")

_PATH, _PIXEL_SIZE = "micrograph_blob/path", "micrograph_blob/psize_A"
_NOT_WEIGHTED = "micrograph_blob_non_dw/path"
_MOVIE = "movie_blob/path"


@dataclass(frozen=True)
class Exposures:
    """A list of exposures; all tuples run as its rows do.

    Attributes
    ----------
    path
        The file.
    names
        Paths as the file writes them, less the '>' of exported ones.
    micrographs
        The files, without dose weighting where there is such a one; None where there is none.
    pixel_sizes
        Å/px, None where not told.
    uids
        Of the exposures.
    """

    path: Path
    names: tuple[str, ...]
    micrographs: tuple[Path | None, ...]
    pixel_sizes: tuple[float | None, ...]
    uids: np.ndarray
    _source: Group | np.ndarray

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the kept exposures with all their fields, in their order, and columns beside them by uid.

        A group is written with each of its data sets, as `Group.write` does.

        Raises
        ------
        InputError
            The folder cannot be written, or is not the one from which the file's paths count.
        """
        if isinstance(self._source, Group):
            self._source.write(path, uids=self.uids[keep])
        else:
            require_paths_hold(self.path, path, self._source)
            write_dataset(path, self._source[keep])
        write_scores(path, particles={"uid": self.uids}, keep=keep, columns=columns)


def read_exposures(path: Path) -> Exposures:
    """Read exposures and look for their micrographs, in the project's folder or the group's own.

    Raises
    ------
    InputError
        A file is missing, broken or holds no micrographs, or the files of a group do not fit together.
    """
    group = read_group(path) if path.suffix.lower() == SUFFIX else None
    datasets = [read_dataset(path)] if group is None else list(group.datasets_for("micrograph_blob"))
    found = next((rows for rows in datasets if _PATH in fields(rows)), None)
    if found is None:
        fault = "holds movies" if any(_MOVIE in fields(rows) for rows in datasets) else f"no {_PATH}"
        raise InputError(f"{path}: {fault}; give exposures behind motion correction, or their passthrough")
    if group is not None:
        group.check_uids(found["uid"], of="exposures without a micrograph")
    written = texts(found[_PATH]).tolist()
    if not written:
        raise InputError(f"{path}: lists no exposures; give a group with some")
    better = texts(found[_NOT_WEIGHTED]).tolist() if _NOT_WEIGHTED in fields(found) else [""] * len(written)
    roots = roots_of(path)
    return Exposures(
        path=path,
        names=tuple(name.removeprefix(FROM_ITSELF) for name in written),
        micrographs=tuple(
            (best and _micrograph(best, path, roots)) or _micrograph(name, path, roots)
            for best, name in zip(better, written, strict=True)
        ),
        pixel_sizes=_sizes(found),
        uids=found["uid"],
        _source=found if group is None else group,
    )


def _micrograph(name: str, path: Path, roots: list[Path]) -> Path | None:
    own = name.startswith(FROM_ITSELF)
    return find_listed(name.removeprefix(FROM_ITSELF), [path.parent] if own else roots)


def _sizes(rows: np.ndarray) -> tuple[float | None, ...]:
    if _PIXEL_SIZE not in fields(rows):
        return (None,) * len(rows)
    # 0.83 in single precision is 0.8299999833106995
    sizes = (float(f"{size:.6g}") for size in rows[_PIXEL_SIZE].astype(np.float64).tolist())
    return tuple(size if 0 < size < np.inf else None for size in sizes)
