"""``cryoice fetch``: entries of CryoPPP and CryoPPP-Lite, from the web to a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoice.errors import InputError
from cryoice.terminal import console, faults_in_one_line, progress

if TYPE_CHECKING:
    from rich.console import Console

    from cryoice.project.fetch_entries import FetchSettings


def fetch(
    entries: Annotated[
        list[str] | None, typer.Argument(metavar="ENTRY...", help="Such as 10061; none: list them all.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the entries, made when missing.")
    ] = Path("data/cryoppp"),
    lite: Annotated[
        bool, typer.Option("--lite", help="CryoPPP-Lite: 8-bit pictures, for the context view only.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the entries and fetch nothing.")] = False,
    sizes: Annotated[
        bool, typer.Option("--sizes", help="List them with the sizes that the server tells.")
    ] = False,
    sha256: Annotated[
        list[str] | None,
        typer.Option(metavar="HASH", help="What the archive must have; with several, ENTRY=HASH each."),
    ] = None,
    keep_archive: Annotated[
        bool, typer.Option("--keep-archive", help="Leave `<entry>.tar.gz` beside the entry.")
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Folder on the web with `<entry>.tar.gz` in it.")
    ] = None,
) -> None:
    """Download entries of CryoPPP or CryoPPP-Lite and unpack them.

    - `cryoice fetch`: what there is, and what is here already
    - `cryoice fetch 10005 10017 --sizes`: how large the downloads are
    - `cryoice fetch 10017 -o data/cryoppp`: one entry, at full resolution
    - `cryoice fetch 10061 10081 --lite -o data/lite`: two entries as 8-bit pictures

    A download that broke off or was stopped continues with the same command, if the server can and its
    file is still the same. There must be room for the archive and what it unpacks to. An entry is in
    DIR whole or not at all; one that is there is skipped. No checksums are published: the sha256 of each
    archive is recorded in DIR, as `<entry>.tar.gz.sha256`, and a later download must match it.

    The addresses are those of CryoPPP's README and were not tried when this was written; if they moved, give
    `--base-url`. CryoPPP: CC BY 4.0, Dhakal et al. 2023, doi:10.1038/s41597-023-02280-2.

    Then: `cryoice check DIR`. Exits with 1 when an entry failed; the others are there all the same.
    """
    from cryoice.files.http_client import require_web_address

    with faults_in_one_line():
        if base_url is not None:
            require_web_address(base_url)
        if listed or sizes or not entries:
            _list(entries or [], output, address=base_url, sizes=sizes)
            return
        checksums = _checksums(sha256 or [], entries)
        failed = _fetch(entries, output, checksums, lite=lite, keep_archive=keep_archive, address=base_url)
    raise typer.Exit(code=int(failed))


def _checksums(given: Sequence[str], entries: Sequence[str]) -> dict[str, str]:
    """Return the checksums by entry; one alone may go without its entry's name."""
    from cryoice.files.checksum import checksum
    from cryoice.files.cryoppp_catalogue import catalogue

    found = {}
    for text in given:
        name, equals, digest = text.rpartition("=")
        if not equals and len(entries) > 1:
            raise InputError(f"--sha256: {text} of which entry? Write ENTRY=HASH")
        value = checksum(digest)
        if value is None or len(digest) != len(value):
            raise InputError(f"--sha256: {text} is no sha256, which has 64 hexadecimal digits")
        found[catalogue().entry(name or entries[0]).name] = value
    return found


def _fetch(
    entries: Sequence[str],
    output: Path,
    checksums: dict[str, str],
    *,
    lite: bool,
    keep_archive: bool,
    address: str | None,
) -> bool:
    """Fetch one after the other and tell; True when something failed."""
    from rich.console import Console

    from cryoice.files.cryoppp_catalogue import catalogue
    from cryoice.project.fetch_entries import FetchSettings, alone

    edition = catalogue().lite if lite else catalogue().full
    settings = FetchSettings(
        root=output,
        lite=lite,
        address=address or edition.address,
        keep_archive=keep_archive,
        checksums=checksums,
    )
    said = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    with alone(output):
        try:
            done = [_fetch_one(text, settings, said) for text in dict.fromkeys(entries)]
        except KeyboardInterrupt as stop:
            said.print("stopped: what has come is kept; the same command continues")
            raise typer.Exit(code=130) from stop
    if any(done):
        typer.echo(f"next: cryoice check {output}")
    if not all(done):
        said.print(f"{done.count(False)} of {len(done)} entries failed")
    return not all(done)


def _fetch_one(text: str, settings: "FetchSettings", said: "Console") -> bool:
    from cryoice.files.cryoppp_catalogue import catalogue
    from cryoice.project.fetch_entries import fetch_entry
    from cryoice.project.fetch_progress import FetchProgress, showing

    try:
        entry = catalogue().entry(text)
        with showing(said) as bar:
            fetched = fetch_entry(entry, settings, FetchProgress(said, bar, entry.name))
    except InputError as error:
        said.print(f"{text}: {str(error).removeprefix(f'{text}: ')}")
        return False
    told = f"{fetched.micrographs} micrographs in {fetched.folder}"
    if fetched.micrographs != entry.micrographs:
        told += f" (CryoPPP tells of {entry.micrographs})"
    typer.echo(f"{entry.name}: {told}{', here before' if fetched.before else ''}")
    return True


def _list(entries: Sequence[str], output: Path, *, address: str | None, sizes: bool) -> None:
    from cryoice.files.cryoppp_catalogue import catalogue
    from cryoice.project.fetch_list import entry_table, footnotes

    known = catalogue()
    chosen = [known.entry(text) for text in entries] or list(known.entries.values())
    addresses = {"full": known.full.address, "lite": known.lite.address}
    if address is not None:
        addresses = {"archive": address}
    shown = progress(chosen, "Asking") if sizes else chosen
    out = console()
    out.print(entry_table(shown, output, addresses if sizes else {}))
    for line in footnotes(sizes=sizes):
        out.print(line, markup=False)
