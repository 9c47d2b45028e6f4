"""The micrographs a user means: files, folders, or a list of RELION's or cryoSPARC's."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.cryosparc_exposures import EXPOSURE_SUFFIXES, read_exposures
from cryoice.files.micrograph import MICROGRAPH_SUFFIXES, micrograph_name
from cryoice.files.micrograph_folder import is_micrograph
from cryoice.files.named_micrographs import NamedMicrograph, of_exposures, of_input, of_star
from cryoice.files.own_stems import own_stems
from cryoice.files.pixel_size_doubts import disagreement, doubt_of
from cryoice.files.star_micrographs import StarMicrographs, read_star_micrographs
from cryoice.files.star_text import StarText

_STAR = ".star"
_NO_MICROGRAPH = f"not a micrograph; give one of {', '.join(MICROGRAPH_SUFFIXES)}"


@dataclass(frozen=True)
class ListedMicrograph:
    """One micrograph to be read.

    Attributes
    ----------
    path
        Its file.
    name
        As the list names it; of a plain file, the path as given.
    stem
        Name of its outputs without their endings; holds no folder and is unique in the list.
    pixel_size
        Å/px as the user or the STAR file tells it; None leaves it to the header: `resolve_pixel_size`.
    rows
        Its rows in the STAR file's table, counted from 0: a file may be listed twice.
    """

    path: Path
    name: str
    stem: str
    pixel_size: float | None
    rows: tuple[int, ...]


@dataclass(frozen=True)
class MicrographList:
    """What there is to do.

    Attributes
    ----------
    micrographs
        In the list's order.
    failures
        Name and reason of what cannot be used; one line each.
    doubts
        About pixel sizes, and files that are passed over; one line each.
    star, block
        The STAR file and its table of micrographs, where one was given.
    """

    micrographs: tuple[ListedMicrograph, ...]
    failures: tuple[tuple[str, str], ...]
    doubts: tuple[str, ...]
    star: StarText | None
    block: str | None

    def require_some(self) -> None:
        """Check that there is a micrograph.

        Raises
        ------
        InputError
            There is none; says why the first cannot be used.
        """
        if self.failures and not self.micrographs:
            name, reason = self.failures[0]
            raise InputError(f"{name}: {reason.removeprefix(f'{name}: ')}")


def list_micrographs(inputs: Sequence[Path], *, angpix: float | None) -> MicrographList:
    """List the micrographs in the inputs without opening them.

    A folder gives the micrographs directly in it, as `micrographs_in` finds them. A file given
    twice is taken once, with all its rows of a STAR file; rows that differ in its pixel size fail. Files
    of one name in several folders have outputs of their own: `own_stems`.

    Parameters
    ----------
    inputs
        Micrographs and folders, or one list: RELION's STAR file, or exposures of cryoSPARC (.cs, .csg).
    angpix
        Å/px that overrides those of STAR file and headers.

    Raises
    ------
    InputError
        ``angpix`` is no length, a list is unreadable, lists no micrographs, or is not alone.
    """
    require_angpix(angpix)
    lists = [path for path in inputs if path.suffix.lower() in (_STAR, *EXPOSURE_SUFFIXES)]
    if lists and len(inputs) > 1:
        raise InputError(f"{lists[0]}: is not alone; give one list, or micrographs and folders")
    if lists and lists[0].suffix.lower() == _STAR:
        return list_star(read_star_micrographs(lists[0], angpix=angpix), angpix=angpix, found={})
    passed: list[str] = []
    if lists:
        named = of_exposures(read_exposures(lists[0]))
    else:
        named = (item for path in inputs for item in of_input(path, passed))
    micrographs, failures = _sorted_out(named, angpix=angpix)
    return MicrographList(micrographs, failures, (*_doubts_of(angpix), *passed), star=None, block=None)


def list_star(table: StarMicrographs, *, angpix: float | None, found: dict[str, Path]) -> MicrographList:
    """List the micrographs of a STAR file, as `list_micrographs` does.

    Parameters
    ----------
    table
        As `read_star_micrographs` returns it.
    angpix
        Å/px that overrides those of STAR file and headers.
    found
        Files by the names in the STAR file; they are not looked for again. What is found is added.
    """
    micrographs, failures = _sorted_out(of_star(table, found), angpix=angpix)
    return MicrographList(
        micrographs, failures, (*_doubts_of(angpix), *table.doubts), star=table.star, block=table.block
    )


def require_angpix(angpix: float | None) -> None:
    """Check ``--angpix``.

    Raises
    ------
    InputError
        It is no length.
    """
    if angpix is not None and not (math.isfinite(angpix) and angpix > 0):
        raise InputError(f"--angpix: {angpix:g} Å/px is impossible; give one above 0")


def resolve_pixel_size(listed: ListedMicrograph, header_pixel_size: float | None) -> tuple[float, str | None]:
    """Settle the pixel size (Å/px) once the header is read: the user's, else the STAR file's, else its.

    The second value says in one line what is doubtful, None when nothing is. It names no file, so
    that equal doubts can be counted: `cryoice.files.pixel_size_doubts.counted`.

    Raises
    ------
    InputError
        Nobody tells it.
    """
    if listed.pixel_size is None and header_pixel_size is None:
        raise InputError(f"{listed.path}: its header tells no pixel size; give --angpix")
    if listed.pixel_size is None:
        assert header_pixel_size is not None
        return header_pixel_size, doubt_of(header_pixel_size, source="the header")
    if header_pixel_size is None:
        return listed.pixel_size, None
    return listed.pixel_size, disagreement(header_pixel_size, listed.pixel_size, source="the header")


def _sorted_out(
    named: Iterable[NamedMicrograph], *, angpix: float | None
) -> tuple[tuple[ListedMicrograph, ...], tuple[tuple[str, str], ...]]:
    found: list[NamedMicrograph] = []
    alike: dict[str, list[int]] = defaultdict(list)  # places in found of what is called the same
    failures = []
    for item in named:
        fault = item.fault or (None if is_micrograph(item.path) else _NO_MICROGRAPH)
        if fault is not None:
            failures.append((item.name, fault))
            continue
        size = item.pixel_size if angpix is None else angpix
        namesakes = alike[micrograph_name(item.path)]
        place = next((place for place in namesakes if _same(found[place].path, item.path)), None)
        if place is None:
            namesakes.append(len(found))
            found.append(replace(item, pixel_size=size))
        elif found[place].pixel_size != size:
            failures.append((item.name, "listed twice with different pixel sizes; give --angpix"))
        else:
            found[place] = replace(found[place], rows=found[place].rows + item.rows)
    stems = own_stems([(item.path, item.name) for item in found])
    micrographs = tuple(
        ListedMicrograph(item.path, item.name, stem, item.pixel_size, item.rows)
        for item, stem in zip(found, stems, strict=True)
    )
    return micrographs, tuple(failures)


def _same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:  # one of them is gone by now
        return False


def _doubts_of(angpix: float | None) -> tuple[str, ...]:
    given = doubt_of(angpix, source="--angpix") if angpix not in (None, 1.0) else None
    return (given,) if given else ()
