"""Which coordinate files are cleaned, and where to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.coordinate_files import COORDINATE_SUFFIXES


@dataclass(frozen=True)
class CoordinateJob:
    """One coordinate file, and the files for its accepted and its rejected particles."""

    source: Path
    accepted: Path
    rejected: Path | None


def coordinate_jobs(
    given: Sequence[Path], *, output: Path, rejected: Path | None
) -> tuple[CoordinateJob, ...]:
    """Pair every coordinate file with its outputs: files for a single one, folders for several.

    Raises
    ------
    InputError
        A folder holds none, two files would have one output, an output would replace its input, or is
        to be of another kind.
    """
    sources = [source for path in given for source in (_in_folder(path) if path.is_dir() else [path])]
    if len(given) == 1 and not given[0].is_dir():
        jobs = [CoordinateJob(sources[0], output, rejected)]
    else:
        jobs = [
            CoordinateJob(source, output / source.name, rejected and rejected / source.name)
            for source in sources
        ]
    _require_distinct(jobs)
    return tuple(jobs)


def _in_folder(folder: Path) -> list[Path]:
    found = sorted(
        path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in COORDINATE_SUFFIXES
    )
    if not found:
        raise InputError(f"{folder}: holds no coordinate file ({', '.join(COORDINATE_SUFFIXES)})")
    return found


def _require_distinct(jobs: Sequence[CoordinateJob]) -> None:
    wanted = [path for job in jobs for path in (job.accepted, job.rejected) if path is not None]
    places = Counter(path.resolve() for path in wanted)
    for place in wanted:
        if places[place.resolve()] > 1:
            raise InputError(f"{place}: would be written twice; clean these files one at a time")
    for job in jobs:
        for path in filter(None, (job.accepted, job.rejected)):
            if path.resolve() == job.source.resolve():
                raise InputError(f"{path}: would replace its input; choose another name")
            if path.suffix.lower() != job.source.suffix.lower():
                raise InputError(
                    f"{path}: {job.source.name} stays a {job.source.suffix} file; give a name that ends so"
                )
