"""The judgement on an entry that `cryoice check` prints and that training obeys."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryoice.errors import InputError
from cryoice.files.cryoppp import Entry, EntryMicrograph
from cryoice.files.frames import FRAMES
from cryoice.files.orientation import FrameProbe, choose_frame, confirms, contradicts
from cryoice.files.survey import EntrySurvey, survey_entry

AUTO = "auto"
"""Let the probe confirm the declared frame."""

PLAUSIBLE_DIAMETERS = (40.0, 1000.0)
"""Å: below lies no particle that cryo-EM resolves, above no particle that is picked."""

_WRONG_PIXEL_SIZES = {"10345": (0.673, 1.345)}  # declared and true, Å/px, in CryoPPP
_SAME = 0.01
_LISTED = 5  # names in one line
_TOO_MANY_OUTSIDE = 0.05  # careless picking leaves fewer off the micrograph; another scale more

_log = logging.getLogger(__name__)


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
    def probe(self) -> FrameProbe:
        """The orientation probe."""
        return self.survey.probe


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
        raise InputError(_nothing_usable(survey))
    if survey.pixel_size is None:
        raise InputError(_unknown_pixel_size(entry))
    return EntryDiagnosis(survey=survey, frame=settle_frame(survey, frame), pixel_size=survey.pixel_size)


def settle_frame(survey: EntrySurvey, frame: str) -> str:
    """Return the forced frame, or for 'auto' the declared one unless the probe contradicts it.

    Raises
    ------
    InputError
        The frame is unknown or, for 'auto', the picks fit another one.
    """
    settled = frame_in_force(survey.entry, frame)
    if frame == AUTO:
        return choose_frame(survey.entry.name, survey.probe, declared=settled)
    contradiction = contradicts(survey.entry.name, survey.probe, frame=settled)
    if contradiction is not None:
        _log.warning("%s (data.frame=%s is forced)", contradiction, frame)
    return settled


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


def troubles(survey: EntrySurvey, *, frame: str) -> list[str]:
    """Name what must be mended before the entry can be trusted, one line each.

    Parameters
    ----------
    survey
        From `survey_entry`.
    frame
        The frame in force, one of FRAMES.
    """
    name, found = survey.entry.name, [reason for _, reason in survey.problems]
    if not survey.micrographs:
        found.append(_nothing_usable(survey))
    contradiction = contradicts(name, survey.probe, frame=frame)
    if contradiction is not None:
        found.append(contradiction)
    outside, picks = survey.outside[frame], survey.good + survey.bad
    if outside > _TOO_MANY_OUTSIDE * picks:
        found.append(
            f"{name}: {outside} of {picks} picks are off the micrograph in frame {frame}; "
            "the coordinates belong to another size or frame"
        )
    return found + _scale_troubles(survey)


def notes(survey: EntrySurvey, *, frame: str) -> list[str]:
    """Name what to know about the entry that is no fault, one line each; arguments as `troubles`."""
    name, found = survey.entry.name, []
    if survey.missing:
        found.append(f"{name}: no pick file for {_listed(survey.missing)}")
    if survey.empty:
        found.append(f"{name}: no picks in the files of {_listed(survey.empty)}")
    for label, count in (("GOOD", survey.good), ("BAD", survey.bad)):
        if survey.micrographs and not count:
            found.append(f"{name}: no {label} picks, so it cannot train a classifier alone")
    contradicted = contradicts(name, survey.probe, frame=frame) is not None
    if survey.micrographs and not contradicted and not confirms(survey.probe, frame):
        found.append(f"{name}: no frame wins at z >= 3; {frame} is taken unconfirmed")
    if survey.micrographs and survey.diameter is None:
        found.append(f"{name}: no particle diameter in the files; the probe guessed it from the spacing")
    return found


def _scale_troubles(survey: EntrySurvey) -> list[str]:
    name, size, diameter = survey.entry.name, survey.pixel_size, survey.diameter
    if size is None:
        return [_unknown_pixel_size(survey.entry)]
    wrong, true = _WRONG_PIXEL_SIZES.get(name, (0.0, 0.0))
    if wrong and abs(size / wrong - 1) < _SAME:
        return [f"{name}: {size:g} Å/px is known to be wrong; set data.pixel_sizes.{name}={true:g}"]
    least, most = PLAUSIBLE_DIAMETERS
    if diameter is not None and not least <= diameter * size <= most:
        return [
            f"{name}: {diameter:g} px at {size:g} Å/px is a particle of {diameter * size:.0f} Å, "
            f"outside {least:g}-{most:g} Å; mend data.pixel_sizes.{name}"
        ]
    return []


def _unknown_pixel_size(entry: Entry) -> str:
    return f"{entry.name}: the files tell no pixel size; set data.pixel_sizes.{entry.name} (Å/px)"


def _nothing_usable(survey: EntrySurvey) -> str:
    name, total = survey.entry.name, len(survey.entry.micrographs)
    if survey.problems:
        return f"{name}: none of {total} micrographs can be used; the first: {survey.problems[0][1]}"
    return f"{name}: no picks for any of {total} micrographs; fetch its ground_truth folder again"


def _listed(names: Sequence[str]) -> str:
    shown, rest = names[:_LISTED], len(names) - _LISTED
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _silently(items: Sequence[Any], _words: str) -> Iterable[Any]:
    return items
