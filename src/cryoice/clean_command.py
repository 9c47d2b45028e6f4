"""``cryoice clean``: coordinate files without the particles that lie on artifacts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from cryoice import clean_flags as flags
from cryoice.errors import InputError
from cryoice.terminal import console, faults_in_one_line, progress, show_failures

if TYPE_CHECKING:
    from cryoice.project.clean_picks import Cleaned, CleanSettings
    from cryoice.project.coordinate_jobs import CoordinateJob
    from cryoice.project.mask_folder import Masked, MaskFolder
    from cryoice.project.pick_files import PickFile


def clean(
    coordinates: flags.Coordinates,
    masks: flags.Masks,
    output: flags.Output,
    angpix: flags.Angpix = None,
    distance: flags.Distance = 100.0,
    from_box: flags.FromBox = False,
    box_size: flags.BoxSize = None,
    rejected: flags.Rejected = None,
    classes: flags.Classes = None,
    flip_y: flags.FlipY = None,
    unmasked: flags.Unmasked = "keep",
) -> None:
    """Take the particles on and near artifacts out of a coordinate file.

    - `cryoice clean particles.star --masks masks -o clean.star --rejected bad.star`
    - `cryoice clean J42_picked_particles.csg --masks masks -o clean.csg`: uids and passthroughs kept
    - `cryoice clean picks/ --masks masks -o clean/ --distance 0 --from-box --box-size 256`: per micrograph

    The accepted file is of the same kind and differs in its rows alone, and two columns where the
    format has room for them (else in FILE_scores.csv): `cryoiceScore`, the highest probability of an
    artifact within the distance, and `cryoiceVerdict`: good (accepted), bad (rejected), or unsure,
    where the score lies in the band that cryoice mask --unsure set, or nothing is known. Unsure ones
    are accepted or rejected as the mask says. Particles on pixels without data and off the
    micrograph are rejected.

    Exits with 1 when something was wrong with a micrograph or a file; the rest is written all the same.
    """
    from cryoice.project.clean_picks import CleanSettings
    from cryoice.project.coordinate_jobs import coordinate_jobs
    from cryoice.project.failures import write_failures
    from cryoice.project.mask_folder import MaskFolder

    with faults_in_one_line():
        settings = CleanSettings(
            distance=distance,
            from_box=from_box,
            pixel_size=angpix,
            flip_y=flip_y,
            classes=_classes(classes),
            unmasked=unmasked,
        )
        jobs = coordinate_jobs(coordinates, output=output, rejected=rejected)
        folder = MaskFolder.read(masks)
        failures = _clean_all(jobs, folder, settings, box_size=box_size)
        write_failures(output.parent / f"{output.name}_failures.csv", failures)
    show_failures(failures)
    raise typer.Exit(code=int(bool(failures)))


def _clean_all(
    jobs: "Sequence[CoordinateJob]",
    folder: "MaskFolder",
    settings: "CleanSettings",
    *,
    box_size: float | None,
) -> list[tuple[str, str]]:
    """Clean file after file; one that cannot be read is named, the rest go on."""
    from cryoice.project.frame_probe import probe_frame
    from cryoice.project.pick_files import masks_of

    files, failures = _read_all(jobs, box_size=box_size)
    masks = masks_of(files.values(), folder)
    probed = probe_frame(list(files.values()), folder, masks, settings) if files else None
    if probed is not None:
        typer.echo(f"{'note' if probed.turned else 'warning'}: {probed.words}", err=True)
        settings = probed.settings
    rows, doubts = [], Counter[str]()
    for job, picks in files.items():
        try:
            cleaned = _clean_one(job, picks, masks, settings)
        except InputError as error:
            failures.append((str(job.source), str(error)))
            continue
        failures.extend(cleaned.failures)
        doubts += cleaned.doubts
        rows.append((job.source.name, cleaned))
    for doubt, count in doubts.items():
        typer.echo(f"warning: {doubt}" + (f" ({count} micrographs)" if count > 1 else ""), err=True)
    if rows:
        _show(rows)
    return failures


def _read_all(
    jobs: "Sequence[CoordinateJob]", *, box_size: float | None
) -> "tuple[dict[CoordinateJob, PickFile], list[tuple[str, str]]]":
    from cryoice.files.coordinate_files import read_coordinates
    from cryoice.project.pick_files import PickFile

    files, failures = {}, []
    for job in jobs:
        try:
            files[job] = PickFile.of(read_coordinates(job.source, box_size=box_size))
        except InputError as error:
            failures.append((str(job.source), str(error)))
    return files, failures


def _clean_one(
    job: "CoordinateJob", picks: "PickFile", masks: "Mapping[str, Masked]", settings: "CleanSettings"
) -> "Cleaned":
    from cryoice.project.clean_picks import clean_file

    cleaned = clean_file(picks, masks, settings, track=progress)
    columns = cleaned.columns
    picks.file.write(job.accepted, keep=cleaned.keep, columns=columns)
    if job.rejected is not None:
        picks.file.write(job.rejected, keep=~cleaned.keep, columns=columns)
    return cleaned


def _show(rows: "Sequence[tuple[str, Cleaned]]") -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        "file", "particles", "accepted", "of them unsure", "rejected", "off the micrograph", "without mask"
    )
    counts = [
        (
            name,
            len(c.keep),
            *(int(which.sum()) for which in (c.keep, c.keep & c.unsure, ~c.keep)),
            c.outside,
            c.unmasked,
        )
        for name, c in rows
    ]
    if len(counts) > 1:
        counts = [("all", *(sum(column) for column in list(zip(*counts, strict=True))[1:]))]
    for row in counts:
        table.add_row(*(escape(str(cell)) for cell in row))
    console().print(table)


def _classes(text: str | None) -> tuple[str, ...] | None:
    from cryoice.constants import CLASSES

    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in CLASSES[1:]]
    if unknown or not names:
        raise InputError(f"--classes: {text} is unknown; choose from {', '.join(CLASSES[1:])}")
    return names
