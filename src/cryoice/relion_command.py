"""``cryoice relion``: masks, micrograph lists and particle lists as an External job of RELION's pipeline."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cryoice import relion_flags as flags
from cryoice.errors import InputError
from cryoice.mask.region_settings import MAX_BAD, RegionSettings
from cryoice.relion_call import told_to_relion
from cryoice.terminal import comma_separated

if TYPE_CHECKING:
    from cryoice.project.mask_batch import MaskBatch
    from cryoice.project.mask_settings import MaskSettings


def relion(
    output: flags.Output,
    in_mics: flags.InMics = None,
    in_parts: flags.InParts = None,
    jobs: flags.Jobs = 1,
    masks: flags.Masks = None,
    angpix: flags.Angpix = None,
    model: flags.Model = None,
    threshold: flags.Threshold = RegionSettings.threshold,
    unsure: flags.Unsure = None,
    low: flags.Low = None,
    min_area: flags.MinArea = RegionSettings.min_area,
    max_hole: flags.MaxHole = RegionSettings.max_hole,
    margin: flags.Margin = RegionSettings.margin,
    classes: flags.Classes = None,
    max_bad: flags.MaxBad = MAX_BAD,
    distance: flags.Distance = 100.0,
    from_box: flags.FromBox = False,
    flip_y: flags.FlipY = False,
    unmasked: flags.Unmasked = "keep",
    device: flags.Device = "auto",
    full_size: flags.FullSize = False,
    overlay: flags.Overlay = True,
    pipeline_control: flags.PipelineControl = None,
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

        from cryoice.project.clean_picks import CleanSettings
        from cryoice.project.mask_settings import MaskSettings
        from cryoice.project.relion_lists import ParticleList
        from cryoice.project.relion_outputs import MASKS, clear_earlier
        from cryoice.project.relion_run import RelionRun

        _require_jobs(jobs)
        names = comma_separated(classes)
        regions = RegionSettings(threshold, low, min_area, margin, max_hole, names, unsure)
        settings = MaskSettings(regions, max_bad=max_bad, full_size=full_size, overlay=overlay)
        picks = CleanSettings(distance, from_box, angpix, flip_y or None, names, unmasked)
        _require_lists(in_mics, in_parts, masks)
        if masks is not None and (model, settings) != (None, MaskSettings(RegionSettings(classes=names))):
            raise InputError("--masks: those are made; leave out what decides how, such as threshold")
        run = RelionRun(job, typer.echo, partial(typer.echo, err=True))
        particles = ParticleList.read(in_parts) if in_parts else None
        star = in_mics or (particles.write_micrographs(output) if particles and masks is None else None)
        batch = _batch(star, output / MASKS, settings, angpix, model, device) if star else None
        clear_earlier(output, keep=star)
        masked = run.mask(batch, jobs=jobs, for_next_job=in_mics is not None) if batch else None
        cleaned = run.clean(particles, masks or output / MASKS, picks) if particles else None
        run.draw(masked, cleaned, max_bad=max_bad)


def _batch(
    star: Path, folder: Path, settings: "MaskSettings", angpix: float | None, model: Path | None, device: str
) -> "MaskBatch":
    from cryoice.files.micrograph_list import list_micrographs
    from cryoice.mask.model import load_model
    from cryoice.mask_setup import batch_of

    listed = list_micrographs([star], angpix=angpix)
    return batch_of(listed, folder, load_model(model, device=device), settings)


def _require_jobs(jobs: int) -> None:
    if jobs < 1:
        raise InputError(f"--j: {jobs} must be a whole number of at least 1")


def _require_lists(in_mics: Path | None, in_parts: Path | None, masks: Path | None) -> None:
    if in_mics is None and in_parts is None:
        raise InputError("--in_mics, --in_parts: give micrographs, particles or both on RELION's Input tab")
    for flag, path in (("--in_mics", in_mics), ("--in_parts", in_parts)):
        if path is not None and path.suffix.lower() != ".star":
            raise InputError(f"{flag}: {path} is no STAR file; give the list that a job of RELION wrote")
    if masks is not None and (in_mics is not None or in_parts is None):
        raise InputError("--masks: cleans particles by masks that are made; give --in_parts alone with it")
