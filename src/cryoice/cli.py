"""The command line for microscopists: plain flags and no YAML."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoice import __version__
from cryoice.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from cryoice.files.survey import EntrySurvey

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False, rich_markup_mode="markdown")


def _show_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"cryoice {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Find crystalline ice, contamination and support film in cryo-EM micrographs."""


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that holds CryoPPP entries, or one entry.")
    ],
    entries: Annotated[
        str | None, typer.Option(metavar="A,B", help="Only these entries, separated by commas.")
    ] = None,
    frame: Annotated[
        str,
        typer.Option(
            help="auto: the probe must confirm the declared frame; or the frame in force: cryoppp "
            "(row = H-1-y), top (row = y), flip_x (col = W-1-x), transpose (row = x)."
        ),
    ] = "auto",
    angpix: Annotated[
        float | None, typer.Option(metavar="A", help="Pixel size in Å/px that overrides the headers.")
    ] = None,
) -> None:
    """Check CryoPPP entries before training: files, picks, scale and coordinate frame.

    For every entry it tells how many micrographs can be read and have picks, where the pixel size
    comes from, how large the particles are, whether the picks sit on particles (the z score of
    their contrast in each of four frames; the right one is far above 3), and whether the sampling
    is fine enough to see ice.

    Example: `cryoice check data/cryoppp --entries 10061,10146`

    Exits with 0 when all is well and with 1 when something must be mended.
    """
    from cryoice.files.cryoppp import find_entries
    from cryoice.files.diagnose import frame_in_force
    from cryoice.files.remarks import troubles
    from cryoice.files.survey import survey_entry

    with _faults_in_one_line():
        names = None if entries is None else [name.strip() for name in entries.split(",") if name.strip()]
        found = find_entries(folder, names=names)
        frame_in_force(found[0], frame)
        verdicts = []
        for entry in found:
            survey = survey_entry(entry, pixel_size=angpix, track=_progress)
            in_force = frame_in_force(entry, frame)
            _show_entry(survey, in_force)
            verdicts.append((entry.name, len(troubles(survey, frame=in_force))))
    if len(verdicts) > 1:
        _show_verdicts(verdicts)
    raise typer.Exit(code=int(any(count for _, count in verdicts)))


@contextmanager
def _faults_in_one_line() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(code=1) from error


def _progress(items: Sequence[Any], words: str) -> Iterable[Any]:
    from rich.console import Console
    from rich.progress import track

    return track(items, description=words, console=Console(stderr=True), transient=True)


def _show_entry(survey: "EntrySurvey", frame: str) -> None:
    from rich.table import Table

    from cryoice.files.remarks import notes, troubles
    from cryoice.report.entry_facts import entry_facts

    table = Table(title=survey.entry.name, title_justify="left", show_header=False)
    for what, value in entry_facts(survey, frame=frame):
        table.add_row(what, value)
    console = _console()
    console.print(table)
    found = troubles(survey, frame=frame)
    lines = [f"note: {line}" for line in notes(survey, frame=frame)] + [f"trouble: {line}" for line in found]
    for line in (*lines, f"{survey.entry.name}: {_verdict(len(found))}"):
        console.print(line, markup=False, soft_wrap=True)


def _show_verdicts(verdicts: list[tuple[str, int]]) -> None:
    from rich.table import Table

    table = Table("entry", "verdict")
    for name, count in verdicts:
        table.add_row(name, _verdict(count))
    _console().print(table)


def _verdict(troubles: int) -> str:
    return f"{troubles} to mend" if troubles else "fine"


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)
