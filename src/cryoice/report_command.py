"""``cryoice report``: a page on which masks are reviewed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoice.terminal import faults_in_one_line, progress, show_failures

if TYPE_CHECKING:
    from cryoice.project.review_folder import ReviewFolder
    from cryoice.report.page.contents import PageMicrograph

_MANY = 5000
"""More masks than these make a page that a browser opens slowly or not at all."""
_PICTURE_MB = 0.012
"""What a mask adds to the page, as measured."""


def report(
    masks: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that cryoice mask wrote.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The page; DIR/report.html by default."),
    ] = None,
    pictures: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Show the masks of N micrographs alone, those most worth a look: by cryoice next, then the "
            "most unsure. Counts, plots and lists are of all.",
        ),
    ] = None,
) -> None:
    """Write a page on which micrographs are reviewed in any browser, without a network.

    - `cryoice report masks -o report.html`, then open report.html
    - `cryoice next masks`, then `cryoice report masks`: those on which a reviewer finds most come first
    - `cryoice report masks --pictures 2000`: a page of 25 MB, however many micrographs there are

    The page is one file, about 12 kB a micrograph, and holds all that it shows. On it:

    - sliders set the limits of `cryoice select` and count again at once what they accept
    - histograms and a scatter plot filter a gallery of the masks, classes can be shown and hidden
    - A accepts, R rejects, U undoes; Enter shows one micrograph large; ? tells all keys
    - there a click calls a region another class, a disc marks what was missed

    It exports `accepted.star` and `rejected.star` (blocks, columns, order and bytes of DIR/micrographs.star),
    `corrections.csv` for `cryoice finetune --corrections`, and the review itself, which the browser keeps
    while the list grows; corrections of a mask that has changed are left aside. Verdicts given by eye count
    before the limits.

    Exits with 1 when a mask could not be read; its micrograph is in the lists all the same.
    """
    from cryoice.files.atomic import require_writable
    from cryoice.project.review_folder import ReviewFolder
    from cryoice.report.page.assemble import write_page

    page = output or masks / "report.html"
    unread: list[tuple[str, str]] = []
    by_score: list[str] = []
    with faults_in_one_line():
        folder = ReviewFolder.read(masks)
        require_writable(page)
        count = len(folder.micrographs) if pictures is None else min(pictures, len(folder.micrographs))
        _warn_of_size(count)
        shown = folder.worth_a_look(count)

        def read() -> "Iterator[PageMicrograph]":
            for one in progress(folder.micrographs, "Reading masks"):
                micrograph, fault = folder.load(one, shown=one.masked.name in shown)
                if fault and micrograph.pictures:
                    by_score.append(f"{micrograph.name}: {fault}")
                elif fault:
                    unread.append((micrograph.name, fault))
                yield micrograph

        write_page(page, folder.contents(read()))
    _tell(page, folder, count, by_score)
    show_failures(unread)
    raise typer.Exit(code=int(bool(unread)))


def _tell(page: Path, folder: "ReviewFolder", count: int, by_score: Sequence[str]) -> None:
    told = f", {count} of them shown" if count < len(folder.micrographs) else ""
    typer.echo(f"{page}: {len(folder.micrographs)} micrographs{told}, {page.stat().st_size / 1e6:.1f} MB")
    if folder.unlisted:
        typer.echo(f"{folder.unlisted} masks of earlier runs are not in micrographs.star, nor on the page")
    if folder.outdated:
        typer.echo(
            f"warning: {folder.outdated} of next.csv have new masks since and lose their place; "
            "run cryoice next again",
            err=True,
        )
    if by_score:
        typer.echo(f"warning: {len(by_score)} shown by their score maps, such as {by_score[0]}", err=True)


def _warn_of_size(count: int) -> None:
    if count > _MANY:
        typer.echo(
            f"warning: {count} masks make a page of some {count * _PICTURE_MB:.0f} MB, which browsers may "
            "not open; --pictures 2000 shows those most worth a look, and counts and lists all",
            err=True,
        )
