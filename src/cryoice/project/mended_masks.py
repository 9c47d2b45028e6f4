"""Masks that a reviewer corrected, as ``cryoice finetune`` learns from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from jaxtyping import UInt8

from cryoice.errors import InputError
from cryoice.files.corrections import VERDICT, Correction, Corrections
from cryoice.files.micrograph import read_micrograph
from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.files.names import match_micrographs
from cryoice.files.picture import write_png
from cryoice.mask.mending import mended
from cryoice.project.mask_folder import Masked, MaskFolder
from cryoice.report.mask_overlay import overlay, shrunk

ENDING = "_mask.png"
"""What the names of mended masks end in."""


@dataclass(frozen=True)
class MendedMasks:
    """What became of the corrections.

    Attributes
    ----------
    stems
        Micrographs whose mended masks are written.
    actions
        Number of actions on their pixels.
    failures
        What could not be followed, a line each.
    """

    stems: tuple[str, ...]
    actions: int
    failures: tuple[str, ...]


def mend_masks(
    masks: MaskFolder,
    corrections: Corrections,
    micrographs: Sequence[ListedMicrograph],
    output: Path,
    *,
    overlays: bool,
) -> MendedMasks:
    """Write ``<stem>_mask.png`` of each micrograph whose pixels were corrected.

    A micrograph of which one row cannot be followed is left out as a whole: half-corrected, it would teach
    what the reviewer found wrong.

    Parameters
    ----------
    masks
        Those that were reviewed.
    corrections
        Rows on other micrographs are failures.
    micrographs
        Those that may be learnt from.
    output
        Another folder than that of ``masks``.
    overlays
        Draw each mended mask over its micrograph as ``<stem>.png``.

    Raises
    ------
    InputError
        The folder is that of the masks, holds other mended masks, or cannot be written.
    """
    if output.resolve() == masks.path.resolve():
        raise InputError(f"{output}: holds the masks themselves; choose another folder for mended ones")
    grouped, failures = reviewed(masks, corrections)
    wanted = {stem: rows for stem, rows in grouped.items() if any(row.kind != VERDICT for row in rows)}
    _require_no_others(output, list(wanted))
    spoilt = {fault.stem for fault in corrections.faults}
    files = _files(list(wanted), micrographs)
    by_stem = {masked.stem: masked for masked in masks.masked}
    done = []
    for stem, rows in wanted.items():
        try:
            if stem in spoilt:
                raise InputError("one of its rows cannot be followed")
            if stem not in files:
                raise InputError("none of the micrographs given")
            _mend(by_stem[stem], rows, output, drawn=files[stem] if overlays else None)
            done.append(stem)
        except InputError as error:
            failures.append(f"{stem} is left out: {error}")
    actions = sum(row.kind != VERDICT for stem in done for row in wanted[stem])
    return MendedMasks(tuple(done), actions, tuple(failures))


def reviewed(masks: MaskFolder, corrections: Corrections) -> tuple[dict[str, list[Correction]], list[str]]:
    """Return the rows of each micrograph by stem, and a line on each row that cannot be followed.

    A row belongs to the masked micrograph of its stem and of its file's name.
    """
    known = {masked.stem: PurePath(masked.name).name for masked in masks.masked}
    grouped: dict[str, list[Correction]] = {}
    strangers: dict[str, str] = {}
    for row in corrections.actions:
        if known.get(row.stem) == PurePath(row.micrograph).name:
            grouped.setdefault(row.stem, []).append(row)
        else:
            strangers.setdefault(
                row.micrograph, f"line {row.line}: {row.micrograph!r} is not in {masks.path}"
            )
    faults = [f"line {fault.line}: {fault.reason}" for fault in corrections.faults]
    return grouped, [f"{corrections.path}: {fault}" for fault in (*faults, *strangers.values())]


def _files(stems: Sequence[str], micrographs: Sequence[ListedMicrograph]) -> dict[str, Path]:
    by_name = {micrograph.name: micrograph.path for micrograph in micrographs}
    pairs = match_micrographs(stems, list(by_name)).pairs
    return {stem: by_name[name] for stem, name in pairs.items()}


def _require_no_others(output: Path, stems: Sequence[str]) -> None:
    """Keep what the corrections do not tell of from being learnt from."""
    for path in sorted(output.glob(f"*{ENDING}")):
        if path.name.removesuffix(ENDING) not in stems:
            raise InputError(
                f"{output}: holds {path.name}, of which the corrections tell nothing; choose another folder"
            )


def _mend(masked: Masked, rows: Sequence[Correction], output: Path, *, drawn: Path | None) -> None:
    mask, score = masked.read()
    labels = mended(
        mask,
        score,
        rows,
        micrograph_shape=masked.shape,
        pixel_size=masked.pixel_size,
        unsure=masked.unsure,
    )
    if drawn is not None:
        write_png(output / f"{masked.stem}.png", _picture(masked, labels, drawn))
    write_png(output / f"{masked.stem}{ENDING}", labels)


def _picture(
    masked: Masked, labels: UInt8[np.ndarray, "h w"], micrograph: Path
) -> UInt8[np.ndarray, "rows columns 3"]:
    height, width = labels.shape
    step = (masked.shape[0] * masked.pixel_size / height, masked.shape[1] * masked.pixel_size / width)
    return overlay(
        shrunk(read_micrograph(micrograph).array, (height, width)),
        labels,
        np.zeros(labels.shape, dtype=np.float32),
        pixel_size=step,
        unsure=(0.0, 0.0),
        title=f"{masked.stem}   mended; hatched (no data): not learnt from",
    )
