"""Particles of cryoSPARC: one data set (.cs), or a group of them (.csg).

``location/center_x_frac`` and ``center_y_frac`` are shares of the micrograph's width and height
(``location/micrograph_shape``: height, width). y is counted from the lower edge, at which cryoSPARC
draws the array's first row: row = H * center_y_frac ('top'). Pickers that hand fractions of the array to
cryoSPARC (vesicle-picker, crYOLO by way of cryosparc-tools) and cryoFILTER count so; pyem mirrors y on
its way to RELION (its issues 81 and 101). No micrograph has settled it here, so a run should probe it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

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
from cryoice.files.particles import Particles, told_per_row
from cryoice.files.score_sidecar import write_scores

FRAME = "top"
_NAME = "location/micrograph_path"
_SHAPE = "location/micrograph_shape"
_X, _Y = "location/center_x_frac", "location/center_y_frac"
_PIXEL_SIZE = "location/micrograph_psize_A"
_BOX, _BOX_PIXEL_SIZE = "blob/shape", "blob/psize_A"


@dataclass(frozen=True)
class CryosparcFile:
    """One .cs file; columns lie beside it by uid (`score_sidecar`), for a data set's fields are fixed."""

    path: Path
    particles: Particles
    rows: np.ndarray

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the kept rows with all their fields, uids among them, and their columns beside them.

        Raises
        ------
        InputError
            The folder cannot be written, or is not the one from which paths count.
        """
        require_paths_hold(self.path, path, self.rows)
        write_dataset(path, self.rows[keep])
        write_scores(path, particles={"uid": self.rows["uid"]}, keep=keep, columns=columns)


@dataclass(frozen=True)
class CryosparcGroup:
    """A .csg file and its data sets, of which one holds the locations; columns as for `CryosparcFile`."""

    path: Path
    particles: Particles
    group: Group
    uids: np.ndarray

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the group and, beside it, each of its data sets less the dropped particles.

        'clean.csg' has the data sets 'clean_<their old name>'; their rows keep their order and fields.

        Raises
        ------
        InputError
            The folder cannot be written, or ``path`` does not end in .csg.
        """
        self.group.write(path, uids=self.uids[keep])
        write_scores(path, particles={"uid": self.uids}, keep=keep, columns=columns)


def read(path: Path, *, box_size: float | None) -> CryosparcFile | CryosparcGroup:
    """Read a .cs file, or a .csg file with the data sets in its folder.

    Parameters
    ----------
    path
        File to read.
    box_size
        Side of the particles' boxes, px of the micrograph; None takes that of the extracted particles,
        where a data set tells it.

    Raises
    ------
    InputError
        A file is missing, broken or holds no locations, or the files of a group do not fit together.
    """
    if path.suffix.lower() != SUFFIX:
        rows = read_dataset(path)
        if not _has_locations(rows):
            raise InputError(
                f"{path}: no {_X}; give the job's passthrough .cs that holds the locations, or its .csg"
            )
        return CryosparcFile(path, _particles(path, rows, boxes=_boxes(rows), box_size=box_size), rows)
    group = read_group(path)
    found = next((rows for rows in group.datasets_for("location") if _has_locations(rows)), None)
    if found is None:
        raise InputError(f"{path}: none of its data sets has {_X}; give a group of picked particles")
    group.check_uids(found["uid"])
    blobs = next((rows for rows in group.datasets_for("blob") if _has_blobs(rows)), None)
    boxes = None if blobs is None else _boxes(found, blobs)
    particles = _particles(path, found, boxes=boxes, box_size=box_size)
    return CryosparcGroup(path, particles, group, found["uid"])


def _has_locations(rows: np.ndarray) -> bool:
    return {_NAME, _SHAPE, _X, _Y} <= fields(rows)


def _has_blobs(rows: np.ndarray) -> bool:
    return {_BOX, _BOX_PIXEL_SIZE} <= fields(rows)


def _particles(
    path: Path, rows: np.ndarray, *, boxes: Float64[np.ndarray, " n"] | None, box_size: float | None
) -> Particles:
    shapes = rows[_SHAPE].astype(np.int64)
    if shapes.ndim != 2 or shapes.shape[1] != 2 or (shapes < 1).any():
        raise InputError(f"{path}: {_SHAPE} is not height and width in px; export the particles again")
    height, width = shapes.T
    return Particles(
        micrograph=np.array([name.removeprefix(FROM_ITSELF) for name in texts(rows[_NAME])], dtype=object),
        x=rows[_X].astype(np.float64) * width,
        y=rows[_Y].astype(np.float64) * height,
        frame=FRAME,
        frame_sure=False,
        box_size=boxes if box_size is None else np.full(len(rows), box_size),
        pixel_size=told_per_row(rows[_PIXEL_SIZE]) if _PIXEL_SIZE in fields(rows) else None,
        shapes=shapes,
    )


def _boxes(rows: np.ndarray, blobs: np.ndarray | None = None) -> Float64[np.ndarray, " n"] | None:
    """Sides of the extracted boxes in px of the micrographs, None where not told.

    ``blobs`` tells them where the locations' data set does not; it has all uids of ``rows``, in any order.
    """
    blobs = rows if blobs is None else blobs
    if _PIXEL_SIZE not in fields(rows) or not _has_blobs(blobs) or blobs[_BOX].ndim != 2:
        return None
    order = np.argsort(blobs["uid"])
    places = order[np.searchsorted(blobs["uid"], rows["uid"], sorter=order)]
    sides = blobs[_BOX][places].max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        boxes = sides * blobs[_BOX_PIXEL_SIZE][places].astype(np.float64) / rows[_PIXEL_SIZE]
    return boxes if np.isfinite(boxes).all() and (boxes > 0).all() else None
