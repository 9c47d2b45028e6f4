"""``cryoice mask``: whole micrographs to masks, for the files of a RELION or cryoSPARC project."""

import typer

from cryoice import mask_flags as flags
from cryoice.mask.region_settings import MAX_BAD, RegionSettings
from cryoice.terminal import comma_separated, faults_in_one_line


def mask(
    context: typer.Context,
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
    devices: flags.Devices = 1,
    shard: flags.ShardOf = None,
    merge: flags.Merge = False,
    cluster: flags.Cluster = None,
    shards: flags.Shards = None,
    slurm: flags.Slurm = None,
) -> None:
    """Find crystalline ice, contamination and support film on whole micrographs.

    - `cryoice mask MotionCorr/job002/*.mrc -o masks`: pixel sizes from the headers
    - `cryoice mask CtfFind/job003/micrographs_ctf.star -o masks`: in the project's folder
    - `cryoice mask exports/groups/J12_exposures/J12_exposures_exported.csg -o masks`: of cryoSPARC
    - `cryoice mask Micrographs --angpix 0.83 -o masks --classes crystalline --margin 50`: all in a folder

    Reads MRC (plain, .gz, .bz2), TIFF, EER, PNG and JPEG. DIR then holds, for each micrograph:

    - `<name>_mask.mrc`: 0 clean, 1 crystalline, 2 contamination, 3 support, 4 other, 255 no data
    - `<name>_score.mrc`: probability of any artifact, at 8 Å/px
    - `<name>_ice.mrc`: -log10 of the chance that noise looks so crystalline (5: sure); up to 1.72 Å/px
    - `<name>.png`: the mask over the micrograph, dotted where unsure

    (`<name>_1a2b3c…` where a micrograph in another folder has the name already), and for all
    `summary.csv`, `micrographs.star` (the list's rows and columns, with fractions of the
    area for each class and for unsure, iciness, ring density, views (`context`, or `context+spectrum`
    where spectra told of crystals too: up to 1.72 Å/px, not in 8-bit pictures) and a verdict added) and,
    where something failed, `failures.csv`. Probabilities are calibrated when the network is; the one built
    in says too much in the middle: of validation's pixels at 0.7 about half were artifacts. The rows of all
    maps run as those of the micrograph's array do. Masks of earlier runs stay in `summary.csv` while their
    files are there, and in `micrographs.star` where no STAR file was given.

    Stopped, it continues with the same command: what is done is skipped unless its file or a flag
    that changes the outputs has changed. Then: `cryoice clean`, `cryoice select`.

    Tens of thousands of micrographs, masked to the same bytes as by one program:

    - `cryoice mask … --devices 2`: on two GPUs of this machine
    - `cryoice mask … --shard 3/8`: one of eight shares, beside the others; then `cryoice mask … --merge`
    - `cryoice mask … --cluster slurm --shards 16 --slurm partition=gpu --slurm gpus_per_node=1`: all of it

    Exits with 1 when a micrograph failed or a merge lacks some; the others are done all the same.
    """
    from cryoice import mask_runs as runs
    from cryoice.files.micrograph_list import list_micrographs
    from cryoice.mask.model import load_model
    from cryoice.mask_setup import batch_of, workers_of
    from cryoice.mask_words import Command
    from cryoice.project.mask_settings import MaskSettings, Microscope

    with faults_in_one_line():
        flags.require_jobs(jobs, devices=devices)
        flags.require_one_way(shard=shard, shards=shards, merge=merge, cluster=cluster, slurm=slurm)
        regions = RegionSettings(threshold, low, min_area, margin, max_hole, comma_separated(classes), unsure)
        settings = MaskSettings(regions, max_bad=max_bad, full_size=full_size, overlay=overlay)
        microscope = Microscope(voltage, aberration, contrast)
        listed = list_micrographs(micrographs, angpix=angpix)
        elsewhere = merge or cluster is not None  # whose device need not be on this machine
        workers = workers_of(jobs, devices, None if elsewhere else device)
        network = load_model(model, device="cpu" if elsewhere or devices > 1 else device)
        batch = batch_of(listed, output, network, settings, microscope=microscope, shard=shard)
        command = Command.of(context)
        failed = runs.done(batch, command, workers, merge=merge, cluster=cluster, shards=shards, slurm=slurm)
    raise typer.Exit(code=int(failed))
