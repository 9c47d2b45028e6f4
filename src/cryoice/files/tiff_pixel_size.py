"""The pixel size that a TIFF file tells, by the ways in which microscopy programs write it."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

_ANGSTROMS = {
    **dict.fromkeys(("a", "å", "angstrom", "angstroms", "ångström", "\u212b"), 1.0),
    **dict.fromkeys(("pm", "picometer"), 0.01),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 10.0),
    **dict.fromkeys(("um", "µm", "μm", "\\u00b5m", "micron", "microns", "micrometer"), 1e4),
    **dict.fromkeys(("m", "meter"), 1e10),
}
"""Å per unit; both the micro sign and the Greek letter are in use."""

_INCH, _CENTIMETRE = 2, 3
_PER_UNIT = {_INCH: 2.54e8, _CENTIMETRE: 1e8}
_COARSEST = 1e4
"""Å/px; a screen's or printer's resolution is coarser: 1200 dots per inch are 2.1e5 Å."""


def tiff_pixel_size(tiff: tifffile.TiffFile) -> float | None:
    """Å/px as the first of ImageJ, OME, FEI and the resolution tags tells it; None when none does.

    A resolution of 1 µm/px or coarser is that of a screen or a printer and tells nothing.
    """
    for size in _told(tiff):
        if np.isfinite(size) and 0 < size < _COARSEST:
            return float(f"{size:.6g}")
    return None


def _told(tiff: tifffile.TiffFile) -> Iterator[float]:
    tags = tiff.pages.first.tags
    resolution = _ratio(tags.valueof("XResolution"))
    if tiff.is_imagej:
        unit = str((tiff.imagej_metadata or {}).get("unit", "")).strip().lower()
        if unit in _ANGSTROMS and resolution:
            yield _ANGSTROMS[unit] / resolution
    if tiff.is_ome:
        yield from _ome(tiff.ome_metadata or "")
    if tiff.is_fei:
        yield from _fei(tiff.fei_metadata or {})
    per_unit = _PER_UNIT.get(int(tags.valueof("ResolutionUnit", _INCH)))
    if per_unit and resolution:
        yield per_unit / resolution


def _ratio(value: Any) -> float:
    """Pixels per unit, 0 when not told."""
    numerator, denominator = value if isinstance(value, tuple) and len(value) == 2 else (0, 1)
    return numerator / denominator if denominator else 0.0


def _ome(text: str) -> Iterator[float]:
    try:
        pixels = ElementTree.fromstring(text).find(".//{*}Pixels")
        if pixels is None or "PhysicalSizeX" not in pixels.attrib:
            return
        unit = pixels.get("PhysicalSizeXUnit", "µm").lower()
        if unit in _ANGSTROMS:
            yield float(pixels.attrib["PhysicalSizeX"]) * _ANGSTROMS[unit]
    except (ElementTree.ParseError, ValueError):
        return


def _fei(facts: dict[str, Any]) -> Iterator[float]:
    """FEI's scanning programs tell metres."""
    for section in ("Scan", "EScan"):
        width = facts.get(section, {}).get("PixelWidth")
        if isinstance(width, int | float):
            yield width * _ANGSTROMS["m"]
