"""The micrographs that a RELION STAR file lists: names, files and pixel sizes.

RELION 3.0 keeps all in one table and tells the pixel size by the detector's and the magnification;
from 3.1 on it is a column of the optics groups.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.pixel_size_doubts import (
    counted,
    disagreement,
    doubt_of,
    group_disagreement,
    unknown_group,
)
from cryoice.files.star_pairs import with_tables
from cryoice.files.star_text import StarText

_NAME, _GROUP, _SIZE = "rlnMicrographName", "rlnOpticsGroup", "rlnMicrographPixelSize"
_DETECTOR, _MAGNIFICATION = "rlnDetectorPixelSize", "rlnMagnification"
_MOVIE = "rlnMicrographMovieName"
_OF_PARTICLES = {"rlnImageName", "rlnCoordinateX", "rlnCoordinateY"}
_MICROMETRE = 1e4  # Å


@dataclass(frozen=True)
class StarMicrographs:
    """A table of micrographs; all tuples run as its rows do.

    Attributes
    ----------
    star, block
        The file and the name of the table in it.
    names
        As the file writes them.
    pixel_sizes
        Å/px as the file tells them, else None.
    doubts
        What is doubtful about them, one line each.
    """

    star: StarText
    block: str
    names: tuple[str, ...]
    pixel_sizes: tuple[float | None, ...]
    doubts: tuple[str, ...]


def read_star_micrographs(path: Path, *, angpix: float | None) -> StarMicrographs:
    """Read a STAR file of micrographs.

    Parameters
    ----------
    path
        From RELION 3.0 or later.
    angpix
        Å/px that overrides the file's; the doubts compare the two.

    Raises
    ------
    InputError
        The file is missing, no STAR file, empty, or lists particles or movies.
    """
    star = StarText.read(path)
    block = _block(star)
    columns = [
        name for name in (_NAME, _GROUP, _SIZE, _DETECTOR, _MAGNIFICATION) if name in star.columns(block)
    ]
    table = star.table(block, columns)
    cells = {name: [str(cell) for cell in table[name]] for name in columns}
    if not cells[_NAME]:
        raise InputError(f"{path}: lists no micrographs; give a list with rows")
    groups = _group_sizes(star)
    sizes = _sizes(cells, groups)
    source = path.name
    told = (size for size in sizes if size is not None)
    if angpix is None:
        used = {group: groups[group] for group in dict.fromkeys(cells.get(_GROUP, ())) if group in groups}
        doubts = [*counted(filter(None, (doubt_of(size, source=source) for size in told)))]
        between = group_disagreement(used)
        doubts += [f"{source}: {between}"] if between else []
        if _SIZE not in cells and groups:
            lost = [unknown_group(group) for group in cells.get(_GROUP, ()) if group not in groups]
            doubts += [f"{source}: {doubt}" for doubt in counted(lost)]
    else:
        doubts = [*counted(filter(None, (disagreement(size, angpix, source=source) for size in told)))]
    return StarMicrographs(star, block, tuple(cells[_NAME]), tuple(sizes), tuple(doubts))


def find_listed(name: str, roots: Iterable[Path]) -> Path | None:
    """Return the first file called ``name`` below the roots, None when there is none."""
    return next((path for path in (root / name for root in roots) if is_file(path)), None)


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that the system refuses is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def roots_of(path: Path) -> list[Path]:
    """Folders to which names in a STAR file may be relative: the current one, then the file's upward.

    RELION's names are relative to the project's folder, in which it runs; the file lies deeper.
    """
    return list(dict.fromkeys([Path(), *path.absolute().parents]))


def _block(star: StarText) -> str:
    block = star.block_with(_NAME)
    if block is None:
        if with_tables(star, _NAME).block_with(_NAME) is not None:
            fault = f"its one micrograph stands outside a loop_ (_{_NAME} and the name in one line)"
            raise InputError(f"{star.path}: {fault}; write it as a loop_, or give the micrograph itself")
        fault = "lists movies" if star.block_with(_MOVIE) is not None else f"has no column _{_NAME}"
        raise InputError(f"{star.path}: {fault}; give the STAR file of the micrographs")
    if _OF_PARTICLES & set(star.columns(block)):
        raise InputError(f"{star.path}: lists particles; give the STAR file of their micrographs")
    return block


def _group_sizes(star: StarText) -> dict[str, float]:
    star = with_tables(star, _GROUP, _SIZE)
    optics = star.block_with(_GROUP, _SIZE)
    if optics is None:
        return {}
    table = star.table(optics, [_GROUP, _SIZE])
    told = dict(zip(map(str, table[_GROUP]), map(str, table[_SIZE]), strict=True))
    sizes = {group: _number(size) for group, size in told.items()}
    return {group: size for group, size in sizes.items() if size is not None}


def _sizes(cells: dict[str, list[str]], groups: dict[str, float]) -> Sequence[float | None]:
    if _SIZE in cells:
        return [_number(size) for size in cells[_SIZE]]
    if _GROUP in cells and groups:
        return [groups.get(group) for group in cells[_GROUP]]
    if _DETECTOR in cells and _MAGNIFICATION in cells:
        return [_projected(*pair) for pair in zip(cells[_DETECTOR], cells[_MAGNIFICATION], strict=True)]
    only = next(iter(groups.values())) if len(groups) == 1 else None
    return [only] * len(cells[_NAME])


def _projected(detector: str, magnification: str) -> float | None:
    """Å/px at the specimen of a detector's pixel (µm) under a magnification."""
    pixel, times = _number(detector), _number(magnification)
    return _MICROMETRE * pixel / times if pixel and times else None


def _number(text: str) -> float | None:
    """Return a number above 0, None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
