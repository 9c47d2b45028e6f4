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
    kept: Path | None,
) -> MendedMasks:
    """Write ``<stem>_mask.png`` of each micrograph whose pixels were corrected, sampled as its score map.

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
        An empty folder.
    kept
        Another one for the same files and, drawn over the micrograph, ``<stem>.png``; they replace those of
        their names. None: none.

    Raises
    ------
    InputError
        ``kept`` holds masks or micrographs themselves, or a folder cannot be written.
    """
    if kept is not None:
        _require_apart(kept, masks, micrographs)
    grouped, failures = reviewed(masks, corrections)
    wanted = {stem: rows for stem, rows in grouped.items() if any(row.kind != VERDICT for row in rows)}
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
            labels = _mended(by_stem[stem], rows)
            write_png(output / f"{stem}{ENDING}", labels)
            if kept is not None:
                write_png(kept / f"{stem}{ENDING}", labels)
                write_png(kept / f"{stem}.png", _picture(by_stem[stem], labels, files[stem]))
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


def _require_apart(kept: Path, masks: MaskFolder, micrographs: Sequence[ListedMicrograph]) -> None:
    """Keep pictures from replacing those of the masks, or micrographs that are pictures."""
    folder = kept.resolve()
    if folder == masks.path.resolve():
        raise InputError(f"{kept}: holds the masks themselves; choose another folder for mended ones")
    inside = next((one.path for one in micrographs if one.path.parent.resolve() == folder), None)
    if inside is not None:
        raise InputError(f"{kept}: holds {inside.name} itself; choose another folder for mended masks")


def _mended(masked: Masked, rows: Sequence[Correction]) -> UInt8[np.ndarray, "h w"]:
    mask, score = masked.read()
    return mended(
        mask,
        score,
        rows,
        micrograph_shape=masked.shape,
        pixel_size=masked.pixel_size,
        unsure=masked.unsure,
    )


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
        title=f"mended; hatched is not learnt from   {masked.stem}",
    )
