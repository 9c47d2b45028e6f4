"""A micrograph as it is masked: read, levelled, and let go."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from cryoice.files.micrograph import read_micrograph
from cryoice.files.micrograph_list import ListedMicrograph, resolve_pixel_size
from cryoice.mask.score_map import SAMPLING
from cryoice.report.mask_overlay import shrunk
from cryoice.signal.fourier import rescaled_shape
from cryoice.signal.no_data import missing_pixels
from cryoice.signal.views import levelled_around


@dataclass(frozen=True)
class SeenMicrograph:
    """What is kept of a micrograph once it is read; the array itself is not.

    Attributes
    ----------
    level, missing
        As `cryoice.mask.masking.mask_level` takes them.
    small
        Grey values at the maps' sampling, to draw masks over.
    pixel_size, doubt
        Å/px, and what is doubtful about it.
    """

    level: Float32[np.ndarray, "height width"]
    missing: Bool[np.ndarray, "height width"] | None
    small: Float32[np.ndarray, "rows columns"]
    pixel_size: float
    doubt: str | None

    @classmethod
    def of(cls, listed: ListedMicrograph) -> "SeenMicrograph":
        """Read a micrograph.

        Raises
        ------
        InputError
            The file cannot be read, or nobody tells its pixel size.
        """
        micrograph = read_micrograph(listed.path)
        pixel_size, doubt = resolve_pixel_size(listed, micrograph.pixel_size)
        missing = missing_pixels(micrograph.array)
        height, width = micrograph.array.shape
        shape = rescaled_shape((height, width), pixel_size=pixel_size, target=SAMPLING)
        small = shrunk(micrograph.array, shape)
        return cls(levelled_around(micrograph.array, missing), missing, small, pixel_size, doubt)
