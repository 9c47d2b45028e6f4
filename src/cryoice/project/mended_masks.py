"""Masks that a reviewer corrected, as ``cryoice finetune`` learns from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from cryoice.errors import InputError, OutputError
from cryoice.files.corrections import VERDICT, Correction, Corrections
from cryoice.files.mask_names import write_mask_names
from cryoice.files.micrograph import read_micrograph
from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.files.names import match_micrographs
from cryoice.files.picture import write_png
from cryoice.mask.mending import mended
from cryoice.project.mask_folder import Masked, MaskFolder
from cryoice.project.review_pictures import mask_digest
from cryoice.project.review_rows import reviewed
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
    pixel_sizes
        Å/px at which those micrographs were masked.
    """

    stems: tuple[str, ...]
    actions: int
    failures: tuple[str, ...]
    pixel_sizes: frozenset[float]


def mend_masks(
    masks: MaskFolder,
    corrections: Corrections,
    micrographs: Sequence[ListedMicrograph],
    output: Path,
    *,
    kept: Path | None,
) -> MendedMasks:
    """Write ``<stem>_mask.png`` of each micrograph whose pixels were corrected, sampled as its score map.

    The stem is that of the micrograph's outputs in the list given, so that `MaskLabels.find` pairs them.

    A micrograph of which one row cannot be followed is left out as a whole: half-corrected, it would teach
    what the reviewer found wrong. So is one whose mask is not the one that was looked at.

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
        Another one for the same files under the masks' stems, whose they are and, drawn over the
        micrograph, ``<stem>.png``; they replace those of their names, and other masks in it are told of.
        None: none.

    Raises
    ------
    InputError
        ``kept`` holds masks or micrographs themselves, or a folder cannot be written.
    """
    if kept is not None:
        _require_apart(kept, masks, micrographs)
    review = reviewed(masks, corrections)
    wanted = {stem: rows for stem, rows in review.rows.items() if any(row.kind != VERDICT for row in rows)}
    by_stem, listed = {masked.stem: masked for masked in masks.masked}, _listed(masks.masked, micrographs)
    done, failures = [], list(review.failures)
    for stem, rows in wanted.items():
        try:
            if stem in review.spoilt:
                raise InputError("one of its rows cannot be followed")
            if stem not in listed:
                raise InputError("none of the micrographs given")
            labels = _mended(by_stem[stem], rows)
            if kept is not None:
                picture = _picture(by_stem[stem], labels, listed[stem].path)
                write_png(kept / f"{stem}{ENDING}", labels)
                write_png(kept / f"{stem}.png", picture)
            write_png(output / f"{listed[stem].stem}{ENDING}", labels)
            done.append(stem)
        except OutputError:
            raise
        except InputError as error:
            failures.append(f"{stem} is left out: {error}")
    if kept is not None and done:
        write_mask_names(kept, {stem: by_stem[stem].name for stem in done})
    actions = sum(row.kind != VERDICT for stem in done for row in wanted[stem])
    sizes = frozenset(by_stem[stem].pixel_size for stem in done)
    return MendedMasks(tuple(done), actions, (*failures, *_left_over(kept, done)), sizes)


def _left_over(kept: Path | None, done: Sequence[str]) -> list[str]:
    """Return a line where the folder holds masks that these corrections did not make."""
    masks = [] if kept is None else sorted(path.name for path in kept.glob(f"*{ENDING}"))
    others = [name for name in masks if name.removesuffix(ENDING) not in done]
    if not others:
        return []
    return [f"{kept}: {len(others)} masks are of earlier runs, such as {others[0]}; they are not learnt from"]


def _listed(masked: Sequence[Masked], micrographs: Sequence[ListedMicrograph]) -> dict[str, ListedMicrograph]:
    """Return the micrographs of masks, by the masks' stems."""
    by_name = {micrograph.name: micrograph for micrograph in micrographs}
    pairs = match_micrographs([one.name for one in masked], list(by_name)).pairs
    return {one.stem: by_name[pairs[one.name]] for one in masked if one.name in pairs}


def _require_apart(kept: Path, masks: MaskFolder, micrographs: Sequence[ListedMicrograph]) -> None:
    """Keep pictures from replacing those of the masks, or micrographs that are pictures."""
    folder = kept.resolve()
    if folder == masks.path.resolve():
        raise InputError(f"{kept}: holds the masks themselves; choose another folder for mended ones")
    inside = next((one.path for one in micrographs if one.path.parent.resolve() == folder), None)
    if inside is not None:
        raise InputError(f"{kept}: holds {inside.name} itself; choose another folder for mended masks")


def _mended(masked: Masked, rows: Sequence[Correction]) -> UInt8[np.ndarray, "h w"]:
    """Mend the mask, if it is the one that the page showed, as far as the rows tell."""
    mask, score = masked.read()
    told = {row.digest for row in rows if row.kind != VERDICT and row.digest}
    if told and told != {mask_digest(masked, mask, score)}:
        raise InputError(
            f"its mask in {masked.mask.parent} has changed since it was corrected; correct it again"
        )
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
