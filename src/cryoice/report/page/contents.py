"""What a review page holds."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryoice.constants import CLASSES

STATISTICS = ("bad", *CLASSES[1:], "unsure", "iciness", "ring_density")
"""What the page shows, limits, filters and sorts by; named as the summary's columns."""


@dataclass(frozen=True)
class Pictures:
    """What the page draws of a micrograph.

    Attributes
    ----------
    grey
        A small JPEG.
    grey_is
        What it shows: ``micrograph`` or ``score``, the probability of any artifact.
    classes
        As `class_map.pack` gives it.
    shape
        Rows and columns of the classes.
    """

    grey: bytes
    grey_is: str
    classes: bytes
    shape: tuple[int, int]


def digest_of_classes(
    classes: bytes, shape: tuple[int, int], micrograph_shape: tuple[int, int], pixel_size: float
) -> str:
    """Return 12 hex digits of what corrections of a mask are about.

    They depend on the mask, on what of it is unsure and on the sampling, not on how these are packed.

    Parameters
    ----------
    classes, shape
        As `Pictures` has them.
    micrograph_shape, pixel_size
        Height and width in px, Å/px.
    """
    sampling = f"{micrograph_shape} {pixel_size!r} {shape} "
    return hashlib.sha256(sampling.encode() + zlib.decompress(classes)).hexdigest()[:12]


@dataclass(frozen=True)
class PageMicrograph:
    """One micrograph.

    Attributes
    ----------
    name, stem, verdict, views
        As the summary of the masks has them.
    shape, pixel_size
        Height and width in px, Å/px.
    statistics
        By the names of `STATISTICS`; None where the sampling forbids a measure.
    rank, reason
        Place in the order of `cryoice next`, from 1, and why; None and '' where there is none.
    pictures
        None where the mask cannot be read, or is not to be shown.
    left_out
        Whether it is not to be shown.
    """

    name: str
    stem: str
    shape: tuple[int, int]
    pixel_size: float
    verdict: str
    views: str
    statistics: Mapping[str, float | None]
    rank: int | None
    reason: str
    pictures: Pictures | None
    left_out: bool = False

    @property
    def digest(self) -> str:
        """As `digest_of_classes`, '' where there are no pictures."""
        if self.pictures is None:
            return ""
        return digest_of_classes(self.pictures.classes, self.pictures.shape, self.shape, self.pixel_size)

    @property
    def facts(self) -> dict[str, Any]:
        """All but the pictures themselves, as plain values."""
        facts: dict[str, Any] = {
            **{"name": self.name, "stem": self.stem, "verdict": self.verdict, "views": self.views},
            **{"height": self.shape[0], "width": self.shape[1], "pixelSize": self.pixel_size},
            **{"rank": self.rank, "reason": self.reason, "digest": self.digest},
            **self.statistics,
        }
        if self.left_out:
            facts["leftOut"] = True
        if self.pictures:
            rows, columns = self.pictures.shape
            facts |= {"rows": rows, "columns": columns, "greyIs": self.pictures.grey_is}
        return facts


@dataclass(frozen=True)
class PageContents:
    """All that the page holds.

    Attributes
    ----------
    title
        Of the page.
    identity
        Of the folder, by which a browser finds a review again however list and masks change.
    micrographs
        In the order of the list; gone through once.
    star
        Bytes of the list.
    rows
        Begin and end of each of its rows in them, and the index of the row's micrograph.
    """

    title: str
    identity: str
    micrographs: Iterable[PageMicrograph]
    star: bytes
    rows: Sequence[tuple[int, int, int]]
