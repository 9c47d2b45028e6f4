"""What a review page holds."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
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
        Place in the order in which review teaches most, from 1, and why; None and '' where there is none.
    pictures
        None where the mask cannot be read.
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

    @property
    def facts(self) -> dict[str, Any]:
        """All but the pictures themselves, as plain values."""
        facts: dict[str, Any] = {
            **{"name": self.name, "stem": self.stem, "verdict": self.verdict, "views": self.views},
            **{"height": self.shape[0], "width": self.shape[1], "pixelSize": self.pixel_size},
            **{"rank": self.rank, "reason": self.reason},
            **self.statistics,
        }
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
    micrographs
        In the order of the list.
    star
        Bytes of the list.
    rows
        Begin and end of each of its rows in them, and the index of the row's micrograph.
    """

    title: str
    micrographs: Sequence[PageMicrograph]
    star: bytes
    rows: Sequence[tuple[int, int, int]]

    @property
    def digest(self) -> str:
        """16 hex digits by which a browser finds a review again.

        They depend on what is reviewed, list and masks, and not on the order of review: a page that is
        written again after ``cryoice next`` goes on with the review of the one before.
        """
        found = hashlib.sha256()
        for part in self._reviewed():
            found.update(len(part).to_bytes(8) + part)
        return found.hexdigest()[:16]

    def _reviewed(self) -> Iterator[bytes]:
        yield self.star
        for micrograph in self.micrographs:
            yield micrograph.name.encode("utf-8", "surrogateescape")
            yield micrograph.pictures.classes if micrograph.pictures else b""
