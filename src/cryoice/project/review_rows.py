"""Whose the rows of a reviewer's corrections are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from cryoice.files.corrections import Correction, Corrections, Fault
from cryoice.project.mask_folder import MaskFolder


@dataclass(frozen=True)
class Review:
    """The rows of a file by the micrograph that they are about.

    Attributes
    ----------
    rows
        Those that can be followed, by stem.
    spoilt
        Stems of which another row cannot be followed.
    failures
        A line on each row that cannot be followed.
    """

    rows: dict[str, list[Correction]]
    spoilt: frozenset[str]
    failures: tuple[str, ...]

    @property
    def done(self) -> dict[str, list[Correction]]:
        """The rows of micrographs all of whose rows can be followed."""
        return {stem: rows for stem, rows in self.rows.items() if stem not in self.spoilt}


def reviewed(masks: MaskFolder, corrections: Corrections) -> Review:
    """Sort rows by micrograph.

    A row belongs to the masked micrograph of its stem and of its file's name. One that has only the stem, or
    only the name as the masks have it, spoils that micrograph: it was meant, and cannot be followed.
    """
    known = {masked.stem: masked.name for masked in masks.masked}
    grouped: dict[str, list[Correction]] = {}
    astray: list[Correction | Fault] = list(corrections.faults)
    strangers: dict[str, str] = {}
    for row in corrections.actions:
        if row.stem in known and PurePath(known[row.stem]).name == PurePath(row.micrograph).name:
            grouped.setdefault(row.stem, []).append(row)
        else:
            astray.append(row)
            fault = _stranger(row, known, masks.path)
            strangers.setdefault(row.micrograph, f"line {row.line}: {fault}")
    stems, names = {row.stem for row in astray}, {row.micrograph for row in astray}
    spoilt = frozenset(stem for stem, name in known.items() if stem in stems or name in names)
    faults = [f"line {fault.line}: {fault.reason}" for fault in corrections.faults]
    failures = (f"{corrections.path}: {fault}" for fault in (*faults, *strangers.values()))
    return Review(grouped, spoilt, tuple(failures))


def _stranger(row: Correction, known: Mapping[str, str], folder: Path) -> str:
    if row.stem in known or row.micrograph in known.values():
        return f"{row.micrograph!r} and the stem {row.stem!r} are not of one mask in {folder}"
    return f"{row.micrograph!r} is not in {folder}"
