"""Outputs of masking replace nothing but outputs of the same micrograph."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
from cryoice.files.own_stems import own_stems
from cryoice.files.star_micrographs import is_file
from cryoice.project.records import Records
from cryoice.project.select_micrographs import LIST


def require_apart(listed: MicrographList, output: Path) -> None:
    """Keep overlays from replacing pictures, and one list the other.

    Raises
    ------
    InputError
        The folder of the outputs holds a micrograph, or the list itself.
    """
    for micrograph in listed.micrographs:
        require_outside(micrograph.path, output)
    if listed.star is not None and listed.star.path.name == LIST:
        require_outside(listed.star.path, output)


def require_outside(path: Path, output: Path) -> None:
    """Keep outputs from replacing one file.

    Raises
    ------
    InputError
        The folder of the outputs holds it.
    """
    if path.parent.resolve() == output.resolve():
        raise InputError(f"{output}: holds {path.name} itself; choose another folder for masks")


def with_own_stems(listed: MicrographList, owner: Callable[[str], str | None]) -> MicrographList:
    """Call outputs as those that are there already: a micrograph keeps its own, and takes no other's.

    Parameters
    ----------
    listed
        Micrographs whose outputs are called as if nothing were there.
    owner
        As `cryoice.files.own_stems.own_stems` has it: `Records.owner` of the outputs' folder.
    """
    stems = own_stems([(item.path, item.name) for item in listed.micrographs], owner)
    named = zip(listed.micrographs, stems, strict=True)
    own = (item if item.stem == stem else replace(item, stem=stem) for item, stem in named)
    return replace(listed, micrographs=tuple(own))


def require_own_outputs(records: Records, micrograph: ListedMicrograph) -> None:
    """Keep the masks of another micrograph, unless it is gone; `with_own_stems` asks for none of them.

    Raises
    ------
    InputError
        There are such masks.
    """
    owner = records.owner(micrograph.stem)
    if owner is not None and owner != str(micrograph.path.resolve()) and is_file(Path(owner)):
        raise InputError(f"its outputs would replace those of {owner}; mask it elsewhere")
