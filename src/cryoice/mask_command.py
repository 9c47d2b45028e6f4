"""``cryoice mask``: whole micrographs to masks, for the files of a RELION or cryoSPARC project."""

import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoice.errors import InputError
from cryoice.mask.region_settings import MAX_BAD, RegionSettings
from cryoice.terminal import comma_separated, console, faults_in_one_line, show_failures

if TYPE_CHECKING:
    from cryoice.project.mask_batch import MaskBatch, Outcome
    from cryoice.project.mask_lists import MaskResult

_JOBS = 2
"""Cores at work."""


def mask(
    micrographs: Annotated[
        list[Path],
        typer.Argument(metavar="MICROGRAPHS...", help="Files, folders, or one micrographs.star of RELION."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for masks, made when missing.")
    ],
    angpix: Annotated[
        float | None, typer.Option(metavar="A", help="Å/px; without it that of the STAR file or the header.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A .ckpt of train.py or .safetensors instead of what is built in."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(metavar="P", help="Probability of an artifact above which a region starts.")
    ] = RegionSettings.threshold,
    unsure: Annotated[
        float | None,
        typer.Option(metavar="P", help="Closer to the threshold, a pixel is unsure; 0.2 around 0.5."),
    ] = None,
    low: Annotated[
        float | None,
        typer.Option(metavar="P", help="Probability down to which it grows; 0.6 of the threshold."),
    ] = None,
    min_area: Annotated[
        float, typer.Option(metavar="Å²", help="Smaller regions are dropped.")
    ] = RegionSettings.min_area,
    max_hole: Annotated[
        float, typer.Option(metavar="Å²", help="Clean holes in regions are filled up to it.")
    ] = RegionSettings.max_hole,
    margin: Annotated[
        float, typer.Option(metavar="Å", help="Rim added around each region.")
    ] = RegionSettings.margin,
    classes: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Only these: crystalline, contamination, support, other."),
    ] = None,
    max_bad: Annotated[
        float, typer.Option(metavar="F", help="Most of the area that a good micrograph may lose.")
    ] = MAX_BAD,
    voltage: Annotated[
        float | None, typer.Option("--kV", metavar="KV", help="Voltage, for a list made without a STAR file.")
    ] = None,
    aberration: Annotated[
        float | None, typer.Option("--Cs", metavar="MM", help="Likewise the spherical aberration.")
    ] = None,
    contrast: Annotated[
        float | None, typer.Option("--Q0", metavar="F", help="Likewise the amplitude contrast.")
    ] = None,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            metavar="J",
            help="Micrographs in flight, a core each; about 1 GB, and 0.3 GB for each of 4096² px.",
        ),
    ] = _JOBS,
    full_size: Annotated[
        bool, typer.Option("--full-size", help="Masks at the micrographs' size, not at 8 Å/px.")
    ] = False,
    overlay: Annotated[bool, typer.Option(help="Draw each mask over its micrograph.")] = True,
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
    from cryoice.project.mask_settings import MaskSettings, Microscope

    with faults_in_one_line():
        if jobs < 1:
            raise InputError(f"--jobs: {jobs} must be a whole number of at least 1")
        regions = RegionSettings(
            threshold=threshold,
            low=low,
            min_area=min_area,
            margin=margin,
            max_hole=max_hole,
            classes=comma_separated(classes),
            unsure=unsure,
        )
        settings = MaskSettings(regions, max_bad=max_bad, full_size=full_size, overlay=overlay)
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
