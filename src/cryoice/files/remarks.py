"""What to mend about an entry and what to know, one line each, for people and for logs."""

from collections.abc import Sequence

from cryoice.files.cryoppp import Entry
from cryoice.files.orientation import contradicts, doubt
from cryoice.files.survey import EntrySurvey

PLAUSIBLE_DIAMETERS = (40.0, 1000.0)
"""Å: below lies no particle that cryo-EM resolves, above no particle that is picked."""

_WRONG_PIXEL_SIZES = {"10345": (0.673, 1.345)}  # declared and true, Å/px, in CryoPPP
_SAME = 0.01
_LISTED = 5  # names in one line
_TOO_MANY_OUTSIDE = 0.05  # careless picking leaves fewer off the micrograph; another scale more


def troubles(survey: EntrySurvey, *, frame: str) -> list[str]:
    """Name what must be mended before the entry can be trusted, one line each.

    Parameters
    ----------
    survey
        From `survey_entry`.
    frame
        The frame in force, one of FRAMES.
    """
    found = [reason for _, reason in survey.problems]
    if not survey.micrographs:
        found.append(nothing_usable(survey))
    return found + misfits(survey, frame=frame)


def misfits(survey: EntrySurvey, *, frame: str) -> list[str]:
    """Name what contradicts the frame and the pixel size in force; arguments as `troubles`."""
    name, found = survey.entry.name, []
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
    unsure = doubt(name, survey.probe, frame=frame)
    if survey.micrographs and not contradicted and unsure is not None:
        found.append(unsure)
    if survey.micrographs and survey.diameter is None:
        found.append(f"{name}: no particle diameter in the files; the probe guessed it from the spacing")
    return found


def skipped(entry_name: str, problems: Sequence[tuple[str, str]]) -> list[str]:
    """Name the micrographs that cannot be used, the first few with their reasons, the rest as a number."""
    found = [f"{entry_name}/{name}: {reason}" for name, reason in problems[:_LISTED]]
    if len(problems) > _LISTED:
        found.append(f"{entry_name}: {len(problems) - _LISTED} more micrographs cannot be used")
    return found


def nothing_usable(survey: EntrySurvey) -> str:
    """Say why no micrograph of the entry can be used."""
    name, total = survey.entry.name, len(survey.entry.micrographs)
    if not total:
        return no_micrographs(survey.entry)
    if survey.problems:
        return f"{name}: none of {total} micrographs can be used; the first: {survey.problems[0][1]}"
    return f"{name}: no picks for any of {total} micrographs; fetch its ground_truth folder again"


def no_micrographs(entry: Entry) -> str:
    """Say that an entry has no micrographs and what to do."""
    return f"{entry.root / 'micrographs'}: no micrographs; fetch them or leave the entry {entry.name} out"


def unknown_pixel_size(entry: Entry) -> str:
    """Say that nothing tells the pixel size of an entry and what to do."""
    return f"{entry.name}: the files tell no pixel size; set data.pixel_sizes={{{entry.name}:...}} (Å/px)"


def _scale_troubles(survey: EntrySurvey) -> list[str]:
    name, size, diameter = survey.entry.name, survey.pixel_size, survey.diameter
    if size is None:
        return [unknown_pixel_size(survey.entry)] if survey.entry.micrographs else []
    wrong, true = _WRONG_PIXEL_SIZES.get(survey.entry.root.name, (0.0, 0.0))
    if wrong and abs(size / wrong - 1) < _SAME:
        return [f"{name}: {size:g} Å/px is known to be wrong; set data.pixel_sizes={{{name}:{true:g}}}"]
    least, most = PLAUSIBLE_DIAMETERS
    if diameter is not None and not least <= diameter * size <= most:
        return [
            f"{name}: {diameter:g} px at {size:g} Å/px is a particle of {diameter * size:.0f} Å, "
            f"outside {least:g}-{most:g} Å; mend data.pixel_sizes={{{name}:...}}"
        ]
    return []


def _listed(names: Sequence[str]) -> str:
    shown, rest = names[:_LISTED], len(names) - _LISTED
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")
