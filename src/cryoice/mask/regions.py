"""From a map of probabilities to a mask: hysteresis, regions of one class each, holes, margins."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Integer, Shaped, UInt8, UInt16
from skimage.filters import apply_hysteresis_threshold
from skimage.measure import label, regionprops_table

from cryoice.constants import CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.mask.pieces import grown_classes, large_pieces, mean_of_each, with_margin, without_holes
from cryoice.mask.region_settings import ARTIFACTS, RegionSettings
from cryoice.mask.score_map import ScoreMap

__all__ = ["Region", "RegionSettings", "enlarge", "fractions", "make_mask"]

_UNNAMED = "other"  # what a network of two classes calls bad


@dataclass(frozen=True)
class Region:
    """One connected piece of one class.

    Attributes
    ----------
    name
        Its class.
    area
        Å², margin and filled holes included.
    score
        Mean probability of any artifact, without the margin.
    centre
        Mean row and column, px of the map.
    box
        First row, first column, and the row and column after the last; px of the map.
    """

    name: str
    area: float
    score: float
    centre: tuple[float, float]
    box: tuple[int, int, int, int]


def make_mask(scores: ScoreMap, settings: RegionSettings) -> tuple[UInt16[np.ndarray, "h w"], list[Region]]:
    """Cut the regions out of a score map.

    Whether a pixel is an artifact is asked of all artifact classes together, which kind of each pixel
    apart: where two classes meet, each below the threshold, a threshold per class would leave a clean
    seam. In order:

    1. pixels whose probability of any artifact is above ``low`` and that touch, through such pixels
       (sharing a side), one above ``threshold``;
    2. holes, enclosed on all sides by them, are filled; connected pieces (corners count) that are too
       small go;
    3. every pixel takes its likeliest artifact class; pieces of a class that are too small, and holes,
       take that of what they grow together with, so that a rim is no region of its own;
    4. classes that are not wanted go;
    5. the margin goes to the nearest region, never over pixels without data.

    Parameters
    ----------
    scores
        Of a network that tells the artifacts apart, or of one that says good or bad.

    Returns
    -------
    tuple
        The index in `cryoice.constants.CLASSES` of every pixel of the map, 4 ("other") for what a
        two-class network calls bad and 255 where the micrograph has no data; and the regions, largest
        first.

    Raises
    ------
    InputError
        The network cannot tell a class that is wanted.
    """
    values = _class_values(scores.classes, settings.classes)
    score, pixel_area = scores.score, math.prod(scores.pixel_size)
    known = np.isfinite(score)
    core = apply_hysteresis_threshold(np.where(known, score, 0.0), settings.growth_limit, settings.threshold)
    smallest = settings.min_area / pixel_area
    inside = without_holes(core, known, largest=settings.max_hole / pixel_area)
    pieces = large_pieces(inside, smallest=smallest)
    kinds = np.where(core, values[scores.probabilities[1:].argmax(axis=0)], np.uint8(0))
    classes = grown_classes(kinds, pieces, smallest=smallest)
    if settings.classes is not None:
        classes[~np.isin(classes, [CLASSES.index(name) for name in settings.classes])] = 0
    regions = label(classes, background=0, connectivity=2)
    grown = with_margin(regions, settings.margin, pixel_size=scores.pixel_size)
    grown[~known] = 0
    class_of = np.zeros(regions.max() + 1, dtype=np.uint16)
    class_of[regions] = classes
    mask = np.where(known, class_of[grown], np.uint16(IGNORE))
    return mask, _described(regions, grown, score=score, class_of=class_of, pixel_area=pixel_area)


def enlarge(mask: Shaped[np.ndarray, "h w"], shape: tuple[int, int]) -> Shaped[np.ndarray, "H W"]:
    """Spread a map over the ``shape`` of its micrograph, each pixel taking the nearest of the map.

    Micrograph row R lies at map row R·h/H, so map row r covers the rows from (r - 1/2)·H/h on.
    """
    rows, columns = (
        np.minimum((2 * np.arange(side) * small + side) // (2 * side), small - 1)
        for side, small in zip(shape, mask.shape, strict=True)
    )
    return mask[rows].take(columns, axis=1)


def fractions(mask: Integer[np.ndarray, "h w"]) -> dict[str, float]:
    """Share of each class in the area that is not 255; NaN where there is none."""
    counts = np.bincount(mask.ravel(), minlength=IGNORE + 1)[: len(CLASSES)]
    labelled = counts.sum()
    return {
        name: float(count / labelled) if labelled else math.nan
        for name, count in zip(CLASSES, counts, strict=True)
    }


def _class_values(
    network: tuple[str, ...], wanted: tuple[str, ...] | None
) -> UInt8[np.ndarray, " artifacts"]:
    """Mask value of each class of a network but the first."""
    names = [name if name in ARTIFACTS else _UNNAMED for name in network[1:]]
    missing = [name for name in wanted or () if name not in names]
    if missing:
        told = ", ".join(network)
        raise InputError(f"--classes: the network tells {told} and no {missing[0]}; leave it out")
    return np.array([CLASSES.index(name) for name in names], dtype=np.uint8)


def _described(
    regions: Int[np.ndarray, "h w"],
    grown: Int[np.ndarray, "h w"],
    *,
    score: Float[np.ndarray, "h w"],
    class_of: UInt16[np.ndarray, " regions"],
    pixel_area: float,
) -> list[Region]:
    if not regions.any():
        return []
    table = regionprops_table(grown, properties=("label", "area", "centroid", "bbox"))
    means = mean_of_each(regions, score)
    columns = [table[name] for name in ("label", "area", "centroid-0", "centroid-1")]
    boxes = [table[f"bbox-{side}"] for side in range(4)]
    found = [
        Region(
            name=CLASSES[class_of[number]],
            area=float(area * pixel_area),
            score=float(means[number - 1]),
            centre=(float(row), float(column)),
            box=(int(top), int(left), int(bottom), int(right)),
        )
        for number, area, row, column, top, left, bottom, right in zip(*columns, *boxes, strict=True)
    ]
    return sorted(found, key=lambda region: -region.area)
