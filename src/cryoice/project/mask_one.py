"""One micrograph to its mask and everything that is written beside it."""

from collections.abc import Sequence

from cryoice.errors import InputError
from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.files.picture import PICTURE_SUFFIXES
from cryoice.mask.masking import mask_level
from cryoice.mask.model import Model
from cryoice.project.mask_outcome import DOUBT
from cryoice.project.mask_outputs import summary_row, write_outputs
from cryoice.project.mask_places import require_own_outputs
from cryoice.project.mask_settings import MaskSettings
from cryoice.project.records import Records, Row, Stamp
from cryoice.project.seen_micrograph import SeenMicrograph


def mask_one(
    listed: ListedMicrograph, stamp: Stamp, records: Records, *, model: Model, settings: MaskSettings
) -> tuple[Row, Sequence[str]]:
    """Mask a micrograph and write the outputs to the folder of ``records``, which are not told of it yet.

    Returns
    -------
    tuple
        What the summary tells of it, but for the verdict, and the names of the outputs.

    Raises
    ------
    InputError
        It cannot be read, its file is not that of ``stamp`` any more, nobody tells its pixel size, or the
        outputs in its place are another micrograph's.
    OutputError
        The outputs cannot be written.
    """
    require_own_outputs(records, listed)
    seen = SeenMicrograph.of(listed)
    if Stamp.of(listed.path) != stamp:
        raise InputError(f"{listed.path}: was replaced while it was read; mask it again")
    masked = mask_level(
        seen.level,
        model,
        missing=seen.missing,
        pixel_size=seen.pixel_size,
        settings=settings.regions,
        spectrum=listed.path.suffix.lower() not in PICTURE_SUFFIXES,
    )
    records.claim(listed.stem, stamp=stamp)
    outputs = write_outputs(
        masked,
        records.output,
        listed.stem,
        pixel_size=seen.pixel_size,
        full_size=settings.full_size,
        shown=seen.small,
        overlaid=settings.overlay,
    )
    row = summary_row(masked, listed.stem, name=listed.name, pixel_size=seen.pixel_size, model=model.digest)
    return row | {DOUBT: seen.doubt}, outputs
