"""One run of a job of RELION: masks, lists of micrographs and particles, the page that shows them."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryoice.errors import InputError, OutputError
from cryoice.files.relion_job import LOG, MICROGRAPHS, PARTICLES, JobAbortedError, NodeType, RelionJob
from cryoice.project import relion_outputs
from cryoice.project.clean_picks import Cleaned, CleanSettings
from cryoice.project.failures import write_failures
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_lists import FAILURES, MaskResult, begin, finish
from cryoice.project.mask_outcome import Outcome
from cryoice.project.mask_progress import Workers, follow
from cryoice.project.relion_lists import ParticleList, write_micrograph_lists, write_particle_lists
from cryoice.project.relion_outputs import LOGFILE
from cryoice.report.figures import save_figure
from cryoice.report.relion_log import plot_log

_PARTS = 20  # lines of progress in a whole run
_SILENCE_S = 60.0
"""Longest time without a line of progress, micrographs allowing."""


@dataclass
class RelionRun:
    """What a run has made so far.

    Attributes
    ----------
    job
        Whose folder everything goes into.
    say, warn
        Take lines for run.out and run.err.
    made
        Outputs that RELION is told of.
    failures
        Name and reason of what went wrong.
    """

    job: RelionJob
    say: Callable[[str], None]
    warn: Callable[[str], None]
    made: list[tuple[str, NodeType]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def mask(self, batch: MaskBatch, *, jobs: int, for_next_job: bool) -> MaskResult:
        """Mask micrographs and list accepted and rejected ones; stopped, those that are done.

        Parameters
        ----------
        batch
            Micrographs and the folder of masks.
        jobs
            Micrographs in flight.
        for_next_job
            Tell RELION of the list of accepted ones: it has all that a next job wants to know.

        Raises
        ------
        JobAbortedError
            RELION asked for the end.
        InputError
            A folder cannot be written, the machine refused a micrograph, or none could be masked.
        """
        outcomes: list[Outcome] = []
        with batch.alone():
            begin(batch)
            try:
                follow(batch, outcomes, workers=Workers(jobs), after=self._progress(batch, outcomes))
            except (JobAbortedError, KeyboardInterrupt, OutputError) as stop:
                try:
                    self._list_done(batch, outcomes, for_next_job=for_next_job)
                except OutputError as error:
                    if not isinstance(stop, OutputError):  # which tells it
                        self.warn(f"error: {error}")
                raise
            result = finish(batch, outcomes)
        for doubt in result.doubts:
            self.warn(f"warning: {doubt}")
        self._list(batch, result, for_next_job=for_next_job)
        if not result.rows:
            raise InputError(f"none of the {len(result.failures)} micrographs could be masked; see above")
        return result

    def clean(self, particles: ParticleList, masks: Path, settings: CleanSettings) -> Cleaned:
        """Write accepted and rejected particles.

        Raises
        ------
        JobAbortedError
            RELION asked for the end; no particle list is written.
        InputError
            The masks cannot be read, or a folder cannot be written.
        """
        cleaned, words = write_particle_lists(
            self.job.folder, particles, masks, settings, before_each=self.job.require_wanted
        )
        for doubt in (*([words] if words else []), *cleaned.doubts):
            self.warn(f"warning: {doubt}")
        for name, reason in cleaned.failures:
            self.warn(f"{name}: {reason}")
        self._note_failures(cleaned.failures)
        keep, unsure = cleaned.keep, int((cleaned.keep & cleaned.unsure).sum())
        self.say(
            f"{len(keep)} particles: {int(keep.sum())} accepted ({unsure} unsure), "
            f"{int((~keep).sum())} rejected"
        )
        self._tell(relion_outputs.PARTICLES, PARTICLES)
        return cleaned

    def draw(self, masked: MaskResult | None, cleaned: Cleaned | None, *, max_bad: float) -> None:
        """Write the page of figures.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        figure = plot_log(
            list(masked.rows.values()) if masked else [],
            max_bad=max_bad,
            title=f"cryoice in {self.job.folder}",
            particles=(cleaned.score, cleaned.keep) if cleaned else None,
        )
        save_figure(figure, self.job.folder / LOGFILE)
        self._tell(LOGFILE, LOG)

    def _list_done(self, batch: MaskBatch, outcomes: Sequence[Outcome], *, for_next_job: bool) -> None:
        result = finish(batch, outcomes)
        self._list(batch, result, for_next_job=for_next_job)
        done, total = len(result.rows), len(batch.listed.micrographs)
        self.say(f"stopped: {done} of {total} micrographs are done; continue the job for the rest")

    def _list(self, batch: MaskBatch, result: MaskResult, *, for_next_job: bool) -> None:
        self._note_failures(result.failures)
        counts = write_micrograph_lists(self.job.folder, batch.output)
        if not (counts.accepted + counts.rejected):
            return
        self.say(
            f"{len(result.rows)} micrographs masked: {counts.accepted} accepted, {counts.rejected} rejected; "
            f"{len(result.failures)} failed"
        )
        if not counts.accepted:
            self.warn("warning: no micrograph is accepted; the next job wants some: raise max_bad")
        if for_next_job:
            self._tell(relion_outputs.MICROGRAPHS, MICROGRAPHS)

    def _tell(self, name: str, node: NodeType) -> None:
        self.made.append((name, node))
        self.job.write_output_nodes(self.made)

    def _note_failures(self, failures: Sequence[tuple[str, str]]) -> None:
        self.failures += failures
        write_failures(self.job.folder / FAILURES, self.failures)

    def _progress(self, batch: MaskBatch, outcomes: Sequence[Outcome]) -> Callable[[], None]:
        """Return what, after each micrograph, looks whether to go on and at times tells how far it is."""
        total, start, last = len(batch.listed.micrographs), time.monotonic(), time.monotonic()

        def after() -> None:
            nonlocal last
            self.job.require_wanted()
            done, now = len(outcomes), time.monotonic()
            part = done * _PARTS // total > (done - 1) * _PARTS // total
            if sys.stderr.isatty() or not (part or now - last > _SILENCE_S):
                return
            last, worked = now, sum(not outcome.skipped for outcome in outcomes)
            rate = (now - start) / worked if worked else 0.0
            left = timedelta(seconds=round(rate * (total - done)))
            self.say(f"{done} of {total} micrographs" + (f", {rate:.1f} s each, {left} left" if rate else ""))

        return after
