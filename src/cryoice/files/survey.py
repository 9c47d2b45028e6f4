"""What lies on disk in one entry: every header, every pick, and the orientation probe on a part."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.files.cryoppp import Entry, EntryMicrograph
from cryoice.files.frames import FRAMES, inside, to_positions
from cryoice.files.micrograph import read_header, read_micrograph
from cryoice.files.orientation import FrameProbe, probe_frames
from cryoice.files.picks import Picks, read_picks

Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""Passes a sequence through and shows how far it has come under the given words."""

_PROBED = 12  # micrographs read for the probe: enough for z > 20 on particles one can see
_SAME_PIXEL_SIZE = 0.01  # relative; calibrations differ by less, binning by more


@dataclass(frozen=True)
class EntrySurvey:
    """Facts about one entry, before any judgement.

    Attributes
    ----------
    micrographs
        Readable micrographs with at least one valid pick.
    problems
        Name and reason of each micrograph that cannot be used.
    missing
        Names of readable micrographs without a pick file.
    empty
        Names of readable micrographs whose pick files hold no valid pick.
    shapes
        How many readable micrographs have each (height, width).
    good, bad, invalid
        Valid picks by label, and rows that are no position.
    outside
        By frame: valid picks that fall off their micrograph.
    header_pixel_size
        What most headers say, Å/px; None when none says anything.
    pixel_size
        The given one, else the headers', Å/px; None when unknown.
    diameter
        Median over the micrographs, px; None when no file tells.
    probe
        The orientation probe.
    """

    entry: Entry
    micrographs: tuple[EntryMicrograph, ...]
    problems: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    empty: tuple[str, ...]
    shapes: dict[tuple[int, int], int]
    good: int
    bad: int
    invalid: int
    outside: dict[str, int]
    header_pixel_size: float | None
    pixel_size: float | None
    diameter: float | None
    probe: FrameProbe


@dataclass(frozen=True)
class _Seen:
    micrograph: EntryMicrograph
    shape: tuple[int, int]
    pixel_size: float | None
    picks: Picks


def survey_entry(entry: Entry, *, pixel_size: float | None, track: Track) -> EntrySurvey:
    """Read all headers and picks of an entry, and the pixels of up to 12 micrographs.

    A micrograph that cannot be used is named in ``problems``; the rest go on.

    Parameters
    ----------
    entry
        From `find_entries`.
    pixel_size
        Å/px that overrides the headers; None believes them.
    track
        Shows progress.

    Raises
    ------
    InputError
        The given pixel size is not above 0.
    """
    if pixel_size is not None and not pixel_size > 0:
        raise InputError(f"{entry.name}: pixel size {pixel_size:g} Å/px is impossible; give one above 0")
    problems: dict[str, str] = {}
    seen = list(_read_all(entry, problems, track))
    common = _common_pixel_size(seen)
    if pixel_size is None:
        seen = [item for item in seen if not _is_odd(item, common, problems)]
    probe = probe_frames(_samples(_spread(seen), problems, track))
    seen = [item for item in seen if item.micrograph.name not in problems]
    return _summary(
        entry,
        seen,
        problems=problems,
        header_pixel_size=common,
        pixel_size=pixel_size if pixel_size is not None else common,
        probe=probe,
    )


def _read_all(entry: Entry, problems: dict[str, str], track: Track) -> Iterator[_Seen]:
    for micrograph in track(entry.micrographs, f"{entry.name}: headers and picks"):
        try:
            shape, pixel_size = read_header(micrograph.path)
            yield _Seen(micrograph, shape, pixel_size, read_picks(micrograph))
        except InputError as error:
            problems[micrograph.name] = str(error)


def _common_pixel_size(seen: list[_Seen]) -> float | None:
    sizes = Counter(item.pixel_size for item in seen if item.pixel_size is not None)
    return sizes.most_common(1)[0][0] if sizes else None


def _is_odd(item: _Seen, common: float | None, problems: dict[str, str]) -> bool:
    size = item.pixel_size
    if size is None or common is None or abs(size / common - 1) <= _SAME_PIXEL_SIZE:
        return False
    problems[item.micrograph.name] = (
        f"{item.micrograph.path}: its header says {size:g} Å/px, most of the entry {common:g}; "
        "move it to an entry of its own or set the pixel size of the entry"
    )
    return True


def _spread(seen: list[_Seen]) -> list[_Seen]:
    """Evenly spaced over the names, of those with GOOD picks, else of those with any."""
    good = [item for item in seen if (item.picks.label == GOOD).any()]
    useful = good or [item for item in seen if len(item.picks.x)]
    chosen = np.linspace(0, len(useful) - 1, min(_PROBED, len(useful))).round().astype(int)
    return [useful[index] for index in chosen]


def _samples(
    seen: list[_Seen], problems: dict[str, str], track: Track
) -> Iterator[tuple[Float[np.ndarray, "_ _"], Picks]]:
    for item in track(seen, "orientation probe"):
        try:
            yield read_micrograph(item.micrograph.path).array, item.picks
        except InputError as error:
            problems[item.micrograph.name] = str(error)


def _summary(
    entry: Entry,
    seen: list[_Seen],
    *,
    problems: dict[str, str],
    header_pixel_size: float | None,
    pixel_size: float | None,
    probe: FrameProbe,
) -> EntrySurvey:
    diameters = [item.picks.diameter for item in seen if item.picks.diameter is not None]
    without = [item.micrograph for item in seen if not len(item.picks.x)]
    return EntrySurvey(
        entry=entry,
        micrographs=tuple(item.micrograph for item in seen if len(item.picks.x)),
        problems=tuple(sorted(problems.items())),
        missing=tuple(item.name for item in without if item.good is None and item.bad is None),
        empty=tuple(item.name for item in without if item.good is not None or item.bad is not None),
        shapes=dict(Counter(item.shape for item in seen)),
        good=sum(int(np.count_nonzero(item.picks.label == GOOD)) for item in seen),
        bad=sum(int(np.count_nonzero(item.picks.label == BAD)) for item in seen),
        invalid=sum(item.picks.invalid for item in seen),
        outside={frame: sum(_outside(item, frame) for item in seen) for frame in FRAMES},
        header_pixel_size=header_pixel_size,
        pixel_size=pixel_size,
        diameter=float(np.median(diameters)) if diameters else None,
        probe=probe,
    )


def _outside(item: _Seen, frame: str) -> int:
    positions = to_positions(item.picks.x, item.picks.y, shape=item.shape, frame=frame)
    return int(np.count_nonzero(~inside(positions, item.shape)))
