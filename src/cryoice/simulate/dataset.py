"""A whole simulated data set on disk, as ordinary CryoPPP entries, one per protein."""

import csv
import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.micrograph import write_mrc
from cryoice.simulate.micrograph import SimulatedMicrograph, simulate_micrograph
from cryoice.simulate.proteins import PROTEINS, protein_diameter
from cryoice.simulate.settings import SimulationSettings

VERSION = 1
"""Raised whenever the same settings give other bytes."""

_MANIFEST = "dataset.json"


def simulate_dataset(settings: Mapping[str, Any], cache: Path, *, jobs: int) -> Path:
    """Simulate what is missing of a data set and return its folder.

    The folder's name holds a hash of the settings; a complete data set is returned at once, an
    interrupted one is continued. The bytes depend on the settings alone, not on ``jobs``.

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
    if not (root / _MANIFEST).exists():
        tasks = [task for task in _tasks(parsed) if not _parameters_path(root, *task).exists()]
        done = _simulate_all(parsed, root, tasks, jobs=jobs)
        console = Console(stderr=True)
        quiet = not console.is_terminal
        for _ in track(done, "Simulating", total=len(tasks), console=console, transient=True, disable=quiet):
            pass
        _write_json(root / _MANIFEST, {"version": VERSION, "settings": asdict(parsed)})
    return root


def _digest(settings: SimulationSettings) -> str:
    canonical = json.dumps({"version": VERSION, "settings": asdict(settings)}, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _tasks(settings: SimulationSettings) -> list[tuple[str, int]]:
    return [(protein, index) for protein in settings.proteins for index in range(settings.micrographs)]


def _simulate_all(
    settings: SimulationSettings, root: Path, tasks: Sequence[tuple[str, int]], *, jobs: int
) -> Iterator[str]:
    if jobs == 1 or len(tasks) < 2:
        for protein, index in tasks:
            yield _simulate_one(settings, root, protein, index)
        return
    context = multiprocessing.get_context("spawn")  # forked copies of a threaded process may hang
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context)
    try:
        waiting = [pool.submit(_simulate_one, settings, root, protein, index) for protein, index in tasks]
        for future in as_completed(waiting):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _simulate_one(settings: SimulationSettings, root: Path, protein: str, index: int) -> str:
    # the stream of a micrograph depends on its protein and number, not on what else is simulated
    key = (list(PROTEINS).index(protein), index)
    rng = np.random.default_rng(np.random.SeedSequence(settings.seed, spawn_key=key))
    _write(simulate_micrograph(settings, protein, rng), settings, root, protein, index)
    return _stem(protein, index)


def _stem(protein: str, index: int) -> str:
    return f"{protein}-{index:04d}"


def _parameters_path(root: Path, protein: str, index: int) -> Path:
    return root / f"synthetic-{protein}" / "ground_truth" / "parameters" / f"{_stem(protein, index)}.json"


def _write(
    micrograph: SimulatedMicrograph, settings: SimulationSettings, root: Path, protein: str, index: int
) -> None:
    """Write a micrograph with its truth; the parameters come last and mark it as complete."""
    stem, entry = _stem(protein, index), root / f"synthetic-{protein}"
    truth, picks = entry / "ground_truth", micrograph.picks
    pixel_size = settings.pixel_size
    # 11 bits of a 16-bit float are ample for counts whose noise is their root, and halve the disk
    write_mrc(
        entry / "micrographs" / f"{stem}.mrc", micrograph.array.astype(np.float16), pixel_size=pixel_size
    )
    write_mrc(truth / "masks" / f"{stem}_mask.mrc", micrograph.mask, pixel_size=pixel_size)
    # CryoPPP counts rows from the other end of the array
    x, y = picks.positions[:, 1], len(micrograph.array) - 1 - picks.positions[:, 0]
    diameter = np.full_like(x, round(protein_diameter(protein) / pixel_size))
    columns = {"X-Coordinate": x, "Y-Coordinate": y, "Diameter": diameter}
    good, bad = picks.label == GOOD, picks.label == BAD
    _write_csv(truth / "particle_coordinates" / f"{stem}.csv", columns, good)
    _write_csv(truth / "false_positives" / f"{stem}_false_positives.csv", columns, bad)
    labels = {"X-Coordinate": x, "Y-Coordinate": y, "Label": picks.label, "True-Label": picks.true_label}
    _write_csv(truth / "true_labels" / f"{stem}.csv", labels, good | bad)
    particles = np.round(micrograph.particles, 3).tolist()
    record = {"version": VERSION, "seed": settings.seed, "index": index, "pixel_size": pixel_size}
    record |= micrograph.parameters | {"particles": particles}
    _write_json(_parameters_path(root, protein, index), record)


def _write_csv(path: Path, columns: Mapping[str, np.ndarray], rows: np.ndarray) -> None:
    with replacing(path) as scratch, scratch.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(values[rows].tolist() for values in columns.values()), strict=True))


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    with replacing(path) as scratch:
        scratch.write_text(json.dumps(values, indent=1) + "\n")
