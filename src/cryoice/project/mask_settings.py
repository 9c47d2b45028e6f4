"""What a batch of masks is made with, and what its list tells of the microscope."""

import math
from dataclasses import dataclass, field

from cryoice.errors import InputError
from cryoice.mask.region_settings import ARTIFACTS, MAX_BAD, RegionSettings

_VOLTAGE, _ABERRATION, _CONTRAST = 300.0, 2.7, 0.1


@dataclass(frozen=True)
class MaskSettings:
    """What decides outputs and verdict of a micrograph beside its pixels, their size and the network.

    Attributes
    ----------
    regions
        How masks are cut out of score maps.
    max_bad
        Share of artifacts in the area above which the verdict is ``bad``; 0 to 1. Decides nothing else.
    full_size
        Write masks at the micrographs' own shape.
    overlay
        Draw masks over micrographs.

    Raises
    ------
    InputError
        A value is out of its range; names the flag.
    """

    regions: RegionSettings = field(default_factory=RegionSettings)
    max_bad: float = MAX_BAD
    full_size: bool = False
    overlay: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.max_bad <= 1:
            raise InputError(f"--max-bad: {self.max_bad:g} is no share of the area; give 0 to 1")

    def require_told_by(self, network: tuple[str, ...]) -> None:
        """Check that a network of these classes tells those that are wanted.

        Raises
        ------
        InputError
            It does not.
        """
        told = [name if name in ARTIFACTS else "other" for name in network[1:]]
        for name in self.regions.classes or ():
            if name not in told:
                raise InputError(
                    f"--classes: the network tells {', '.join(network)} and no {name}; leave it out"
                )


@dataclass(frozen=True)
class Microscope:
    """What RELION wants to know of the optics and no image file tells.

    Attributes
    ----------
    voltage
        kV; None, as below, is what RELION's import takes by default.
    aberration
        Spherical, mm.
    contrast
        Share of the amplitudes in it.

    Raises
    ------
    InputError
        A value is out of its range; names the flag.
    """

    voltage: float | None = None
    aberration: float | None = None
    contrast: float | None = None

    def __post_init__(self) -> None:
        voltage, aberration, contrast = self.values
        if not 0 < voltage < math.inf:
            raise InputError(f"--kV: {voltage:g} is no voltage; give kV above 0")
        if not 0 <= aberration < math.inf:
            raise InputError(f"--Cs: {aberration:g} is no spherical aberration; give mm, 0 or more")
        if not 0 <= contrast <= 1:
            raise InputError(f"--Q0: {contrast:g} is no share; give 0 to 1")

    @property
    def values(self) -> tuple[float, float, float]:
        """Voltage, aberration and contrast, given or not."""
        return (
            _VOLTAGE if self.voltage is None else self.voltage,
            _ABERRATION if self.aberration is None else self.aberration,
            _CONTRAST if self.contrast is None else self.contrast,
        )

    @property
    def missing(self) -> dict[str, float]:
        """Values that are taken though nobody gave them, by flag."""
        given = (self.voltage, self.aberration, self.contrast)
        flags = zip(("--kV", "--Cs", "--Q0"), given, self.values, strict=True)
        return {flag: value for flag, own, value in flags if own is None}
