"""Whether the coordinates of a file sit on particles, asked of some of its micrographs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from cryoice.constants import GOOD
from cryoice.errors import InputError
from cryoice.files.frames import to_coordinates
from cryoice.files.micrograph import read_micrograph
from cryoice.files.orientation import probe_frames
from cryoice.files.picks import Picks
from cryoice.project.clean_picks import CleanSettings
from cryoice.project.mask_folder import Masked, MaskFolder
from cryoice.project.pick_files import FLIPPED, PickFile, place

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


def probe_frame(
    files: Sequence[PickFile], folder: MaskFolder, masks: Mapping[str, Masked], settings: CleanSettings
) -> Probed | None:
    """Tell that the coordinates fit another frame better; None when nothing speaks against theirs.

    Where the format's frame is in doubt and none was asked for, the micrographs decide whether rows count
    from the other end. They are looked for where their list named them, from the current folder and from
    those above the masks.
    """
    probe = probe_frames(_samples(files, folder, masks, settings))
    in_doubt = settings.flip_y is None and not any(file.file.particles.frame_sure for file in files)
    named = str(files[0].file.path) + (f" and {len(files) - 1} more" if len(files) > 1 else "")
    if probe.winner == _AS_READ or (probe.winner is None and not in_doubt):
        return None
    if probe.winner is None:
        seen = f"{probe.micrographs} micrographs at hand"
        words = f"programs disagree about this format's frame, and {seen} do not tell"
        return Probed(f"{named}: {words}; give --flip-y or --no-flip-y", settings, turned=False)
    found = f"{named}: the particles lie {_ELSEWHERE[probe.winner]}"
    found += f" (z = {probe.z[probe.winner]:.1f} against {probe.z[_AS_READ]:.1f})"
    if probe.winner not in FLIPPED:
        return Probed(f"{found}; check the file", settings, turned=False)
    if in_doubt:
        turned = replace(settings, flip_y=True)
        return Probed(f"{found}: its rows are counted so", turned, turned=True)
    remedy = "--no-flip-y" if settings.flip_y else "--flip-y"
    return Probed(f"{found}; give {remedy} if that is so", settings, turned=False)


def _samples(
    files: Sequence[PickFile], folder: MaskFolder, masks: Mapping[str, Masked], settings: CleanSettings
) -> Iterator[tuple[np.ndarray, Picks]]:
    """Yield micrographs with the positions of their particles, those with the most first."""
    candidates = [(file, name) for file in files for name in file.rows if name in masks]
    candidates.sort(key=lambda pair: -len(pair[0].rows[pair[1]]))
    given = 0
    for file, name in candidates:
        path = _at_hand(masks[name], folder)
        if path is None:
            continue
        try:
            array = read_micrograph(path).array
            placed = place(
                file.file.particles,
                file.rows[name],
                masks[name],
                pixel_size=settings.pixel_size,
                flip_y=settings.flip_y,
            )
        except InputError:
            continue
        positions = placed.positions[np.isfinite(placed.positions).all(axis=1)]
        positions = positions * np.array(array.shape) / np.array(placed.shape)
        yield array, _as_picks(positions, (array.shape[0], array.shape[1]))
        given += 1
        if given == _PROBED:
            return


def _at_hand(masked: Masked, folder: MaskFolder) -> Path | None:
    places = (Path(), *folder.path.resolve().parents)
    return next((path for place in places if (path := place / masked.name).is_file()), None)


def _as_picks(positions: Float64[np.ndarray, "n 2"], shape: tuple[int, int]) -> Picks:
    """Positions as picks of the frame 'top': the probe's other frames are then relative to them."""
    x, y = to_coordinates(positions, shape=shape, frame=_AS_READ)
    label = np.full(len(x), GOOD, dtype=np.int64)
    return Picks(x=x, y=y, label=label, true_label=label, diameter=None)
