"""Labels of a user's own micrographs out of picks: clean film around GOOD ones, some artifact around BAD."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, UInt8
from scipy import ndimage

from cryoice.constants import ARTIFACT, BAD, GOOD, IGNORE
from cryoice.errors import InputError
from cryoice.files.coordinate_files import COORDINATE_SUFFIXES, read_coordinates
from cryoice.files.frames import to_coordinates, to_positions
from cryoice.files.names import match_micrographs
from cryoice.files.orientation import probe_frames
from cryoice.files.particles import Particles
from cryoice.files.pick_tables import read_csv_columns
from cryoice.files.picks import Picks
from cryoice.learn.own_masks import Field

_FLIPPED = {"top": "cryoppp", "cryoppp": "top"}
_SAME = 1.15
"""Ratio up to which two pixel sizes are two calibrations of the same pixels."""
_BOX = 1 / 3
"""Radius of a particle in sides of its box, which is drawn half as large again as the particle."""


@dataclass(frozen=True)
class _Some:
    """Picks of one kind in one micrograph: rows of a file's particles."""

    kind: int
    path: Path
    particles: Particles
    rows: np.ndarray


@dataclass(frozen=True)
class PickLabels:
    """Picks by the name of their micrograph.

    Attributes
    ----------
    radius
        Å around a pick that its label reaches; None: that of the particle, as the files tell it.
    flip_y
        Rows count from the other end than the format's; None: as the format has it, if particles lie there.
    """

    picks: Mapping[str, Sequence[_Some]]
    radius: float | None
    flip_y: bool | None

    @classmethod
    def find(
        cls,
        files: Mapping[int, Path | None],
        micrographs: Sequence[str],
        *,
        radius: float | None,
        flip_y: bool | None,
    ) -> "PickLabels":
        """Read the files (or folders of them) of `GOOD` and of `BAD` picks and pair them with micrographs.

        Raises
        ------
        InputError
            A file cannot be read, no pick is on one of these micrographs, or the radius is not above 0.
        """
        if radius is not None and not 0 < radius < np.inf:
            raise InputError(f"radius {radius:g}: must be above 0 Å")
        picks: dict[str, list[_Some]] = {}
        given = {kind: path for kind, path in files.items() if path is not None}
        for kind, place in given.items():
            found = list(_grouped(kind, place))
            pairs = match_micrographs(list(dict.fromkeys(name for name, _ in found)), micrographs).pairs
            for name, some in found:
                if name in pairs:
                    picks.setdefault(pairs[name], []).append(some)
        if not picks:
            raise InputError(f"{', '.join(map(str, given.values()))}: no pick is on one of the micrographs")
        return cls(picks, radius, flip_y)

    @property
    def micrographs(self) -> frozenset[str]:
        """Names of those that have picks."""
        return frozenset(self.picks)

    def label(self, micrograph: str, field: Field) -> UInt8[np.ndarray, "h w"]:
        """Return 0 around GOOD, `ARTIFACT` around BAD, `IGNORE` elsewhere and around both.

        Raises
        ------
        InputError
            No radius is given and the files tell no diameter.
        """
        near = {
            kind: _discs(self.positions(micrograph, field, kind), field, self._radius(micrograph, field))
            for kind in (GOOD, BAD)
        }
        label = np.full(field.view, IGNORE, dtype=np.uint8)
        label[near[GOOD] & ~near[BAD]] = 0
        label[near[BAD] & ~near[GOOD]] = ARTIFACT
        return label

    def positions(self, micrograph: str, field: Field, kind: int) -> Float64[np.ndarray, "n 2"]:
        """Return row and column, px of the micrograph, of its picks of a kind."""
        placed = [_placed(some, field, self.flip_y) for some in self.picks[micrograph] if some.kind == kind]
        return np.concatenate([np.empty((0, 2)), *placed])

    def require_frame(self, samples: Iterable[tuple[str, np.ndarray, Field]]) -> None:
        """Check on some micrographs that GOOD picks lie on particles, where ``flip_y`` leaves it open.

        Raises
        ------
        InputError
            They fit another frame.
        """
        if self.flip_y is not None:
            return
        probe = probe_frames((array, self._as_read(name, field)) for name, array, field in samples)
        if probe.winner not in (None, "top"):
            raise InputError(
                f"the GOOD picks lie on particles only when turned ({probe.winner}, z = "
                f"{probe.z[str(probe.winner)]:.1f} against {probe.z['top']:.1f}); give --flip-y or "
                "--no-flip-y (data.flip_y), as their rows count"
            )

    def _as_read(self, micrograph: str, field: Field) -> Picks:
        x, y = to_coordinates(self.positions(micrograph, field, GOOD), shape=field.shape, frame="top")
        label = np.full(len(x), GOOD, dtype=np.int64)
        return Picks(x=x, y=y, label=label, true_label=label, diameter=None)

    def _radius(self, micrograph: str, field: Field) -> float:
        if self.radius is not None:
            return self.radius
        told = [_own_radius(some) * _binning(some, field) for some in self.picks[micrograph]]
        radius = float(np.nanmedian(told)) if np.isfinite(told).any() else np.nan
        if not radius > 0:
            raise InputError(f"{self.picks[micrograph][0].path}: tells no diameter; give the radius in Å")
        return radius * field.pixel_size


