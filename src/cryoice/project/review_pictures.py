"""What a review page draws of a masked micrograph, from the folder of the masks."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt16

from cryoice.errors import InputError
from cryoice.files.micrograph import read_micrograph
from cryoice.files.recorded_outputs import thumbnail_path
from cryoice.mask.unsure import is_unsure
from cryoice.project.mask_folder import Masked
from cryoice.project.records import Records, Stamp
from cryoice.report.mask_overlay import shrunk, stretched, thumbnail
from cryoice.report.page.class_map import pack
from cryoice.report.page.contents import Pictures, digest_of_classes


def pictures_of(masked: Masked, folder: Path, stem: str) -> tuple[Pictures, str | None]:
    """Return what is drawn, and why it is drawn over the score map, where it is.

    The grey picture is the one that masking kept. Folders of older versions have none: there it is made of
    the micrograph, if that still lies as it was masked, else of the score map.

    Raises
    ------
    InputError
        Mask or score map cannot be read.
    """
    mask, score = masked.read()
    classes, shape = _packed(masked, mask, score)
    try:
        return Pictures(_grey(folder, stem, shape), "micrograph", classes, shape), None
    except InputError as error:
        return Pictures(_grey_score(score), "score", classes, shape), str(error)


def mask_digest(masked: Masked, mask: UInt16[np.ndarray, "h w"], score: Float32[np.ndarray, "h w"]) -> str:
    """Return the digest by which a review page knows a mask again, which `Masked.read` returned."""
    return digest_of_classes(*_packed(masked, mask, score), masked.shape, masked.pixel_size)


def _packed(
    masked: Masked, mask: UInt16[np.ndarray, "h w"], score: Float32[np.ndarray, "h w"]
) -> tuple[bytes, tuple[int, int]]:
    """Return the classes as the page holds them, and their rows and columns."""
    return pack(mask, is_unsure(score, masked.unsure)), (mask.shape[0], mask.shape[1])


def _grey(folder: Path, stem: str, shape: tuple[int, int]) -> bytes:
    try:
        return thumbnail_path(folder, stem).read_bytes()
    except OSError:
        record = Records(folder).get(stem)
    if record is None:
        raise InputError("no picture of it was kept, and no record tells where it lies")
    path = Path(record.stamp.path)
    if Stamp.of(path) != record.stamp:
        raise InputError(f"{path}: has changed since it was masked; run cryoice mask again")
    return thumbnail(stretched(shrunk(read_micrograph(path).array, shape)))


def _grey_score(score: Float32[np.ndarray, "h w"]) -> bytes:
    return thumbnail(np.rint(255 * np.clip(np.nan_to_num(score), 0, 1)).astype(np.uint8))
