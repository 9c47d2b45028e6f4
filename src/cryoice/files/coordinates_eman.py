"""Coordinates of EMAN: boxes as text (EMAN1 .box) and micrograph infos (EMAN2 .json).

EMAN's origin is the lower left corner, and its lower row is the array's first: row = y ('top').
Averages of particles cut from an array at .box coordinates taken so show the particle (ASPIRE-Python,
issue 556). Layouts: https://blake.bcm.edu/emanwiki/Eman2OtherFiles
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.particles import Particles
from cryoice.files.score_sidecar import write_scores
from cryoice.files.text_lines import TextLines

FRAME = "top"
_INFO = "_info"
_HELIX_ENDS = {"-1", "-2"}


@dataclass(frozen=True)
class ParticleLines:
    """One particle a line of text; columns lie beside the file (`score_sidecar`)."""

    path: Path
    particles: Particles
    text: TextLines

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the kept lines byte for byte, and their columns beside them.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        self.text.write(path, keep=keep)
        write_centre_scores(path, self.particles, keep=keep, columns=columns)


@dataclass(frozen=True)
class InfoFile:
    """What EMAN2 knows of one micrograph; columns lie beside the file (`score_sidecar`)."""

    path: Path
    particles: Particles
    info: dict[str, Any]

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write the kept ``boxes`` and all other keys as they are, and the boxes' columns beside them.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        info = self.info
        if "boxes" in info:
            kept = [box for box, stays in zip(info["boxes"], keep.tolist(), strict=True) if stays]
            info = info | {"boxes": kept}
        with replacing(path) as scratch:
            scratch.write_text(json.dumps(info, indent=1))
        write_centre_scores(path, self.particles, keep=keep, columns=columns)


def read(path: Path, *, box_size: float | None) -> ParticleLines | InfoFile:
    """Read the particles of one micrograph from a .box file, or from a .json file of EMAN2.

    Parameters
    ----------
    path
        File to read. The micrograph is named after it, less the ``_info`` of EMAN2.
    box_size
        Side of the particles' boxes, px, where it is not the one in the file; EMAN2's files tell none.

    Raises
    ------
    InputError
        The file is missing, broken, holds boxes without an area or the ends of helices, or is not EMAN's.
    """
    return (
        _read_info(path, box_size=box_size) if path.suffix.lower() == ".json" else _read_boxes(path, box_size)
    )


def write_centre_scores(
    path: Path,
    particles: Particles,
    *,
    keep: Bool[np.ndarray, " n"],
    columns: Mapping[str, Sequence[str]],
) -> None:
    """Write columns beside ``path``, a row naming its particle by its centre x, y in px.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    write_scores(path, particles={"x": particles.x, "y": particles.y}, keep=keep, columns=columns)


def one_micrograph(
    name: str,
    *,
    x: Float64[np.ndarray, " n"],
    y: Float64[np.ndarray, " n"],
    box_size: Float64[np.ndarray, " n"] | float | None,
) -> Particles:
    """Particles of a file that holds those of one micrograph, row = y; centres and box in px."""
    return Particles(
        micrograph=np.full(len(x), name, dtype=object),
        x=x,
        y=y,
        frame=FRAME,
        box_size=None if box_size is None else np.broadcast_to(np.float64(box_size), x.shape),
        pixel_size=None,
        shapes=None,
    )


def boxes_of(text: TextLines) -> Float64[np.ndarray, "n 4"]:
    """Left and lower edge, width and height of boxes as text, px.

    Raises
    ------
    InputError
        A line has fewer numbers, or a box without an area.
    """
    boxes = text.numbers(0, 1, 2, 3)
    require_areas(boxes, path=text.path, where=lambda row: f"line {text.rows[row] + 1}")
    return boxes


def require_areas(boxes: Float64[np.ndarray, "n 4"], *, path: Path, where: Callable[[int], str]) -> None:
    """Refuse boxes of which a side is no number above 0; ``where`` words the place of a row in the file.

    Raises
    ------
    InputError
        There is one.
    """
    sides = boxes[:, 2:]
    wrong = np.flatnonzero(~(np.isfinite(sides) & (sides > 0)).all(axis=1))
    if len(wrong):
        row = int(wrong[0])
        width, height = sides[row]
        raise InputError(f"{path}: {where(row)} has a box of {width:g} x {height:g} px; write the file again")


def _read_boxes(path: Path, box_size: float | None) -> ParticleLines:
    text = TextLines.read(path)
    if {cells[4] for cells in text.cells() if len(cells) > 4} >= _HELIX_ENDS:
        raise InputError(f"{path}: holds starts and ends of helices (-1, -2); export one box per particle")
    left, low, width, height = boxes_of(text).T
    particles = one_micrograph(
        path.stem,
        # the centre of a box of n pixels is pixel n // 2, as for an image in EMAN
        x=left + width // 2,
        y=low + height // 2,
        box_size=np.maximum(width, height) if box_size is None else box_size,
    )
    return ParticleLines(path, particles, text)


def _read_info(path: Path, *, box_size: float | None) -> InfoFile:
    try:
        info = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); write it again") from error
    # EMAN2 leaves the key out for a micrograph without picks
    if not isinstance(info, dict) or ("boxes" not in info and not path.stem.endswith(_INFO)):
        raise InputError(f"{path}: has no 'boxes'; give a file of EMAN2's folder info")
    centres = _centres(path, info.get("boxes", []))
    name = path.stem.removesuffix(_INFO)
    return InfoFile(path, one_micrograph(name, x=centres[:, 0], y=centres[:, 1], box_size=box_size), info)


def _centres(path: Path, boxes: Any) -> Float64[np.ndarray, "n 2"]:
    try:
        return np.array([(float(box[0]), float(box[1])) for box in boxes], dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise InputError(f"{path}: 'boxes' is no list of [x, y, ...]; write it again with EMAN2") from error
