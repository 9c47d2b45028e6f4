"""``cryoice suspects``: labels that networks which never saw them hold for wrong."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cryoice.terminal import console, faults_in_one_line


def suspects(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR...", help="Folders of sweeps and of single runs of train.py or evaluate.py."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where the lists go; made where missing.")
    ],
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="List the N surest only.")] = None,
    max_quality: Annotated[
        float | None,
        typer.Option(
            metavar="Q",
            min=0,
            max=1,
            help="List labels up to this quality only, their probability to be right.",
        ),
    ] = None,
    entries: Annotated[
        str | None, typer.Option(metavar="A,B", help="List suspects of these entries only.")
    ] = None,
) -> None:
    """List the labels of picks that are probably wrong, the surest first.

    - `python train.py experiment=folds`, then `cryoice suspects outputs/sweeps/folds/DATE -o suspects`
    - `cryoice suspects RUN1 RUN2 -o suspects --limit 500`: any runs, each judges its own test picks
    - `python train.py data.suspects=suspects/suspects.csv`: train without them

    Listed are of each label as many as the estimated share of wrong ones, so that a list may hold some whose
    label is right rather than wrong; `--max-quality 0.5` leaves those out.

    A network must not have learnt from what it judges, so only test picks count; with folds these are
    all picks. Where several networks judged a pick, their probabilities are averaged.

    Written are `suspects.csv` (row, col of the micrograph as stored, x, y as the pick files count),
    `suspects.star` for RELION, `suspects.png` with the surest of both labels, and `summary.json` with
    the estimated noise rates. Nothing else is changed.

    Exits with 1 when a run could not be read; the others are used all the same.
    """
    from cryoice.experiment.suspect_lists import list_suspects

    with faults_in_one_line():
        chosen = None if entries is None else [name.strip() for name in entries.split(",") if name.strip()]
        done = list_suspects(runs, output, limit=limit, max_quality=max_quality, entries=chosen)
    for note in done.notes:
        typer.echo(f"note: {note}", err=True)
    _show(done.summary)
    typer.echo(f"{output}: {done.summary['listed']} listed, the surest first, in suspects.csv")
    for failure in done.failures:
        typer.echo(f"error: {failure}", err=True)
    raise typer.Exit(code=int(bool(done.failures)))


def _show(summary: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    title = f"{summary['suspects']} of {summary['picks']} labels are suspect"
    table = Table("entry", "picks", "suspects", "GOOD called BAD", "BAD called GOOD", title=title)
    rows = {**summary["entries"], "all": summary} if len(summary["entries"]) > 1 else {"all": summary}
    for name, row in rows.items():
        cells = (str(row[key]) for key in ("picks", "suspects"))
        table.add_row(escape(name), *cells, *(_share(row[key]) for key in ("good_to_bad", "bad_to_good")))
    console().print(table)


def _share(rate: float | None) -> str:
    return "too few" if rate is None else f"{100 * rate:.1f} %"
