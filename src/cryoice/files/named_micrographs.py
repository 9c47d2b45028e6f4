"""Micrographs as a user names them: a file, a folder, or a row of RELION's or cryoSPARC's list."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.cryosparc_exposures import Exposures
from cryoice.files.micrograph_folder import micrographs_in
from cryoice.files.star_micrographs import StarMicrographs, find_listed, is_file, roots_of

_IN_STACK = re.compile(r"\d+@")


@dataclass(frozen=True)
class NamedMicrograph:
    """One that is named, whether or not it can be used; rows are those of a STAR file."""

    name: str
    path: Path
    fault: str | None = None
    pixel_size: float | None = None
    rows: tuple[int, ...] = ()


def of_input(path: Path, passed: list[str]) -> Iterator[NamedMicrograph]:
    """Look into a folder; what is passed over there is added to ``passed``."""
    try:
        inside, outputs = micrographs_in(path) if path.is_dir() else ([path], 0)
    except InputError as error:
        yield NamedMicrograph(str(path), path, fault=str(error).removeprefix(f"{path}: "))
    else:
        if outputs:
            passed.append(f"{path}: {outputs} files are passed over, outputs of cryoice mask")
        for item in inside:
            yield NamedMicrograph(str(item), item, fault=None if is_file(item) else "no such file")


def of_star(table: StarMicrographs, found: dict[str, Path]) -> Iterator[NamedMicrograph]:
    """Name the rows of a STAR file; names in ``found`` are not looked for again, files found are added."""
    star = table.star.path
    roots = roots_of(star)
    for row, (name, size) in enumerate(zip(table.names, table.pixel_sizes, strict=True)):
        path = found.get(name) or find_listed(name, roots)
        if _IN_STACK.match(name):
            fault = f"{star.name} lists a frame of a stack; list single micrographs"
        elif path is None:
            fault = f"{star.name} lists it, but there is no such file; run in the RELION project's folder"
        else:
            fault, found[name] = None, path
        yield NamedMicrograph(name, path or Path(name), fault=fault, pixel_size=size, rows=(row,))


def of_exposures(exposures: Exposures) -> Iterator[NamedMicrograph]:
    """Name the exposures of cryoSPARC."""
    lost = f"{exposures.path.name} lists it, but there is no such file; run in the cryoSPARC project's folder"
    rows = zip(exposures.names, exposures.micrographs, exposures.pixel_sizes, strict=True)
    for name, path, size in rows:
        yield NamedMicrograph(name, path or Path(name), fault=None if path else lost, pixel_size=size)
