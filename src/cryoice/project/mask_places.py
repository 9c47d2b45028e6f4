"""Outputs of masking replace nothing but outputs of the same micrograph."""

from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
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


def require_own_outputs(records: Records, micrograph: ListedMicrograph) -> None:
    """Keep the masks of a micrograph of the same name elsewhere, unless it is gone.

    Raises
    ------
    InputError
        There are such masks.
    """
    record = records.get(micrograph.stem)
    if record is None or record.stamp.path == str(micrograph.path.resolve()):
        return
    if is_file(Path(record.stamp.path)):
        raise InputError(f"its outputs would replace those of {record.stamp.path}; mask it elsewhere")
