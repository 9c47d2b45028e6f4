"""``cryoice check``: what is wrong with a folder of entries, before a training meets it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoice.terminal import console, faults_in_one_line, progress

if TYPE_CHECKING:
    from cryoice.files.survey import EntrySurvey


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

    with faults_in_one_line():
        names = None if entries is None else [name.strip() for name in entries.split(",") if name.strip()]
        found = find_entries(folder, names=names)
        frame_in_force(found[0], frame)
        verdicts = []
        for entry in found:
            survey = survey_entry(entry, pixel_size=angpix, track=progress)
            in_force = frame_in_force(entry, frame)
            _show_entry(survey, in_force)
            verdicts.append((entry.name, len(troubles(survey, frame=in_force))))
    if len(verdicts) > 1:
        _show_verdicts(verdicts)
    raise typer.Exit(code=int(any(count for _, count in verdicts)))


def _show_entry(survey: "EntrySurvey", frame: str) -> None:
    from rich.table import Table

    from cryoice.files.remarks import notes, troubles
    from cryoice.report.entry_facts import entry_facts

    table = Table(title=survey.entry.name, title_justify="left", show_header=False)
    for what, value in entry_facts(survey, frame=frame):
        table.add_row(what, value)
    out = console()
    out.print(table)
    found = troubles(survey, frame=frame)
    lines = [f"note: {line}" for line in notes(survey, frame=frame)] + [f"trouble: {line}" for line in found]
    for line in (*lines, f"{survey.entry.name}: {_verdict(len(found))}"):
        out.print(line, markup=False, soft_wrap=True)


def _show_verdicts(verdicts: list[tuple[str, int]]) -> None:
    from rich.table import Table

    table = Table("entry", "verdict")
    for name, count in verdicts:
        table.add_row(name, _verdict(count))
    console().print(table)


def _verdict(troubles: int) -> str:
    return f"{troubles} to mend" if troubles else "fine"
