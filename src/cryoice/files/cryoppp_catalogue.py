"""What CryoPPP and CryoPPP-Lite offer for download: entries, addresses, licence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cryoice.errors import InputError

_FACTS = Path(__file__).with_name("cryoppp_entries.yaml")
_FLOAT32 = 4  # bytes a pixel of a motion-corrected micrograph


@dataclass(frozen=True)
class CatalogueEntry:
    """One protein as CryoPPP's README describes it.

    Attributes
    ----------
    name
        Number in EMPIAR.
    protein
        In the words of the README.
    micrographs
        How many.
    sides
        Of a micrograph, px.
    """

    name: str
    protein: str
    micrographs: int
    sides: tuple[int, int]

    @property
    def micrograph_bytes(self) -> int:
        """Computed size of all micrographs, uncompressed and without stacks of particles."""
        return self.micrographs * self.sides[0] * self.sides[1] * _FLOAT32


@dataclass(frozen=True)
class Edition:
    """CryoPPP or CryoPPP-Lite: where its archives lie and how large others found them, in GB."""

    address: str
    gigabytes: str


@dataclass(frozen=True)
class Catalogue:
    """All entries by name, with both editions."""

    full: Edition
    lite: Edition
    licence: str
    citation: str
    entries: dict[str, CatalogueEntry]

    def entry(self, text: str) -> CatalogueEntry:
        """Return the entry that a user named: 10061 or EMPIAR-10061.

        Raises
        ------
        InputError
            There is no such entry.
        """
        name = re.sub(r"^empiar[-_ ]?", "", text.strip(), flags=re.IGNORECASE)
        if name not in self.entries:
            raise InputError(f"{text}: not an entry of CryoPPP; `cryoice fetch` lists them")
        return self.entries[name]


@cache
def catalogue() -> Catalogue:
    """Read the facts that lie beside this module; their source and what is unverified stand there."""
    facts: dict[str, Any] = yaml.safe_load(_FACTS.read_text("utf-8"))
    entries = {name: _entry(name, **row) for name, row in facts["entries"].items()}
    return Catalogue(
        full=Edition(**facts["full"]),
        lite=Edition(**facts["lite"]),
        licence=facts["licence"],
        citation=facts["citation"],
        entries=entries,
    )


def _entry(name: str, *, protein: str, micrographs: int, sides: Sequence[int]) -> CatalogueEntry:
    return CatalogueEntry(name, protein, micrographs, (sides[0], sides[1]))
