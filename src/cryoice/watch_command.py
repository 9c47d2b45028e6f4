"""``cryoice watch``: masks while the data come in."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cryoice import mask_flags as flags
from cryoice import watch_flags as own
from cryoice.errors import InputError
from cryoice.mask.region_settings import MAX_BAD, RegionSettings
from cryoice.terminal import comma_separated, faults_in_one_line, show_failures

if TYPE_CHECKING:
    from cryoice.project.mask_batch import MaskBatch
    from cryoice.project.watched_list import Source

_POLLS = 4
"""Looks at the files while one settles."""
_INTERVAL_S = 1.0
"""s between looks, at most."""


@dataclass(frozen=True)
class _Pace:
    """Flags that tell when: s of rest of a file, minutes without one, exposures that warnings are of."""

    settle: float
    stop_after: float | None
    warn_after: int

    def __post_init__(self) -> None:
        """Raise `InputError` of what is below 0."""
        for name, value in vars(self).items():
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"--{name.replace('_', '-')}: {value:g} must be 0 or more")


def watch(
    source: own.Source,
    output: flags.Output,
    pattern: own.Pattern = None,
    exclude: own.Exclude = None,
    recursive: own.Recursive = False,
    settle: own.Settle = 5.0,
    stop_after: own.StopAfter = None,
    warn_after: own.WarnAfter = 10,
    on_warning: own.OnWarning = None,
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
    """Mask micrographs while they arrive: `cryoice mask` that does not end.

    - `cryoice watch MotionCorr/job002/corrected_micrographs.star -o masks`: in RELION's project folder
    - `cryoice watch S1/motioncorrected -o masks --pattern '*_patch_aligned.mrc'`: cryoSPARC Live
    - `cryoice watch Session -r -o masks --pattern '*/Data/FoilHole_*.mrc' --exclude '*_Fractions.mrc'`: EPU
    - `cryoice watch Micrographs -o masks --stop-after 30`: until nothing came for half an hour

    Looks at names, sizes and times of the files again and again, which works on network drives. A file is
    masked once it has not changed for `--settle` seconds and holds all that its header announces. One that
    cannot be read is tried again after a minute; then it is told, counted as failed, and left alone until it
    changes. One that is replaced is masked anew. What is not there yet is waited for.

    DIR holds what `cryoice mask` writes, kept current: masks, `summary.csv`, `micrographs.star` and
    `failures.csv`; `accepted.star` and `rejected.star`, the list by verdict; `watch.png`, artifacts and
    iciness of the last 1,000 exposures in the order of their files' times; `watch.log`, a line for each
    micrograph. Lists are written at most every 5 seconds, the picture every 20.

    **Warnings.** When 8 in 10 of the last `--warn-after` exposures are bad (above `--max-bad`), one line
    says so, and another when fewer than half are. COMMAND is started each time, without a shell, with
    `CRYOICE_EVENT` (`bad` or `good`), `CRYOICE_BAD`, `CRYOICE_OF`, `CRYOICE_CLASS`, `CRYOICE_LAST` and
    `CRYOICE_OUTPUT` in its environment.

    Ctrl-C and SIGTERM end it: micrographs in flight are finished and the lists written; a second one does
    not wait for that. However it ended, the same command continues, and masks nothing twice.

    Exits with 0 when it ended by itself and nothing failed, 1 when a micrograph failed, the source was
    not there in the end or it could not begin, 130 after Ctrl-C, 143 after SIGTERM.
    """
    from cryoice.files.micrograph_list import MicrographList
    from cryoice.mask.model import load_model
    from cryoice.project.mask_batch import MaskBatch
    from cryoice.project.mask_settings import MaskSettings, Microscope

    with faults_in_one_line():
        flags.require_jobs(jobs)
        pace = _Pace(settle, stop_after, warn_after)
        regions = RegionSettings(threshold, low, min_area, margin, max_hole, comma_separated(classes), unsure)
        settings = MaskSettings(regions, max_bad=max_bad, full_size=full_size, overlay=overlay)
        microscope = Microscope(voltage, aberration, contrast)
        growing = _source(source, output, pattern or [], exclude or [], recursive, angpix, settle)
        if source.suffix.lower() == ".star" and microscope != Microscope():
            raise InputError(f"--kV, --Cs, --Q0: {source} tells of the optics itself; leave them out")
        nothing = MicrographList((), (), (), star=None, block=None)
        batch = MaskBatch(nothing, output, load_model(model, device=device), settings, microscope)
        status = _run(batch, growing, jobs=jobs, pace=pace, on_warning=on_warning)
    raise typer.Exit(code=status)


def _source(
    path: Path,
    output: Path,
    patterns: list[str],
    exclude: list[str],
    recursive: bool,
    angpix: float | None,
    settle: float,
) -> "Source":
    from cryoice.files.growing_folder import GrowingFolder
    from cryoice.files.growing_star import GrowingStar
    from cryoice.files.micrograph_list import require_angpix
    from cryoice.files.recorded_outputs import RECORDS_FOLDER
    from cryoice.project.select_micrographs import LIST

    require_angpix(angpix)
    if path.suffix.lower() == ".star":
        if patterns or exclude or recursive:
            raise InputError(
                f"--pattern, --exclude, --recursive: {path} lists its micrographs; leave them out"
            )
        if path.name == LIST and path.parent.resolve() == output.resolve():
            raise InputError(f"{output}: holds {path.name} itself; choose another folder for masks")
        return GrowingStar(path, angpix, settle)
    if path.is_file():
        raise InputError(f"{path}: is no folder and no STAR file; give what grows, or use cryoice mask")
    if path.resolve() == output.resolve() or (path / RECORDS_FOLDER).is_dir():
        raise InputError(
            f"{path}: holds masks; choose another folder for them, and watch that of the micrographs"
        )
    return GrowingFolder(path, patterns, exclude, recursive, angpix)


def _run(
    batch: "MaskBatch",
    source: "Source",
    *,
    jobs: int,
    pace: _Pace,
    on_warning: str | None,
) -> int:
    """Watch until the end; return the exit status."""
    from concurrent.futures import ThreadPoolExecutor

    from cryoice.files.growing_folder import GrowingFolder
    from cryoice.project.in_flight import InFlight
    from cryoice.project.mask_lists import optics_doubts
    from cryoice.project.mask_progress import one_thread_each
    from cryoice.project.watch import Watch
    from cryoice.project.watch_run import WatchRun
    from cryoice.project.watch_view import LOG, WatchView
    from cryoice.project.watch_warning import Alarm, BadSpell, Warner
    from cryoice.project.watched_list import WatchedList

    alarm = None if on_warning is None else Alarm.of(on_warning)
    with (
        batch.alone(),
        WatchView(batch.output / LOG) as view,
        one_thread_each(),
        ThreadPoolExecutor(jobs) as pool,
    ):
        view.note(f"watching {source.path}")
        for doubt in optics_doubts(batch.microscope) if isinstance(source, GrowingFolder) else ():
            view.tell(f"warning: {doubt}")
        if view.lives:
            view.show("reading what was done before")
        known = batch.recorded()
        watched = WatchedList(source, pace.settle, view.tell)
        watch = Watch(batch, watched, InFlight(pool, 2 * jobs), known)
        idle = None if pace.stop_after is None else 60 * pace.stop_after
        warner = Warner(BadSpell(pace.warn_after), alarm, batch.output, view.tell)
        stopped = WatchRun(watch, view, warner, idle).run(interval=min(_INTERVAL_S, pace.settle / _POLLS))
        if stopped is not None:
            name = signal.Signals(stopped).name
            done = f"{watch.masked} masked, {watch.waiting} waiting"
            view.tell(f"stopped by {name}: {done}; the same command continues")
    lists = "summary.csv, micrographs.star, accepted.star, watch.png"
    if not watched.answered:
        lists = f"{source.path} was never read, the lists are as they were"
    typer.echo(f"{batch.output}: {watch.masked} masked; {lists}")
    show_failures(watch.failures)
    if stopped is not None:
        return 128 + stopped
    return int(bool(watch.failures or watch.waiting or watched.fault))
