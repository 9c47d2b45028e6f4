"""The folder of a job of RELION: how a program tells RELION what became of the job and what it made.

RELION looks every few seconds for a file that tells how a running job ended, and for that alone: neither
output nor exit status count. Once it ended well, the files that it made are read from a table and offered to
the next jobs. Facts: RELION 5's ``pipeline_control.h``, ``pipeliner.cpp`` and ``pipeline_jobs.h``, and the
section on the External job type in its documentation.
"""

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.star import Table, write_star

SUCCESS = "RELION_JOB_EXIT_SUCCESS"
FAILURE = "RELION_JOB_EXIT_FAILURE"
ABORTED = "RELION_JOB_EXIT_ABORTED"
"""Empty files that tell how a job ended."""

ABORT_NOW = "RELION_JOB_ABORT_NOW"
"""Empty file by which RELION asks a running job to end."""

OUTPUT_NODES = "RELION_OUTPUT_NODES.star"
"""Table of what a job made, by name relative to the project's folder and by type."""

_JOB_FILES = ("job.star", "job_pipeline.star")
_PIPELINES = ("job_pipeline.star", "../../default_pipeline.star")
_VERSION = re.compile(rb"^# version ([0-9]{5})", re.MULTILINE)
"""In front of each table that RELION writes: 30001 until version 4, 50001 since 5."""
_OF_RELION_4 = (b"MicrographsData.star", b"ParticlesData.star", b"MicrographMoviesData.star")
_RELION_5 = 50000
_OF_RELION_5 = b"GroupMetadata.star"


class JobAbortedError(Exception):
    """RELION asked the job to end."""


@dataclass(frozen=True)
class NodeType:
    """What RELION calls a kind of file: since version 5, in 4, and by number before."""

    label: str
    label_4: str
    number: int


MICROGRAPHS = NodeType("MicrographGroupMetadata.star.relion", "MicrographsData.star.relion", 1)
PARTICLES = NodeType("ParticleGroupMetadata.star.relion", "ParticlesData.star.relion", 3)
LOG = NodeType("LogFile.pdf.relion", "LogFile.pdf.relion", 13)


@dataclass(frozen=True)
class RelionJob:
    """A job by its folder, as RELION's ``--o`` gives it: relative to the project's folder."""

    folder: Path

    def begin(self) -> None:
        """Take away what tells how an earlier run in the folder ended; the folder is made when missing.

        A request to end stays: it may have come while the job was waiting in a queue.

        Raises
        ------
        InputError
            The folder cannot be written, so that nothing can be told to RELION.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".partial-"):
                pass
            for name in (SUCCESS, FAILURE, ABORTED):
                (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise _refused(self.folder, error) from error

    def require_wanted(self) -> None:
        """Check that RELION did not ask the job to end.

        Raises
        ------
        JobAbortedError
            It did.
        """
        if (self.folder / ABORT_NOW).exists():
            raise JobAbortedError

    def end(self, marker: str) -> None:
        """Tell how the job ended, and that alone; with `ABORTED`, the request to end is taken away.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        path = self.folder / marker
        try:
            path.touch()
            for other in {SUCCESS, FAILURE, ABORTED} - {marker}:
                (self.folder / other).unlink(missing_ok=True)
            if marker == ABORTED:
                (self.folder / ABORT_NOW).unlink(missing_ok=True)
        except OSError as error:
            raise _refused(path, error) from error

    def write_output_nodes(self, made: Sequence[tuple[str, NodeType]]) -> None:
        """Tell what the job made: names below its folder, and types.

        Labels are those of the RELION that started the job, else of that which keeps the project's pipeline,
        RELION 5's where none does.
        RELION 4 and 5 read the labels, 3.1 the numbers.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        old = self._is_of_relion_4()
        table: Table = {
            "rlnPipeLineNodeName": [(self._named() / name).as_posix() for name, _ in made],
            "rlnPipeLineNodeTypeLabel": [node.label_4 if old else node.label for _, node in made],
            "rlnPipeLineNodeType": [node.number for _, node in made],
        }
        write_star(self.folder / OUTPUT_NODES, {"output_nodes": table})

    def _named(self) -> Path:
        here = Path().resolve()
        whole = self.folder.is_absolute() and self.folder.resolve().is_relative_to(here)
        return self.folder.resolve().relative_to(here) if whole else self.folder

    def _is_of_relion_4(self) -> bool:
        """Whether RELION 4 wrote the job's own files; else whether it named the first list in a pipeline."""
        for name in _JOB_FILES:
            if version := _VERSION.search(self._read(name)):
                return int(version[1]) < _RELION_5
        for name in _PIPELINES:
            text = self._read(name)
            if _OF_RELION_5 in text:
                return False
            if any(label in text for label in _OF_RELION_4):
                return True
        return False

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return b""


def _refused(path: Path, error: OSError) -> InputError:
    reason = error.strerror or error
    return InputError(f"{path}: cannot be written ({reason}); mark the job in RELION's Job actions")
