"""Whether the coordinates of a file sit on particles, asked of some of its micrographs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from cryoice.constants import GOOD
from cryoice.errors import InputError
from cryoice.files.frames import to_coordinates
from cryoice.files.micrograph import read_micrograph
from cryoice.files.names import match_micrographs
from cryoice.files.orientation import probe_frames
from cryoice.files.particles import CoordinateFile, Particles
from cryoice.files.picks import Picks
from cryoice.project.clean_picks import FLIPPED, CleanSettings, positions_on
from cryoice.project.mask_folder import MaskFolder

_PROBED = 6
"""Micrographs read for the probe, those with the most coordinates."""

_AS_READ = "top"
_ELSEWHERE = {
    "cryoppp": "upside down",
    "flip_x": "mirrored left to right",
    "transpose": "with x and y exchanged",
}


@dataclass(frozen=True)
class Probed:
    """What the micrographs say against the frame: in words, and the settings to go on with.

    ``turned`` tells that the settings follow the micrographs.
    """

    words: str
    settings: CleanSettings
    turned: bool


def probe_frame(file: CoordinateFile, folder: MaskFolder, settings: CleanSettings) -> Probed | None:
    """Tell that the coordinates fit another frame better; None when nothing says so.

    Where the format's frame is in doubt and none was asked for, the micrographs decide whether rows count
    from the other end. They are looked for where their list named them, from the current folder; where
    none is found, nothing is said.
    """
    probe = probe_frames(_samples(file.particles, folder, settings))
    if probe.winner in (None, _AS_READ):
        return None
    found = f"{file.path}: the particles lie {_ELSEWHERE[probe.winner]}"
    found += f" (z = {probe.z[probe.winner]:.1f} against {probe.z[_AS_READ]:.1f})"
    if probe.winner not in FLIPPED:
        return Probed(f"{found}; check the file", settings, turned=False)
    if settings.flip_y is None and not file.particles.frame_sure:
        turned = replace(settings, flip_y=True)
        return Probed(f"{found}: its rows are counted so", turned, turned=True)
    remedy = "--no-flip-y" if settings.flip_y else "--flip-y"
    return Probed(f"{found}; give {remedy} if that is so", settings, turned=False)


def _samples(
    particles: Particles, folder: MaskFolder, settings: CleanSettings
) -> Iterator[tuple[np.ndarray, Picks]]:
    """Yield micrographs with the positions of their particles, those with the most first."""
    names, counts = np.unique(particles.micrograph.astype(str), return_counts=True)
    pairs = match_micrographs(names.tolist(), list(folder.by_name)).pairs
    given = 0
    for name in names[np.argsort(-counts, kind="stable")].tolist():
        masked = folder.by_name.get(pairs.get(name, ""))
        if masked is None or not Path(masked.name).is_file():
            continue
        try:
            array = read_micrograph(Path(masked.name)).array
        except InputError:
            continue
        rows = np.flatnonzero(particles.micrograph == name)
        positions, shape, _ = positions_on(particles, rows, masked, settings)
        positions = positions[np.isfinite(positions).all(axis=1)] * np.array(array.shape) / np.array(shape)
        yield array, _as_picks(positions, (array.shape[0], array.shape[1]))
        given += 1
        if given == _PROBED:
            return


def _as_picks(positions: Float64[np.ndarray, "n 2"], shape: tuple[int, int]) -> Picks:
    """Positions as picks of the frame 'top': the probe's other frames are then relative to them."""
    x, y = to_coordinates(positions, shape=shape, frame=_AS_READ)
    label = np.full(len(x), GOOD, dtype=np.int64)
    return Picks(x=x, y=y, label=label, true_label=label, diameter=None)
