"""A whole simulated data set on disk: CryoPPP entries, RELION's tables and a manifest."""

import hashlib
import json
import multiprocessing
import signal
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cryoice.errors import InputError
from cryoice.files.lock import one_at_a_time
from cryoice.simulate.layout_on_disk import Place, write_micrograph
from cryoice.simulate.manifest import Manifest
from cryoice.simulate.micrograph import simulate_micrograph
from cryoice.simulate.relion import write_relion
from cryoice.simulate.settings import SimulationSettings

VERSION = 2
"""Raised whenever the same settings give other bytes."""


def simulate_dataset(settings: Mapping[str, Any], cache: Path, *, jobs: int) -> Path:
    """Simulate what is missing of a data set below ``cache`` and return its folder.

    The folder's name holds a hash of the settings; see `simulate_into`.

    Parameters
    ----------
    settings
        The values of `SimulationSettings`.
    cache
        Folder for data sets.
    jobs
        Processes at work; 1 works in this one.

    Raises
    ------
    InputError
        A setting is wrong, ``jobs`` is below 1 or the folder cannot be written.
    """
    parsed = SimulationSettings.parse(settings)
    if jobs < 1:
        raise InputError(f"data.jobs: {jobs} must be at least 1")
    root = Path(cache) / f"synthetic-{_digest(parsed)}"
    simulate_into(root, parsed, micrographs=parsed.micrographs * len(parsed.proteins), jobs=jobs)
    return root


def simulate_into(
    root: Path, settings: SimulationSettings, *, micrographs: int, jobs: int
) -> tuple[Place, ...]:
    """Simulate what is missing of a data set in ``root`` and return the places of its micrographs.

    A complete data set is left alone, an interrupted one is continued. The bytes depend on the
    settings and ``micrographs`` alone, not on ``jobs``.

    Parameters
    ----------
    root
        Folder of its own; new, empty, or of the same data set.
    settings
        ``settings.micrographs`` is not used.
    micrographs
        In all; the proteins take turns.
    jobs
        Processes at work; 1 works in this one.

    Raises
    ------
    InputError
        The folder holds something else or cannot be written; the memory does not suffice.
    """
    places = places_below(root, settings, micrographs=micrographs)
    manifest = Manifest(version=VERSION, micrographs=micrographs, settings=asdict(settings))
    if manifest.is_finished(root):
        return places
    with one_at_a_time(root / ".lock"):
        if not manifest.is_finished(root):  # another process may have been at it
            manifest.write(root, finished=False)
            _simulate_missing(settings, places, jobs=jobs)
            write_relion(root, places, pixel_size=settings.pixel_size)
            manifest.write(root, finished=True)
    return places


def places_below(root: Path, settings: SimulationSettings, *, micrographs: int) -> tuple[Place, ...]:
    """Places of the first ``micrographs`` when the proteins take turns, by protein and number."""
    proteins = settings.proteins
    turns = (divmod(number, len(proteins)) for number in range(micrographs))
    return tuple(Place(root, proteins[protein], index) for protein, index in sorted((p, i) for i, p in turns))


def _digest(settings: SimulationSettings) -> str:
    canonical = json.dumps({"version": VERSION, "settings": asdict(settings)}, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _simulate_missing(settings: SimulationSettings, places: Sequence[Place], *, jobs: int) -> None:
    missing = [place for place in places if not place.parameters.exists()]
    console = Console(stderr=True)
    columns = (TextColumn("Simulating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=len(places), completed=len(places) - len(missing))
        for _ in _simulate_all(settings, missing, jobs=jobs):
            progress.advance(bar)


def _simulate_all(settings: SimulationSettings, places: Sequence[Place], *, jobs: int) -> Iterator[None]:
    if jobs == 1 or len(places) < 2:
        for place in places:
            _simulate_one(settings, place)
            yield
        return
    context = multiprocessing.get_context("spawn")  # forked copies of a threaded process may hang
    pool = ProcessPoolExecutor(min(jobs, len(places)), mp_context=context)
    try:
        with _interrupts_ignored():  # the processes inherit it: on Ctrl-C they finish what they are at
            waiting = [pool.submit(_simulate_one, settings, place) for place in places]
        for future in as_completed(waiting):
            future.result()
            yield
    except BrokenProcessPool as error:
        raise InputError(f"jobs: {jobs} at once were stopped, likely for memory; set fewer") from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if current_thread() is not main_thread():  # others get no interrupts and may not ask for any
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _simulate_one(settings: SimulationSettings, place: Place) -> None:
    # a micrograph depends on its protein and number, not on what else is simulated
    key = (zlib.crc32(place.protein.encode()), place.index)
    micrograph = simulate_micrograph(
        settings, place.protein, np.random.SeedSequence(settings.seed, spawn_key=key)
    )
    record = {
        "version": VERSION,
        "seed": settings.seed,
        "index": place.index,
        "pixel_size": settings.pixel_size,
    }
    write_micrograph(micrograph, place, pixel_size=settings.pixel_size, record=record)