def _grouped(kind: int, place: Path) -> Iterable[tuple[str, _Some]]:
    inside = sorted(place.iterdir()) if place.is_dir() else [place]
    files = [path for path in inside if path == place or path.suffix.lower() in COORDINATE_SUFFIXES]
    if not files:
        raise InputError(f"{place}: holds no coordinate file ({', '.join(COORDINATE_SUFFIXES)})")
    for path in files:
        particles = read_coordinates(path).particles
        for name in dict.fromkeys(particles.micrograph.tolist()):
            yield str(name), _Some(kind, path, particles, np.flatnonzero(particles.micrograph == name))


def _placed(some: _Some, field: Field, flip_y: bool | None) -> Float64[np.ndarray, "n 2"]:
    """Return row and column, px of the micrograph; the file may count binned pixels."""
    particles, binning = some.particles, _binning(some, field)
    height, width = (max(1, round(side / binning)) for side in field.shape)
    frame = _FLIPPED.get(particles.frame, particles.frame) if flip_y else particles.frame
    x, y = particles.x[some.rows], particles.y[some.rows]
    positions = to_positions(x, y, shape=(height, width), frame=frame) * binning
    return positions[np.isfinite(positions).all(axis=1)]


def _binning(some: _Some, field: Field) -> float:
    """Return how many pixels of the micrograph one of the coordinates is."""
    particles, first = some.particles, some.rows[0]
    if particles.shapes is not None:
        return field.shape[0] / max(1, int(particles.shapes[first][0]))
    told = np.nan if particles.pixel_size is None else float(particles.pixel_size[first])
    ratio = told / field.pixel_size
    return ratio if np.isfinite(ratio) and not 1 / _SAME <= ratio <= _SAME else 1.0


def _own_radius(some: _Some) -> float:
    """Return the radius of the particles in px of the coordinates, NaN where the file does not tell."""
    if some.particles.box_size is not None:
        return _BOX * float(np.median(some.particles.box_size[some.rows]))
    if some.path.suffix.lower() != ".csv":
        return np.nan
    diameters = read_csv_columns(some.path, required=(), optional=("Diameter",))["Diameter"]
    diameters = diameters[np.isfinite(diameters) & (diameters > 0)]
    return float(np.median(diameters)) / 2 if len(diameters) else np.nan


def _discs(positions: Float64[np.ndarray, "n 2"], field: Field, radius: float) -> Bool[np.ndarray, "h w"]:
    """Mark the view's pixels within ``radius`` Å of one that holds a position."""
    scale = np.array(field.view) / np.array(field.shape)
    nearest = np.rint(positions * scale).astype(np.intp)
    nearest = nearest[((nearest >= 0) & (nearest < field.view)).all(axis=1)]
    if not len(nearest):
        return np.zeros(field.view, dtype=bool)
    empty = np.ones(field.view, dtype=bool)
    empty[tuple(nearest.T)] = False
    spacing = field.pixel_size / scale
    return np.asarray(ndimage.distance_transform_edt(empty, sampling=spacing)) <= radius
