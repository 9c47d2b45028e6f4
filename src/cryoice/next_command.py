"""``cryoice next``: which masks a person had best look at."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoice.terminal import console, faults_in_one_line, progress

if TYPE_CHECKING:
    from cryoice.project.next_micrographs import NextMicrograph


def next_(
    masks: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that cryoice mask wrote.")],
    count: Annotated[int, typer.Option("--count", "-n", metavar="N", min=1, help="How many to list.")] = 20,
    corrections: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Corrections of a review page: micrographs in it are done, and the next are to differ.",
        ),
    ] = None,
) -> None:
    """Rank the micrographs on which a reviewer finds most that is wrong.

    - `cryoice next masks`: the first 20; `cryoice report masks` shows them first
    - `cryoice next masks --corrections corrections.csv -n 5`: five more after a first review

    One by one that micrograph is taken whose doubt times novelty is the largest. **Doubt**: the share of
    its area that is expected to be wrong, the mean of min(p, 1 - p) over the probabilities p of an artifact.
    **Novelty**: how far it is, in standard deviations, from the nearest one taken before or reviewed, by
    the shares of the classes and of unsure, iciness, ring density and the histogram of the probabilities;
    1 for the first. So the most doubtful of each kind come first, and one kind rarely twice in a row.

    A network that is surely wrong has no doubt: look at a few micrographs of your own choice as well.

    Written is `DIR/next.csv`: rank, micrograph, stem, score (doubt times novelty) and reason. Then
    `cryoice report DIR -o report.html`, correct the masks there, and `cryoice finetune`.

    Exits with 1 when a score map or a correction cannot be read; the others are ranked all the same.
    """
    from cryoice.files.corrections import Corrections
    from cryoice.project.mask_folder import NEXT, MaskFolder
    from cryoice.project.next_micrographs import next_micrographs
    from cryoice.project.review_rows import reviewed

    with faults_in_one_line():
        folder = MaskFolder.read(masks)
        review = reviewed(folder, Corrections.read(corrections)) if corrections else None
        done, faults = (review.done, review.failures) if review else ({}, ())
        found, failures = next_micrographs(folder, done, count=count, track=progress)
    _show(found, reviewed=len(done))
    typer.echo(f"{masks / NEXT}: {len(found)} micrographs")
    for failure in (*faults, *failures):
        typer.echo(f"error: {failure}", err=True)
    raise typer.Exit(code=int(bool(faults or failures)))


def _show(found: "list[NextMicrograph]", *, reviewed: int) -> None:
    from rich.markup import escape
    from rich.table import Table

    title = f"reviewed before: {reviewed}" if reviewed else None
    table = Table("rank", "micrograph", "score", "why", title=title, title_justify="left")
    for row in found:
        table.add_row(str(row.rank), escape(row.stem), f"{row.score:.3g}", escape(row.reason))
    console().print(table)
