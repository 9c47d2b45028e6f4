"""How a mask is cut out of a score map, checked."""

import math
from dataclasses import dataclass

from cryoice.constants import CLASSES
from cryoice.errors import InputError

ARTIFACTS = CLASSES[1:]
"""Classes that a mask may show."""

MAX_BAD = 0.3
"""Share of artifacts in the area up to which a micrograph is called good: two thirds of it can be used."""

_LOW = 0.6
_UNSURE = 0.4


@dataclass(frozen=True)
class RegionSettings:
    """How a mask is cut out of a score map.

    Attributes
    ----------
    threshold
        Probability of any artifact above which a region starts; between 0 and 1.
    low
        Probability down to which it grows from there; None is 0.6 of the threshold.
    min_area
        Å²; smaller regions are dropped. The default is a disc of 80 Å, the smallest contaminants.
    margin
        Å added around every region, to the nearest pixel of the map.
    max_hole
        Å²; clean holes up to it are filled. The default is a disc of 160 Å, in which hardly a
        particle finds room.
    classes
        Those of `ARTIFACTS` that are kept; None keeps all.
    unsure
        Where the probability of any artifact is less than this away from the threshold, a pixel is
        neither surely clean nor surely an artifact; 0 to the nearer of threshold and 1 - threshold, of
        which None is 0.4 times (0.3 to 0.7 around 0.5).

    Raises
    ------
    InputError
        A value is out of its range; names the flag.
    """

    threshold: float = 0.5
    low: float | None = None
    min_area: float = 5000.0
    margin: float = 0.0
    max_hole: float = 20000.0
    classes: tuple[str, ...] | None = None
    unsure: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise InputError(f"--threshold: {self.threshold:g} must be between 0 and 1, such as 0.5")
        if not 0 <= self.growth_limit <= self.threshold:
            raise InputError(f"--low: {self.growth_limit:g} must be between 0 and the threshold")
        for flag, value in (
            ("--min-area", self.min_area),
            ("--margin", self.margin),
            ("--max-hole", self.max_hole),
        ):
            if not 0 <= value < math.inf:
                raise InputError(f"{flag}: {value:g} must be 0 or more")
        if self.classes is not None and not (self.classes and set(self.classes) <= set(ARTIFACTS)):
            given = ",".join(self.classes) or "nothing"
            raise InputError(f"--classes: {given} must be of {', '.join(ARTIFACTS)}")
        if self.unsure is not None and not 0 <= self.unsure <= self._room:
            raise InputError(
                f"--unsure: {self.unsure:g} must be from 0 to {self._room:g}, so that the band around the "
                f"threshold of {self.threshold:g} ends at 0 and 1"
            )

    @property
    def growth_limit(self) -> float:
        """Probability down to which a region grows."""
        return _LOW * self.threshold if self.low is None else self.low

    @property
    def band(self) -> tuple[float, float]:
        """Probabilities between which a pixel is unsure."""
        half = _UNSURE * self._room if self.unsure is None else self.unsure
        return self.threshold - half, self.threshold + half

    @property
    def _room(self) -> float:
        return round(min(self.threshold, 1 - self.threshold), 9)
