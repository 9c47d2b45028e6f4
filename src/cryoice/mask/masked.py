"""What was found on one micrograph."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt16

from cryoice.constants import IGNORE
from cryoice.mask.regions import Region
from cryoice.mask.unsure import is_unsure
from cryoice.signal.ice_map import IceMap


@dataclass(frozen=True)
class MaskedMicrograph:
    """What was found on one micrograph.

    Attributes
    ----------
    mask
        Index in `cryoice.constants.CLASSES`, 255 where the micrograph has no data.
    score
        Probability of any artifact, NaN where the micrograph has no data.
    unsure
        Probabilities between which a pixel is neither surely clean nor surely an artifact.
    regions
        Connected pieces of one class, largest first.
    fractions
        Share of each class in the area with data.
    ice
        Crystalline evidence over the micrograph; None where it is sampled too coarsely to hold any.
    iciness, ring_density
        Of the whole micrograph, as `signal.ice_map` defines them; NaN where ``ice`` is None.
    views
        What class and score were made of: ``context``, or ``context+spectrum`` where ``ice`` counted too.
    verdict
        ``good`` or ``bad``, by the share of artifacts in the area.
    pixel_size
        Å between rows and between columns of mask and score.
    shape
        Height and width of the micrograph, px.
    """

    mask: UInt16[np.ndarray, "h w"]
    score: Float32[np.ndarray, "h w"]
    unsure: tuple[float, float]
    regions: tuple[Region, ...]
    fractions: Mapping[str, float]
    ice: IceMap | None
    iciness: float
    ring_density: float
    views: str
    verdict: str
    pixel_size: tuple[float, float]
    shape: tuple[int, int]

    @property
    def bad(self) -> float:
        """Share of artifacts of any class in the area with data."""
        return bad_share(self.fractions)

    @property
    def unsure_share(self) -> float:
        """Share of unsure pixels in the area with data, inside and outside the mask."""
        unsure = is_unsure(self.score, self.unsure)
        return float(unsure.sum() / np.count_nonzero(self.mask != IGNORE))


def bad_share(shares: Mapping[str, float]) -> float:
    """Sum the shares of all classes but clean film."""
    return sum(share for name, share in shares.items() if name != "clean")
