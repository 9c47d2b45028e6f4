"""``cryoice report``: a page on which masks are reviewed."""

from pathlib import Path
from typing import Annotated

import typer

from cryoice.terminal import faults_in_one_line, progress, show_failures


def report(
    masks: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that cryoice mask wrote.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The page; DIR/report.html by default."),
    ] = None,
) -> None:
    """Write a page on which micrographs are reviewed in any browser, without a network.

    - `cryoice report masks -o report.html`, then open report.html
    - `cryoice next masks`, then `cryoice report masks`: those whose review would teach most come first

    The page is one file, about 12 kB a micrograph, and holds all that it shows. On it:

    - sliders set the limits of `cryoice select` and count again at once what they accept
    - histograms and a scatter plot filter a gallery of the masks, classes can be shown and hidden
    - A accepts, R rejects, U undoes; Enter shows one micrograph large; ? tells all keys
    - there a click calls a region another class, a disc marks what was missed

    It exports `accepted.star` and `rejected.star` (blocks, columns, order and bytes of DIR/micrographs.star),
    `corrections.csv` for `cryoice finetune --corrections`, and the review itself, which the browser keeps for
    as long as list and masks stay the same. Verdicts given by eye count before the limits.

    Exits with 1 when a mask could not be read; its micrograph is in the lists all the same.
    """
    from cryoice.files.atomic import require_writable
    from cryoice.project.review_folder import ReviewFolder
    from cryoice.report.page.assemble import write_page

    page = output or masks / "report.html"
    with faults_in_one_line():
        folder = ReviewFolder.read(masks)
        require_writable(page)
        loaded = [folder.load(one) for one in progress(folder.micrographs, "Reading masks")]
        write_page(page, folder.contents([micrograph for micrograph, _ in loaded]))
    typer.echo(f"{page}: {len(loaded)} micrographs, {page.stat().st_size / 1e6:.1f} MB")
    if folder.unlisted:
        typer.echo(f"{folder.unlisted} masks of earlier runs are not in micrographs.star, nor on the page")
    unread = [(one.name, fault) for one, fault in loaded if fault and one.pictures is None]
    by_score = [f"{one.name}: {fault}" for one, fault in loaded if fault and one.pictures]
    if by_score:
        typer.echo(f"warning: {len(by_score)} shown by their score maps, such as {by_score[0]}", err=True)
    show_failures(unread)
    raise typer.Exit(code=int(bool(unread)))
