"""The judgement on an entry that training obeys: which frame, which pixel size, and what to say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryoice.errors import InputError
from cryoice.files.cryoppp import Entry, EntryMicrograph
from cryoice.files.frames import FRAMES
from cryoice.files.orientation import choose_frame
from cryoice.files.remarks import misfits, notes, nothing_usable, skipped, unknown_pixel_size
from cryoice.files.survey import EntrySurvey, survey_entry

AUTO = "auto"
"""Let the probe confirm the declared frame."""


@dataclass(frozen=True)
class EntryDiagnosis:
    """An entry that can be used: its frame and pixel size (Å/px) are settled."""

    survey: EntrySurvey
    frame: str
    pixel_size: float

    @property
    def micrographs(self) -> tuple[EntryMicrograph, ...]:
        """Readable micrographs with at least one valid pick."""
        return self.survey.micrographs

    @property
    def problems(self) -> tuple[tuple[str, str], ...]:
        """Name and reason of each micrograph that cannot be used."""
        return self.survey.problems

    @property
    def remarks(self) -> list[str]:
        """What every run on the entry has to say: what is skipped, and doubts about frame and scale."""
        return [
            *skipped(self.survey.entry.name, self.problems),
            *(f"{line} (used as it is)" for line in misfits(self.survey, frame=self.frame)),
            *notes(self.survey, frame=self.frame),
        ]


def diagnose_entry(entry: Entry, *, frame: str = AUTO, pixel_size: float | None) -> EntryDiagnosis:
    """Settle frame and pixel size of an entry, or say why it cannot be used.

    Parameters
    ----------
    entry
        From `find_entries`.
    frame
        'auto', or one of FRAMES to force it.
    pixel_size
        Å/px that overrides the headers; None believes them.

    Raises
    ------
    InputError
        No micrograph can be used, the pixel size is unknown, or the picks fit another frame.
    """
    survey = survey_entry(entry, pixel_size=pixel_size, track=_silently)
    if not survey.micrographs:
        raise InputError(nothing_usable(survey))
    if survey.pixel_size is None:
        raise InputError(unknown_pixel_size(entry))
    return EntryDiagnosis(survey=survey, frame=settle_frame(survey, frame), pixel_size=survey.pixel_size)


def settle_frame(survey: EntrySurvey, frame: str) -> str:
    """Return the forced frame, or for 'auto' the declared one unless the probe contradicts it.

    Raises
    ------
    InputError
        The frame is unknown or, for 'auto', the picks fit another one.
    """
    settled = frame_in_force(survey.entry, frame)
    return choose_frame(survey.entry.name, survey.probe, declared=settled) if frame == AUTO else settled


def frame_in_force(entry: Entry, frame: str) -> str:
    """Return ``frame``, or for 'auto' what the entry's kind declares.

    CryoPPP counts rows from the last one; CryoPPP-Lite was flipped when it was written.

    Raises
    ------
    InputError
        The frame is unknown.
    """
    if frame == AUTO:
        return "top" if entry.lite else "cryoppp"
    if frame not in FRAMES:
        raise InputError(f"data.frame={frame}: unknown; choose one of {', '.join((AUTO, *FRAMES))}")
    return frame


def _silently(items: Sequence[Any], _words: str) -> Iterable[Any]:
    return items
