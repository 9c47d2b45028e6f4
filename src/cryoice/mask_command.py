"""``cryoice mask``: whole micrographs to masks, for the files of a RELION or cryoSPARC project."""

import statistics
from typing import TYPE_CHECKING

import typer

from cryoice import mask_flags as flags
from cryoice.mask.region_settings import MAX_BAD, RegionSettings
from cryoice.terminal import console, faults_in_one_line, show_failures

if TYPE_CHECKING:
    from cryoice.project.mask_batch import MaskBatch, Outcome
    from cryoice.project.mask_lists import MaskResult


def mask(
    micrographs: flags.Micrographs,
    output: flags.Output,
    angpix: flags.Angpix = None,
    model: flags.ModelFile = None,
    threshold: flags.Threshold = RegionSettings.threshold,
    unsure: flags.Unsure = None,
    low: flags.Low = None,
    min_area: flags.MinArea = RegionSettings.min_area,
    max_hole: flags.MaxHole = RegionSettings.max_hole,
    margin: flags.Margin = RegionSettings.margin,
    classes: flags.Classes = None,
    max_bad: flags.MaxBad = MAX_BAD,
    voltage: flags.Voltage = None,
    aberration: flags.Aberration = None,
    contrast: flags.Contrast = None,
    device: flags.Device = "auto",
    jobs: flags.Jobs = flags.JOBS,
    full_size: flags.FullSize = False,
    overlay: flags.Overlay = True,
) -> None:
    """Find crystalline ice, contamination and support film on whole micrographs.

    - `cryoice mask MotionCorr/job002/*.mrc -o masks`: pixel sizes from the headers
    - `cryoice mask CtfFind/job003/micrographs_ctf.star -o masks`: in the project's folder
    - `cryoice mask Micrographs --angpix 0.83 -o masks --classes crystalline --margin 50`: all in a folder

    Reads MRC (plain, .gz, .bz2), TIFF, EER, PNG and JPEG. DIR then holds, for each micrograph:

    - `<name>_mask.mrc`: 0 clean, 1 crystalline, 2 contamination, 3 support, 4 other, 255 no data
    - `<name>_score.mrc`: probability of any artifact, at 8 Å/px
    - `<name>_ice.mrc`: -log10 of the chance that noise looks so crystalline (5: sure); up to 1.72 Å/px
    - `<name>.png`: the mask over the micrograph, dotted where unsure

    and for all `summary.csv`, `micrographs.star` (the list's rows and columns, with fractions of the
    area for each class and for unsure, iciness, ring density, views (`context`, or `context+spectrum`
    where spectra told of crystals too: up to 1.72 Å/px, not in 8-bit pictures) and a verdict added) and,
    where something failed, `failures.csv`. Probabilities are calibrated when the network is; the one built
    in says too much in the middle: of validation's pixels at 0.7 about half were artifacts. The rows of all
    maps run as those of the micrograph's array do. Masks of earlier runs stay in `summary.csv` while their
    files are there, and in `micrographs.star` where no STAR file was given.

    Stopped, it continues with the same command: what is done is skipped unless its file or a flag
    that changes the outputs has changed. Then: `cryoice clean`, `cryoice select`.

    Exits with 1 when a micrograph failed; the others are done all the same.
    """
    from cryoice.files.micrograph_list import list_micrographs
    from cryoice.mask.model import load_model
    from cryoice.project.mask_batch import MaskBatch
    from cryoice.project.mask_settings import Microscope

    with faults_in_one_line():
        flags.require_jobs(jobs)
        settings = flags.mask_settings(
            threshold=threshold,
            unsure=unsure,
            low=low,
            min_area=min_area,
            max_hole=max_hole,
            margin=margin,
            classes=classes,
            max_bad=max_bad,
            full_size=full_size,
            overlay=overlay,
        )
        microscope = Microscope(voltage, aberration, contrast)
        listed = list_micrographs(micrographs, angpix=angpix)
        network = load_model(model, device=device)
        batch = MaskBatch(listed, output, network, settings, microscope)
        failed = _run(batch, jobs=jobs)
    raise typer.Exit(code=int(failed))


def _run(batch: "MaskBatch", *, jobs: int) -> bool:
    """Mask, list and tell; True when something failed."""
    from cryoice.project.mask_lists import begin, finish
    from cryoice.project.mask_progress import follow

    outcomes: list[Outcome] = []
    with batch.alone():
        begin(batch)
        try:
            follow(batch, outcomes, jobs=jobs)
        except KeyboardInterrupt as stop:
            done = len(finish(batch, outcomes).rows)
            total = len(batch.listed.micrographs)
            said = f"stopped: {done} of {total} micrographs are done; the same command continues"
            typer.echo(said, err=True)
            raise typer.Exit(code=130) from stop
        result = finish(batch, outcomes)
    for doubt in result.doubts:
        typer.echo(f"warning: {doubt}", err=True)
    _show(result, skipped=sum(outcome.skipped for outcome in outcomes))
    if alone := sum(row.get("views") == "context" for row in result.rows.values()):
        why = "pixels coarser than 1.72 Å or of 8 bits hold no spectrum of ice"
        if "crystalline" not in batch.model.classes:
            why = "the network tells no crystalline ice"
        typer.echo(f"{alone} of {len(result.rows)} by context alone: {why}")
    typer.echo(f"{batch.output}: masks, summary.csv, micrographs.star")
    show_failures(result.failures)
    return bool(result.failures)


def _show(result: "MaskResult", *, skipped: int) -> None:
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
