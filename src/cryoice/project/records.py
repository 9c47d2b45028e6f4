"""What is known of the micrographs that are done: a stopped batch continues, a changed one starts over.

A record is written when all outputs of its micrograph are, and dropped before the first of them is
replaced; a claim tells meanwhile whose they are. So a record that is there tells the truth whenever the
program was killed.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.recorded_outputs import RECORDS_FOLDER
from cryoice.project.folder_lock import folder_held, was_shared

Row = dict[str, Any]
"""Plain values: what the summary tells of one micrograph."""

_SCRATCH = ".partial-*"
_FORGOTTEN_S = 3600
"""Age in s of a scratch file beyond which no living program writes it."""


@dataclass(frozen=True)
class Stamp:
    """What tells a changed file: its place, bytes and time of change in ns."""

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> "Stamp":
        """Look at a file.

        Raises
        ------
        InputError
            The file is missing or its folder cannot be looked into.
        """
        try:
            found = path.stat()
            return cls(str(path.resolve()), found.st_size, found.st_mtime_ns)
        except FileNotFoundError as error:
            raise InputError(f"{path}: no such file; correct the list or the name") from error
        except (OSError, RuntimeError) as error:
            raise InputError(f"{path}: cannot be read ({error}); see to its permissions") from error


def digest_of(values: Mapping[str, Any]) -> str:
    """Return 16 hex digits that differ whenever the plain values do."""
    canonical = json.dumps(values, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Record:
    """What is known of one micrograph: its file and settings then, its outputs' names, what it tells."""

    stamp: Stamp
    digest: str
    outputs: tuple[str, ...]
    row: Row


@dataclass(frozen=True)
class Records:
    """The records of the outputs in one folder."""

    output: Path

    def find(self, stem: str, *, stamp: Stamp, digest: str, read: Record | None = None) -> Record | None:
        """Return the record of a micrograph that is done: input and settings as they were, outputs there.

        One that was ``read`` a moment ago is not read again.
        """
        record = read or self.get(stem)
        return record if record and (record.stamp, record.digest) == (stamp, digest) else None

    def get(self, stem: str) -> Record | None:
        """Return a record whose outputs are there; one that cannot be read is as good as none."""
        return self._read(self._path(stem))

    def all(self) -> list[Record]:
        """Return all records whose outputs are there, by name."""
        found = map(self._read, sorted((self.output / RECORDS_FOLDER).glob("*.json")))
        return [record for record in found if record is not None]

    def _read(self, path: Path) -> Record | None:
        try:
            values = json.loads(path.read_text("utf-8"))
            outputs, row = tuple(values["outputs"]), dict(values["row"])
            record = Record(Stamp(**values["stamp"]), values["digest"], outputs, row)
            return record if all((self.output / name).is_file() for name in outputs) else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def owner(self, stem: str) -> str | None:
        """Return the file whose outputs have this name, or had it or are to have it; None: nobody's."""
        for path in (self._path(stem), self._claim_path(stem)):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                return Stamp(**json.loads(path.read_text("utf-8"))["stamp"]).path
        return None

    def claim(self, stem: str, *, stamp: Stamp) -> None:
        """Drop a record before its outputs change, and tell whose they are to be.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        self._write(self._claim_path(stem), {"stamp": vars(stamp)})
        self._path(stem).unlink(missing_ok=True)
        self._failure_path(stem).unlink(missing_ok=True)

    def failure(self, stem: str, *, stamp: Stamp, digest: str) -> str | None:
        """Return why a micrograph failed; None where its input or settings were others, or it did not."""
        try:
            values = json.loads(self._failure_path(stem).read_text("utf-8"))
            known = (Stamp(**values["stamp"]), values["digest"]) == (stamp, digest)
            return str(values["reason"]) if known else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write_failure(self, stem: str, reason: str, *, stamp: Stamp, digest: str) -> None:
        """Remember why a micrograph failed; what its outputs and record tell of earlier runs stays.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        self._write(self._failure_path(stem), {"stamp": vars(stamp), "digest": digest, "reason": reason})

    def write(self, stem: str, row: Row, *, stamp: Stamp, digest: str, outputs: Sequence[str]) -> None:
        """Remember a micrograph whose outputs, named relative to their folder, are all written.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        values = {"stamp": vars(stamp), "digest": digest, "outputs": list(outputs), "row": row}
        self._write(self._path(stem), values)
        self._claim_path(stem).unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder for this program, and clear what a killed one left half-written in it.

        Raises
        ------
        InputError
            Another program is at work there, or the folder cannot be written.
        """
        with folder_held(self.output):
            try:
                self._clear_scratch()
            except OSError as error:
                reason = error.strerror or error
                raise InputError(f"{self.output}: cannot be cleared ({reason}); see to it") from error
            yield

    def _clear_scratch(self) -> None:
        """Remove scratch files when they are old; ours at once where no shard may be writing them."""
        old, shared = time.time() - _FORGOTTEN_S, was_shared(self.output)
        for path in (*self.output.glob(_SCRATCH), *(self.output / RECORDS_FOLDER).glob(_SCRATCH)):
            ours = not shared and (path.parent != self.output or path.suffix in (".mrc", ".png"))
            if path.is_file() and not path.is_symlink() and (ours or path.stat().st_mtime < old):
                path.unlink(missing_ok=True)

    def _path(self, stem: str) -> Path:
        return self.output / RECORDS_FOLDER / f"{stem}.json"

    def _claim_path(self, stem: str) -> Path:
        return self.output / RECORDS_FOLDER / f"{stem}.claimed"

    def _failure_path(self, stem: str) -> Path:
        return self.output / RECORDS_FOLDER / f"{stem}.failed"

    def _write(self, path: Path, values: Mapping[str, Any]) -> None:
        with replacing(path) as scratch:
            scratch.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
