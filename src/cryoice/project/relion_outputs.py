"""What a run of a job of RELION makes in the job's folder, by name."""

from pathlib import Path

from cryoice.errors import OutputError
from cryoice.files.relion_job import OUTPUT_NODES
from cryoice.project.mask_lists import FAILURES

MASKS, LOGFILE = "masks", "logfile.pdf"
"""Folder of masks and page of figures."""

MICROGRAPHS, REJECTED_MICROGRAPHS = "micrographs.star", "micrographs_rejected.star"
PARTICLES, REJECTED_PARTICLES = "particles.star", "particles_rejected.star"
OF_PARTICLES = "micrographs_of_particles.star"
"""Lists; the last one of the micrographs that particles name."""


def clear_earlier(folder: Path, *, keep: Path | None) -> None:
    """Take away what an earlier run made, but for masks and one file: it would stand beside this run's.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    lists = (MICROGRAPHS, REJECTED_MICROGRAPHS, PARTICLES, REJECTED_PARTICLES, OF_PARTICLES)
    for path in (folder / name for name in (OUTPUT_NODES, *lists, LOGFILE, FAILURES)):
        try:
            if path != keep:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{path}: cannot be removed ({error.strerror}); remove it") from error
