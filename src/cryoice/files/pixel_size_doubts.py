"""Which pixel size holds for a micrograph, and what is doubtful about it."""

from collections import Counter
from collections.abc import Iterable, Mapping

_SAME = 0.01  # relative; calibrations differ by less, binning by more
_USUAL = (0.1, 20.0)  # Å/px, from super-resolution at the highest magnification to an atlas
_DEFAULT = 1.0  # Å/px, what programs write that were told none


def doubt_of(pixel_size: float, *, source: str) -> str | None:
    """Say what is doubtful about a pixel size (Å/px) that ``source`` tells, None when nothing is."""
    low, high = _USUAL
    if not low <= pixel_size <= high:
        return f"{source} says {pixel_size:.4g} Å/px, outside {low:g}-{high:g}; check the unit"
    if pixel_size == _DEFAULT:
        return f"{source} says exactly 1 Å/px, as if nobody had set it; give --angpix if it is another"
    return None


def disagreement(other: float, used: float, *, source: str) -> str | None:
    """Say that ``source`` tells another pixel size (Å/px) than the one in use, None within 1 %."""
    if abs(other / used - 1) <= _SAME:
        return None
    return f"{source} says {other:.4g} Å/px, but {used:.4g} was given and is used"


def group_disagreement(sizes: Mapping[str, float]) -> str | None:
    """Say that optics groups differ in pixel size (Å/px); None within 1 %."""
    if not sizes or max(sizes.values()) <= (1 + _SAME) * min(sizes.values()):
        return None
    listed = ", ".join(f"{group}: {size:.4g}" for group, size in sizes.items())
    return f"the optics groups differ in Å/px ({listed}); each micrograph gets its own group's"


def unknown_group(group: str) -> str:
    """Say that the list's optics table tells no pixel size of a group that is in use."""
    return f"no pixel size of optics group {group} in data_optics, so that of the header is used"


def counted(doubts: Iterable[str]) -> tuple[str, ...]:
    """Put equal doubts into one line that tells how many micrographs they concern."""
    return tuple(
        f"{doubt} ({count} micrograph{'s' if count > 1 else ''})" for doubt, count in Counter(doubts).items()
    )
