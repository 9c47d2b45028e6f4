"""``cryoice relion``: masks, micrograph lists and particle lists as an External job of RELION's pipeline."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cryoice.errors import InputError
from cryoice.mask.region_settings import MAX_BAD, RegionSettings
from cryoice.relion_call import told_to_relion
from cryoice.terminal import comma_separated


def relion(
    output: Annotated[
        Path,
        typer.Option("--o", metavar="DIR", help="The job's folder: External/job010/."),
    ],
    in_mics: Annotated[
        Path | None,
        typer.Option("--in_mics", metavar="STAR", help="Micrographs to mask and to select from."),
    ] = None,
    in_parts: Annotated[
        Path | None,
        typer.Option("--in_parts", metavar="STAR", help="Particles to clean; alone, of their micrographs."),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--j", metavar="J", help="Micrographs in flight, a core each; RELION's threads.")
    ] = 1,
    masks: Annotated[
        Path | None,
        typer.Option("--masks", metavar="DIR", help="Masks of an earlier job to clean by; none is made."),
    ] = None,
    angpix: Annotated[
        float | None,
        typer.Option("--angpix", metavar="A", help="Å/px of the micrographs; else as listed."),
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", metavar="FILE", help="A network instead of what is built in.")
    ] = None,
    threshold: Annotated[
        float,
        typer.Option("--threshold", metavar="P", help="Probability above which a region starts."),
    ] = RegionSettings.threshold,
    unsure: Annotated[
        float | None,
        typer.Option("--unsure", metavar="P", help="Closer to the threshold, a pixel is unsure."),
    ] = None,
    low: Annotated[
        float | None, typer.Option("--low", metavar="P", help="Probability down to which a region grows.")
    ] = None,
    min_area: Annotated[
        float, typer.Option("--min_area", metavar="Å²", help="Smaller regions are dropped.")
    ] = RegionSettings.min_area,
    max_hole: Annotated[
        float, typer.Option("--max_hole", metavar="Å²", help="Clean holes in regions are filled up to it.")
    ] = RegionSettings.max_hole,
    margin: Annotated[
        float, typer.Option("--margin", metavar="Å", help="Rim added around each region.")
    ] = RegionSettings.margin,
    classes: Annotated[
        str | None,
        typer.Option("--classes", metavar="A,B", help="Of crystalline, contamination, support, other."),
    ] = None,
    max_bad: Annotated[
        float,
        typer.Option("--max_bad", metavar="F", help="Most of the area that an accepted micrograph may lose."),
    ] = MAX_BAD,
    distance: Annotated[
        float,
        typer.Option("--distance", metavar="D", help="Å around a particle that must be free of artifacts."),
    ] = 100.0,
    from_box: Annotated[
        bool, typer.Option("--from_box", help="Count the distance from the edge of the particle's box.")
    ] = False,
    flip_y: Annotated[
        bool, typer.Option("--flip_y", help="Rows of the coordinates count from the other end.")
    ] = False,
    unmasked: Annotated[
        Literal["keep", "reject"],
        typer.Option("--unmasked", help="What to do with particles of micrographs without a mask."),
    ] = "keep",
    device: Annotated[
        str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.")
    ] = "auto",
    full_size: Annotated[
        bool, typer.Option("--full_size", help="Masks at the micrographs' size, not at 8 Å/px.")
    ] = False,
    overlay: Annotated[
        bool, typer.Option("--overlay/--no_overlay", help="Draw each mask over its micrograph.")
    ] = True,
    pipeline_control: Annotated[  # RELION adds it to commands in whose words "relion_" occurs
        str | None, typer.Option("--pipeline_control", hidden=True)
    ] = None,
) -> None:
    """Run as an External job of RELION 4 or 5: mask, select micrographs, clean particles.

    In the GUI: External executable `cryoice relion`, Input micrographs and Input particles as usual, any
    option below as a field on the Params tab (label `max_bad`, value `0.2`), threads on the Running tab.
    RELION then runs, in the project's folder:

    - `cryoice relion --o External/job010/ --in_mics CtfFind/job003/micrographs_ctf.star --j 4`
    - `cryoice relion --o External/job021/ --in_parts Extract/job020/particles.star --distance 150 --j 4`
    - `… --o External/job022/ --in_parts Extract/job020/particles.star --masks External/job010/masks --j 1`

    DIR then holds `micrographs.star` and `particles.star` for the next job, rows that were rejected in
    `micrographs_rejected.star` and `particles_rejected.star`, `logfile.pdf`, `masks/` as cryoice mask writes
    it and, where something failed, `failures.csv`. The lists differ from RELION's in their rows and in the
    columns of cryoice mask and cryoice clean alone.

    Abort in the GUI ends the job after the micrographs in flight and lists what is done; continue masks the
    rest. A micrograph that fails is in no list and told in run.err; the job goes on, and fails only when
    no micrograph could be masked. Exits with 0 on success, 1 on failure, 2 when aborted.
    """
    with told_to_relion(output) as job:
        from functools import partial

        from cryoice.files.micrograph_list import list_micrographs
        from cryoice.mask.model import load_model
        from cryoice.project.clean_picks import CleanSettings
        from cryoice.project.mask_batch import MaskBatch
        from cryoice.project.mask_places import with_own_stems
        from cryoice.project.mask_settings import MaskSettings
        from cryoice.project.records import Records
        from cryoice.project.relion_lists import ParticleList
        from cryoice.project.relion_outputs import MASKS, clear_earlier
        from cryoice.project.relion_run import RelionRun

        if jobs < 1:
            raise InputError(f"--j: {jobs} must be a whole number of at least 1")
        names = comma_separated(classes)
        regions = RegionSettings(threshold, low, min_area, margin, max_hole, names, unsure)
        settings = MaskSettings(regions, max_bad=max_bad, full_size=full_size, overlay=overlay)
        picks = CleanSettings(distance, from_box, angpix, flip_y or None, names, unmasked)
        _require_lists(in_mics, in_parts, masks)
        if masks is not None and (model, settings) != (None, MaskSettings(RegionSettings(classes=names))):
            raise InputError("--masks: those are made; leave out what decides how, such as threshold")
        run = RelionRun(job, typer.echo, partial(typer.echo, err=True))
        particles = ParticleList.read(in_parts) if in_parts else None
        batch = None
        star = in_mics or (particles.write_micrographs(output) if particles and masks is None else None)
        if star is not None:
            listed = list_micrographs([star], angpix=angpix)
            listed = with_own_stems(listed, Records(output / MASKS).owner)
            batch = MaskBatch(listed, output / MASKS, load_model(model, device=device), settings)
        clear_earlier(output, keep=star)
        masked = run.mask(batch, jobs=jobs, for_next_job=in_mics is not None) if batch else None
        cleaned = run.clean(particles, masks or output / MASKS, picks) if particles else None
        run.draw(masked, cleaned, max_bad=max_bad)


def _require_lists(in_mics: Path | None, in_parts: Path | None, masks: Path | None) -> None:
    if in_mics is None and in_parts is None:
        raise InputError("--in_mics, --in_parts: give micrographs, particles or both on RELION's Input tab")
    for flag, path in (("--in_mics", in_mics), ("--in_parts", in_parts)):
        if path is not None and path.suffix.lower() != ".star":
            raise InputError(f"{flag}: {path} is no STAR file; give the list that a job of RELION wrote")
    if masks is not None and (in_mics is not None or in_parts is None):
        raise InputError("--masks: cleans particles by masks that are made; give --in_parts alone with it")
