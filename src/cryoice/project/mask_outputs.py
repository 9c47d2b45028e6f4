"""What is written of one masked micrograph, and what the summary tells of it."""

import math
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryoice.files.atomic import replacing
from cryoice.files.mrc import write_mrc
from cryoice.files.picture import write_png
from cryoice.files.recorded_outputs import thumbnail_path
from cryoice.mask.crystal_evidence import over_map
from cryoice.mask.masked import MaskedMicrograph
from cryoice.mask.regions import enlarge
from cryoice.project.mask_folder import BAND
from cryoice.project.records import Row
from cryoice.report.mask_overlay import overlay, stretched, thumbnail


def write_outputs(
    masked: MaskedMicrograph,
    folder: Path,
    stem: str,
    *,
    pixel_size: float,
    full_size: bool,
    shown: Float32[np.ndarray, "h w"],
    overlaid: bool,
) -> list[str]:
    """Write mask, score, ice map, overlay and thumbnail, and return their names in the folder.

    What an earlier run wrote of the same micrograph and this one does not is removed.

    Parameters
    ----------
    masked
        What is written.
    folder, stem
        Place of the files and what their names begin with.
    pixel_size
        Å/px of the micrograph.
    full_size
        Write the mask, and it alone, at the micrograph's own shape.
    shown
        The micrograph at the mask's sampling, kept small for review.
    overlaid
        Draw the mask over it.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    mask = folder / f"{stem}_mask.mrc"
    score, ice, picture = (folder / f"{stem}{end}" for end in ("_score.mrc", "_ice.mrc", ".png"))
    small = thumbnail_path(folder, stem)
    written = [mask, score, small]
    whole = enlarge(masked.mask, masked.shape) if full_size else masked.mask
    write_mrc(mask, whole, pixel_size=pixel_size if full_size else masked.pixel_size)
    write_mrc(score, masked.score, pixel_size=masked.pixel_size)
    if masked.ice is not None:
        values = over_map(masked.ice.values, masked.ice, masked.mask.shape, pixel_size=masked.pixel_size)
        write_mrc(ice, values, pixel_size=masked.pixel_size)
        written.append(ice)
    with replacing(small) as scratch:
        scratch.write_bytes(thumbnail(stretched(shown)))
    if overlaid:
        _draw(masked, picture, stem, shown)
        written.append(picture)
    for path in {ice, picture}.difference(written):
        path.unlink(missing_ok=True)
    return [path.relative_to(folder).as_posix() for path in written]


def summary_row(masked: MaskedMicrograph, stem: str, *, name: str, pixel_size: float, model: str) -> Row:
    """Return what the summary tells but for the verdict; None where the sampling forbids a measure."""
    height, width = masked.shape
    return {
        "micrograph": name,
        "stem": stem,
        "height": height,
        "width": width,
        "angpix": round(pixel_size, 6),
        "mask": f"{stem}_mask.mrc",
        "score": f"{stem}_score.mrc",
        **{name: round(share, 5) for name, share in masked.fractions.items()},
        "bad": round(masked.bad, 5),
        "unsure": round(masked.unsure_share, 5),
        **{key: round(end, 6) for key, end in zip(BAND, masked.unsure, strict=True)},
        "iciness": _measured(masked.iciness),
        "ring_density": _measured(masked.ring_density),
        "views": masked.views,
        "model": model,
    }


def _measured(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.5g}")


def _draw(masked: MaskedMicrograph, path: Path, stem: str, shown: Float32[np.ndarray, "h w"]) -> None:
    title = f"{stem}   artifacts on {100 * masked.bad:.1f} % of the area"
    picture = overlay(
        shown,
        masked.mask,
        masked.score,
        pixel_size=masked.pixel_size,
        unsure=masked.unsure,
        title=title,
    )
    write_png(path, picture)
