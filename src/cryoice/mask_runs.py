"""The ways in which ``cryoice mask`` goes about its batch, and what it says of each."""

import statistics
from collections.abc import Sequence
from contextlib import suppress

import typer

from cryoice.errors import InputError, OutputError
from cryoice.mask_words import Command
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_lists import MaskResult, begin, finish
from cryoice.project.mask_merge import Merged, lost_shards, merge
from cryoice.project.mask_outcome import Outcome
from cryoice.project.mask_places import require_apart
from cryoice.project.mask_progress import Workers, follow
from cryoice.project.shard import Shard
from cryoice.terminal import console, show_failures


def done(
    batch: MaskBatch,
    command: Command,
    workers: Workers,
    *,
    merge: bool,
    cluster: str | None,
    shards: int | None,
    slurm: Sequence[str] | None,
) -> bool:
    """Go the way that the flags of these names choose; True when something failed.

    Raises
    ------
    InputError
        As that way does.
    """
    if cluster is not None:
        cpus = workers.jobs * workers.devices
        return on_cluster(batch, command, cluster, count=shards or 1, cpus=cpus, options=slurm or ())
    return merged(batch, command, count=shards) if merge else masked(batch, workers)


def masked(batch: MaskBatch, workers: Workers) -> bool:
    """Mask the batch or its shard, make the lists of a whole batch, and tell; True when something failed.

    Raises
    ------
    InputError
        The folder cannot be used, the machine refused a micrograph, or a device's process died; the lists
        tell what is done.
    """
    outcomes: list[Outcome] = []
    with batch.alone():
        begin(batch)
        try:
            follow(batch, outcomes, workers=workers)
        except KeyboardInterrupt as stop:
            listed = _finish(batch, outcomes)
            done = len(listed.rows) if listed else sum(map(bool, map(batch.find, batch.micrographs)))
            of = "" if batch.shard is None else f" of shard {batch.shard}"
            total = f"{len(batch.micrographs)} micrographs{of}"
            said = f"stopped: {done} of {total} are done; the same command continues"
            typer.echo(said, err=True)
            raise typer.Exit(code=130) from stop
        except InputError:
            with suppress(OutputError):  # the first one is told
                _finish(batch, outcomes)
            raise
        result = _finish(batch, outcomes)
    skipped = sum(outcome.skipped for outcome in outcomes)
    if result is not None:
        return _tell(batch, result, skipped=skipped)
    failures = [(o.micrograph.name, o.reason) for o in outcomes if o.row is None]
    typer.echo(
        f"{batch.output}: shard {batch.shard}: {len(outcomes)} micrographs, {skipped} of them done before, "
        f"{len(failures)} failed; --merge makes the lists when all shards have ended"
    )
    show_failures(failures)
    return bool(failures)


def merged(batch: MaskBatch, command: Command, *, count: int | None) -> bool:
    """Make the lists of what shards have done, ``count`` of them where known; True when any is missing.

    Raises
    ------
    InputError
        The folder cannot be used.
    """
    with batch.alone():
        found = merge(batch)
    failed = _tell(batch, found.result, skipped=len(found.result.rows))
    for line in lost_lines(batch, found, command, count=count).values():
        typer.echo(line, err=True)
    return failed or bool(found.missing)


def lost_lines(
    batch: MaskBatch, found: Merged, command: Command, *, count: int | None
) -> dict[Shard | None, str]:
    """Return a line for each shard that lacks micrographs; one for all where nobody tells their number."""
    if not found.missing:
        return {}
    if count is None:
        total, first = len(batch.listed.micrographs), found.missing[0].name
        return {
            None: f"{len(found.missing)} of {total} micrographs are not masked yet, such as {first}; "
            "the command without --merge masks them, and --shards N says of which shards they are"
        }
    again = command.kept(batch.output)
    return {
        lost.shard: f"shard {lost.shard}: {lost.missing} of {lost.size} micrographs are not masked; "
        f"to run it alone: {again.told('--shard', str(lost.shard))}"
        for lost in lost_shards(batch, found.missing, count=count)
    }


def on_cluster(
    batch: MaskBatch, command: Command, cluster: str, *, count: int, cpus: int, options: Sequence[str]
) -> bool:
    """Have shards masked by jobs of their own and merged; True when something failed as far as it is known.

    Raises
    ------
    InputError
        There are more shards than micrographs, the folder holds one, an option is unknown, or the cluster
        does not take the jobs.
    """
    from cryoice import mask_cluster

    if count > max(1, len(batch.listed.micrographs)):
        raise InputError(f"--shards: {count} for {len(batch.listed.micrographs)} micrographs; give fewer")
    require_apart(batch.listed, batch.output)
    if cluster == "slurm":
        submitted = mask_cluster.to_slurm(batch, command, count=count, cpus=cpus, options=options)
        typer.echo(submitted.told(command.kept(batch.output), count=count))
        return False
    try:
        logs = mask_cluster.run_here(batch, command, count=count)
    except KeyboardInterrupt as stop:
        typer.echo("stopped: what is masked stays; the same command continues", err=True)
        raise typer.Exit(code=130) from stop
    with batch.alone():
        found = merge(batch)
    failed = _tell(batch, found.result, skipped=0)
    for shard, line in lost_lines(batch, found, command, count=count).items():
        typer.echo(f"{line}; its log: {logs[shard]}" if shard else line, err=True)
    return failed or bool(found.missing)


def _finish(batch: MaskBatch, outcomes: Sequence[Outcome]) -> MaskResult | None:
    return finish(batch, outcomes) if batch.shard is None else None


def _tell(batch: MaskBatch, result: MaskResult, *, skipped: int) -> bool:
    for doubt in result.doubts:
        typer.echo(f"warning: {doubt}", err=True)
    _show(result, skipped=skipped)
    if alone := sum(row.get("views") == "context" for row in result.rows.values()):
        why = "pixels coarser than 1.72 Å or of 8 bits hold no spectrum of ice"
        if "crystalline" not in batch.model.classes:
            why = "the network tells no crystalline ice"
        typer.echo(f"{alone} of {len(result.rows)} by context alone: {why}")
    typer.echo(f"{batch.output}: masks, summary.csv, micrographs.star")
    show_failures(result.failures)
    return bool(result.failures)


def _show(result: MaskResult, *, skipped: int) -> None:
    from rich.table import Table

    verdicts = [row["verdict"] for row in result.rows.values()]
    table = Table(show_header=False)
    table.add_row("good", str(verdicts.count("good")))
    table.add_row("bad", str(verdicts.count("bad")))
    table.add_row("failed", str(len(result.failures)))
    table.add_row("of them done before", str(skipped))
    if result.earlier:
        table.add_row("masks of earlier runs", str(result.earlier))
    if result.rows:
        share = statistics.median(row["bad"] for row in result.rows.values())
        table.add_row("median share of artifacts", f"{100 * share:.1f} %")
        share = statistics.median(row["unsure"] for row in result.rows.values())
        table.add_row("median unsure share", f"{100 * share:.1f} %")
    console().print(table)
