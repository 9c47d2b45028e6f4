"""The entries of CryoPPP as a table: what there is, how large, what is here."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.filesize import decimal
from rich.table import Table

from cryoice.files.cryoppp_catalogue import CatalogueEntry, catalogue
from cryoice.files.entry_folder import is_lite, micrographs_in
from cryoice.files.http_client import remote_size
from cryoice.files.http_part import Part
from cryoice.project.fetch_entries import ENDINGS

_COMPUTED = "MRC, GB"


def entry_table(entries: Iterable[CatalogueEntry], root: Path, addresses: Mapping[str, str]) -> Table:
    """Return a row for each entry.

    Parameters
    ----------
    entries
        In this order.
    root
        Folder in which they may be.
    addresses
        Folders on the web to ask for the sizes of archives, by the heads of their columns. Without any
        the network is left alone and the computed size of the micrographs stands there.

    Raises
    ------
    InputError
        A server cannot be reached or refuses.
    """
    table = Table("entry", "protein", "micrographs", "px")
    for column in addresses or (_COMPUTED,):
        table.add_column(column, justify="right")
    table.add_column("here", no_wrap=True)
    for entry in entries:
        sizes = [_size(address, entry) for address in addresses.values()]
        table.add_row(
            entry.name,
            entry.protein,
            str(entry.micrographs),
            "x".join(map(str, entry.sides)),
            *(sizes or [f"{entry.micrograph_bytes / 1e9:.1f}"]),
            _here(entry, root),
        )
    return table


def footnotes(*, sizes: bool) -> list[str]:
    """Say what the sizes are, and under which licence the data come."""
    known = catalogue()
    computed = (
        f"{_COMPUTED}: computed, the micrographs at 4 bytes a pixel. Archives also hold stacks of particles; "
        f"others report {known.full.gigabytes} GB each, {known.lite.gigabytes} GB for lite (not verified). "
        "`--sizes` asks the server."
    )
    addresses = f"Addresses, not tried when this was written: {known.full.address}, {known.lite.address}"
    return [*([] if sizes else [computed]), addresses, f"Licence: {known.licence}. Cite {known.citation}."]


def _size(address: str, entry: CatalogueEntry) -> str:
    size = remote_size(f"{address.rstrip('/')}/{entry.name}.tar.gz")
    return "–" if size is None else decimal(size)


def _here(entry: CatalogueEntry, root: Path) -> str:
    folder = root / entry.name
    if folder.is_dir() and (micrographs := micrographs_in(folder)):
        return "lite" if is_lite(micrographs) else "full"
    parts = sum(Part(root / f"{entry.name}{ending}", "").size for ending in ENDINGS.values())
    return f"{decimal(parts)} so far" if parts else ""
