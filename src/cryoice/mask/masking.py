"""From a micrograph to its mask: the one path that library and commands take."""

import math

import numpy as np
from jaxtyping import Bool, Float

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.mask.masked import MaskedMicrograph, bad_share
from cryoice.mask.model import Model
from cryoice.mask.region_settings import MAX_BAD, RegionSettings
from cryoice.mask.regions import fractions, make_mask
from cryoice.mask.score_map import score_level
from cryoice.signal.ice_map import IceMeasures, measure_ice
from cryoice.signal.no_data import missing_pixels
from cryoice.signal.views import levelled_around

GOOD, BAD = "good", "bad"
"""Verdicts on a micrograph."""

MIN_FIELD = 256.0
"""Å, the least side of a micrograph: in less, a network sees mostly what is mirrored at the edges."""

_UNMEASURED = IceMeasures(map=None, iciness=math.nan, ring_density=math.nan)


def mask_micrograph(
    array: Float[np.ndarray, "height width"],
    model: Model,
    *,
    pixel_size: float,
    settings: RegionSettings | None = None,
    max_bad: float = MAX_BAD,
    spectrum: bool = True,
) -> MaskedMicrograph:
    """Find what is not vitreous ice on one micrograph.

    Parameters
    ----------
    array
        Grey values, not normalised; NaN, or padding of one value, where there are no data. Mask and score
        run as its rows and columns do: their pixel (r, c) lies at the micrograph's (r·height/h, c·width/w).
    model
        As `cryoice.mask.load_model` gives it.
    pixel_size
        Å/px.
    settings
        How the mask is cut out of the score map; None: the defaults.
    max_bad
        Share of artifacts in the area above which the verdict is ``bad``.
    spectrum
        False: the pixels come from an 8-bit picture, which cannot hold the rings of ice.

    Raises
    ------
    InputError
        The pixel size is not above 0, the micrograph is smaller than 256 Å a side or as `missing_pixels`
        refuses it, or the network cannot tell a class that is wanted.
    """
    missing = missing_pixels(array)
    return mask_level(
        levelled_around(array, missing),
        model,
        missing=missing,
        pixel_size=pixel_size,
        settings=settings,
        max_bad=max_bad,
        spectrum=spectrum,
    )


def mask_level(
    level: Float[np.ndarray, "height width"],
    model: Model,
    *,
    missing: Bool[np.ndarray, "height width"] | None,
    pixel_size: float,
    settings: RegionSettings | None = None,
    max_bad: float = MAX_BAD,
    spectrum: bool = True,
) -> MaskedMicrograph:
    """Do what `mask_micrograph` does for who has levelled the micrograph and needs the memory it took.

    ``missing`` are the `missing_pixels`; the other arguments as there.
    """
    if not 0 < pixel_size < math.inf:
        raise InputError(f"pixel size: {pixel_size:g} Å/px must be above 0; give --angpix")
    if min(level.shape) * pixel_size < MIN_FIELD:
        raise InputError(
            f"the micrograph: {level.shape[0]} x {level.shape[1]} px at {pixel_size:g} Å/px are less than "
            f"{MIN_FIELD:g} Å a side, too small to tell anything; leave it out or check the pixel size"
        )
    settings = settings or RegionSettings()
    ice = measure_ice(level, pixel_size=pixel_size, missing=missing) if spectrum else _UNMEASURED
    scores = score_level(level, model, pixel_size=pixel_size, missing=missing, spectrum=spectrum, ice=ice.map)
    mask, regions = make_mask(scores, settings)
    if (mask == IGNORE).all():
        raise InputError("the micrograph: hardly a pixel is a number; leave it out or write it again")
    shares = fractions(mask)
    return MaskedMicrograph(
        mask=mask,
        score=scores.score,
        unsure=settings.band,
        regions=tuple(regions),
        fractions=shares,
        ice=ice.map,
        iciness=ice.iciness,
        ring_density=ice.ring_density,
        views=scores.views,
        verdict=verdict_of(bad_share(shares), max_bad=max_bad),
        pixel_size=scores.pixel_size,
        shape=(level.shape[0], level.shape[1]),
    )


def verdict_of(bad: float, *, max_bad: float) -> str:
    """Return the verdict on a micrograph whose area holds this share of artifacts."""
    return GOOD if bad <= max_bad else BAD
