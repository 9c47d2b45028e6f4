"""Many micrographs to masks: several in flight, what is done is left alone, what fails stops nothing."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from cryoice import __version__
from cryoice.errors import InputError, OutputError
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
from cryoice.mask.masking import verdict_of
from cryoice.mask.model import Model
from cryoice.project.folder_lock import folder_held
from cryoice.project.mask_one import mask_one
from cryoice.project.mask_outcome import OF_STAR, Outcome
from cryoice.project.mask_places import require_apart
from cryoice.project.mask_settings import MaskSettings, Microscope
from cryoice.project.records import Record, Records, Row, Stamp, digest_of
from cryoice.project.shard import Shard

_OUT_OF_MEMORY = (
    "the device is out of memory; mask fewer at once (--jobs, in RELION fewer threads) or give --device cpu"
)


@dataclass(frozen=True)
class MaskBatch:
    """A list of micrographs, the folder of their masks, what they are masked with and taken with.

    Of a ``shard`` only its own micrographs are masked, beside other shards at work on the same folder;
    lists are made of the whole.

    Raises
    ------
    InputError
        The network does not tell a class that is wanted, or the optics are told twice.
    """

    listed: MicrographList
    output: Path
    model: Model
    settings: MaskSettings
    microscope: Microscope = field(default_factory=Microscope)
    shard: Shard | None = None

    def __post_init__(self) -> None:
        self.settings.require_told_by(self.model.classes)
        if self.listed.star is not None and self.microscope != Microscope():
            star = self.listed.star.path
            raise InputError(f"--kV, --Cs, --Q0: {star} tells of the optics itself; leave them out")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder for this program, or its shard; `run` wants it, and the lists want the folder.

        Raises
        ------
        InputError
            The folder cannot be written, is in use, or holds a micrograph or the list itself.
        """
        require_apart(self.listed, self.output)
        with self.records.alone() if self.shard is None else folder_held(self.output, shard=self.shard):
            yield

    @property
    def micrographs(self) -> Sequence[ListedMicrograph]:
        """Those that are to be masked: the list's, or the shard's of them."""
        every = self.listed.micrographs
        return every if self.shard is None else self.shard.of(every)

    def run(self, *, jobs: int) -> Generator[Outcome]:
        """Mask what is not done yet and yield what became of each micrograph, as it happens.

        Within `alone`. Stopped in between, those in flight are finished first.

        Parameters
        ----------
        jobs
            Micrographs in flight: one is read while another is computed and a third is written.
        """
        pool = ThreadPoolExecutor(jobs)
        try:
            waiting = []
            for micrograph in self.micrographs:
                row = self.find(micrograph)
                if row is None:
                    waiting.append(pool.submit(self.attempt, micrograph))
                else:
                    yield Outcome(micrograph, row, skipped=True)
            for done in as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def attempt(self, micrograph: ListedMicrograph, stamp: Stamp | None = None) -> Outcome:
        """Mask one micrograph, whatever is known of it; within `alone`, by several threads at once.

        With a ``stamp`` it fails when its file is another one by the time it is read.

        What goes wrong is the reason of its outcome, and kept for a merge unless it was refused.
        """
        refused = False
        try:
            return Outcome(micrograph, self._mask(micrograph, stamp or Stamp.of(micrograph.path)))
        except InputError as error:
            reason, refused = _reason(micrograph, error), isinstance(error, OutputError)
        except torch.OutOfMemoryError:
            reason, refused = f"{micrograph.path}: {_OUT_OF_MEMORY}", True
        except Exception as error:  # a fault of ours must not cost the other micrographs
            reason = " ".join(f"{type(error).__name__}: {error}".split())
        if not refused:
            with suppress(InputError):  # the file is gone: it stays told here
                stamp, digest = Stamp.of(micrograph.path), self.digest(micrograph)
                self.records.write_failure(micrograph.stem, reason, stamp=stamp, digest=digest)
        return Outcome(micrograph, None, reason=reason, refused=refused)

    def find(
        self, micrograph: ListedMicrograph, *, stamp: Stamp | None = None, record: Record | None = None
    ) -> Row | None:
        """Return what the summary tells of a micrograph that is done; None of any other.

        Its record takes over what this list calls it, and the verdict by these settings. The file is
        looked at and the record read, unless its stamp or that is given.
        """
        try:
            stamp = stamp or Stamp.of(micrograph.path)
        except InputError:
            return None
        digest = self.digest(micrograph)
        record = self.records.find(micrograph.stem, stamp=stamp, digest=digest, read=record)
        if record is None:
            return None
        row = self._judged(record.row | self._listed_as(micrograph))
        if row != record.row:
            with suppress(OutputError):  # on a full disk it keeps the other name for now
                self.records.write(micrograph.stem, row, stamp=stamp, digest=digest, outputs=record.outputs)
        return row

    def known(self, micrograph: ListedMicrograph) -> Outcome | None:
        """Return what became of a micrograph, as the folder tells; None where nobody has tried it yet."""
        if (row := self.find(micrograph)) is not None:
            return Outcome(micrograph, row, skipped=True)
        try:
            stamp, digest = Stamp.of(micrograph.path), self.digest(micrograph)
        except InputError as error:
            return Outcome(micrograph, None, reason=_reason(micrograph, error))
        reason = self.records.failure(micrograph.stem, stamp=stamp, digest=digest)
        return None if reason is None else Outcome(micrograph, None, reason=reason)

    def earlier(self) -> list[Row]:
        """Return what is known of masks in the folder that are of none of this batch's micrographs."""
        places = {str(micrograph.path.resolve()) for micrograph in self.listed.micrographs}
        return [record.row for record in self.recorded() if record.stamp.path not in places]

    def recorded(self) -> list[Record]:
        """Return all that is known of masks in the folder, with the verdicts by these settings."""
        return [replace(record, row=self._judged(record.row)) for record in self.records.all()]

    def _judged(self, row: Row) -> Row:
        if "bad" not in row:  # of a version that did not tell
            return row
        return row | {"verdict": verdict_of(row["bad"], max_bad=self.settings.max_bad)}

    @cached_property
    def _given(self) -> dict[str, Any]:
        given = asdict(self.settings)
        del given["max_bad"]  # decides the verdict alone
        return given

    @property
    def records(self) -> Records:
        """Records of what is done in the folder."""
        return Records(self.output)

    def _listed_as(self, micrograph: ListedMicrograph) -> Row:
        return {"micrograph": micrograph.name, OF_STAR: self.listed.star is not None}

    def digest(self, micrograph: ListedMicrograph) -> str:
        """Return what differs whenever something but the file would change the outputs."""
        given = self._given | {"pixel_size": micrograph.pixel_size}
        return digest_of({"version": __version__, "model": self.model.digest, "settings": given})

    def _mask(self, listed: ListedMicrograph, stamp: Stamp) -> Row:
        row, outputs = mask_one(listed, stamp, self.records, model=self.model, settings=self.settings)
        row = self._judged(row | self._listed_as(listed))
        self.records.write(listed.stem, row, stamp=stamp, digest=self.digest(listed), outputs=outputs)
        return row


def _reason(micrograph: ListedMicrograph, error: InputError) -> str:
    return str(error).removeprefix(f"{micrograph.path}: ")
