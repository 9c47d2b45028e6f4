"""The command line for microscopists: plain flags and no YAML."""

from typing import Annotated

import typer

from cryoice import __version__
from cryoice.check_command import check
from cryoice.clean_command import clean
from cryoice.dashboard_command import dashboard
from cryoice.export_command import export
from cryoice.fetch_command import fetch
from cryoice.finetune_command import finetune
from cryoice.mask_command import mask
from cryoice.next_command import next_
from cryoice.relion_call import RelionCommand
from cryoice.relion_command import relion
from cryoice.report_command import report
from cryoice.select_command import select
from cryoice.simulate_command import simulate
from cryoice.suspects_command import suspects
from cryoice.watch_command import watch

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


app.command()(mask)
app.command()(watch)
app.command()(clean)
app.command()(select)
app.command("next")(next_)
app.command(cls=RelionCommand)(relion)
app.command()(report)
app.command()(fetch)
app.command()(check)
app.command()(simulate)
app.command()(export)
app.command()(finetune)
app.command()(suspects)
app.command()(dashboard)
