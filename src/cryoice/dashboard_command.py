"""``cryoice dashboard``: W&B's page of a project, made by one command."""

from pathlib import Path
from typing import Annotated

import typer

from cryoice.errors import InputError
from cryoice.terminal import faults_in_one_line


def dashboard(
    entity: Annotated[
        str | None, typer.Option(metavar="NAME", help="W&B user or team; your own by default.")
    ] = None,
    project: Annotated[str, typer.Option(metavar="NAME", help="W&B project of the runs.")] = "cryoice",
    report: Annotated[bool, typer.Option("--report", help="Make a report of a sweep, too.")] = False,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The sweep that the report is about, as its end tells it; all runs by default.",
        ),
    ] = None,
    sweep: Annotated[
        str | None, typer.Option(metavar="ID", help="Likewise a sweep that `wandb agent` ran.")
    ] = None,
    dry_run: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write workspace and report as JSON into FILE and send nothing."),
    ] = None,
) -> None:
    """Make a W&B workspace for trainings: AUROC against patch size, curves, tables of entries and patches.

    - `cryoice dashboard`: once logged in (`wandb login`), in the project that `train.py` logs to
    - `cryoice dashboard --report --group 2026-01-31_12-00-00-patch_depth_lr`: and a report of a sweep
    - `cryoice dashboard --sweep ab12cd34`: of a sweep that W&B steered
    - `cryoice dashboard --dry-run dashboard.json`: what would be sent, without an account
    """
    with faults_in_one_line():
        if group is not None and sweep is not None:
            raise InputError("--group, --sweep: a report is about one of them; give one")
        from cryoice.experiment.dashboard import create, write_specs

        sweep = sweep and sweep.rpartition("/")[2]  # wandb agent takes ENTITY/PROJECT/ID
        if dry_run is not None:
            write_specs(dry_run, entity=entity or "entity", project=project, group=group, sweep=sweep)
            typer.echo(f"{dry_run}: a workspace and a report, not sent")
            return
        wanted = report or group is not None or sweep is not None
        for address in create(entity=entity, project=project, group=group, sweep=sweep, report=wanted):
            typer.echo(address)
