"""The facts of a surveyed entry in words, for people."""

from cryoice.constants import ICE_IH_SPACINGS
from cryoice.files.frames import FRAMES
from cryoice.files.survey import EntrySurvey

_ICE_RING = ICE_IH_SPACINGS[2]  # Å, {101}: the ring of hexagonal ice that no cubic ice shares
_SHOWN = 2  # sizes that fit into one line


def entry_facts(survey: EntrySurvey, *, frame: str) -> list[tuple[str, str]]:
    """Rows of (what, value) that describe an entry, each short enough for 80 columns.

    Parameters
    ----------
    survey
        From `survey_entry`.
    frame
        The frame in force, one of FRAMES.
    """
    unusable = f"{len(survey.missing)} without pick files, {len(survey.problems)} unusable"
    return [
        ("micrographs", f"{len(survey.entry.micrographs)} ({unusable})"),
        ("size, px", _sizes(survey)),
        ("picks", f"{survey.good} GOOD, {survey.bad} BAD"),
        ("left out", f"{survey.invalid} invalid, {survey.outside[frame]} off the micrograph"),
        ("pixel size", _pixel_size(survey)),
        ("particle", _particle(survey)),
        ("frame", f"{frame} ({survey.probe.micrographs} micrographs probed)"),
        ("contrast z", "  ".join(f"{name} {survey.probe.z[name]:.1f}" for name in FRAMES)),
        (f"ice at {_ICE_RING:.2f} Å", _ice_ring(survey)),
    ]


def _sizes(survey: EntrySurvey) -> str:
    shown = [f"{width} x {height} ({count})" for (height, width), count in survey.shapes.items()]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return (", ".join(shown[:_SHOWN]) or "unknown") + more


def _pixel_size(survey: EntrySurvey) -> str:
    if survey.pixel_size is None:
        return "unknown"
    if survey.pixel_size == survey.header_pixel_size:
        return f"{survey.pixel_size:g} Å/px (header)"
    header = "says nothing" if survey.header_pixel_size is None else f"says {survey.header_pixel_size:g}"
    return f"{survey.pixel_size:g} Å/px (given; the header {header})"


def _particle(survey: EntrySurvey) -> str:
    if survey.diameter is None:
        return "diameter unknown"
    if survey.pixel_size is None:
        return f"{survey.diameter:g} px"
    return f"{survey.diameter:g} px = {survey.diameter * survey.pixel_size:.0f} Å"


def _ice_ring(survey: EntrySurvey) -> str:
    if survey.entry.lite:
        return "not visible: 8-bit pictures keep no such detail"
    if survey.pixel_size is None:
        return "unknown"
    nyquist = 2 * survey.pixel_size
    if nyquist > _ICE_RING:
        return f"not visible: Nyquist is {nyquist:.2f} Å"
    return f"visible: Nyquist is {nyquist:.2f} Å"
