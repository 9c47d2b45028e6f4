"""Which coordinate files are cleaned, and where to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.coordinate_files import COORDINATE_SUFFIXES
from cryoice.files.cryosparc_group import SUFFIX as GROUP_SUFFIX
from cryoice.files.cryosparc_group import dataset_names
from cryoice.files.score_sidecar import SCORES_ENDING, scores_path

_NO_COORDINATES = (  # of ours, and what RELION writes into a job's folder
    f"*{SCORES_ENDING}",
    "*_failures.csv",
    "job.star",
    "*_pipeline.star",
    "coords_suffix_*.star",
    "relion_*.star",
    "backup_selection.star",
    "summary.star",
    "note.txt",
)


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
    """Coordinate files right in a folder, but for those that a program keeps there for another end."""
    files = [
        path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in COORDINATE_SUFFIXES
    ]
    of_groups = {name for path in files if path.suffix.lower() == GROUP_SUFFIX for name in _datasets(path)}
    found = sorted(
        path
        for path in files
        if path.name not in of_groups
        and not any(fnmatchcase(path.name.lower(), pattern) for pattern in _NO_COORDINATES)
    )
    if not found:
        raise InputError(f"{folder}: holds no coordinate file ({', '.join(COORDINATE_SUFFIXES)})")
    return found


def _datasets(group: Path) -> tuple[str, ...]:
    try:
        return dataset_names(group)
    except InputError:  # told when the group itself is read
        return ()


def _require_distinct(jobs: Sequence[CoordinateJob]) -> None:
    outputs = [path for job in jobs for path in (job.accepted, job.rejected) if path is not None]
    # whether a format needs scores beside it is known only when the file is read
    wanted = [*outputs, *map(scores_path, outputs)]
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
