"""What a simulated data set is made of, checked before anything is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from cryoice.errors import InputError
from cryoice.simulate.proteins import PROTEINS

SMALLEST_SIDE = 256
"""Side in px below which a micrograph holds no particle with its surroundings."""

_RANGES = {
    "voltage": (60.0, 1200.0),
    "cs": (0.0, 10.0),
    "dose": (1.0, 500.0),
    "defocus": (0.1, 10.0),
    "amplitude_contrast": (0.0, 0.5),
    "b_factor": (0.0, 1000.0),
    "thickness": (50.0, 3000.0),
    "thickness_gradient": (0.0, 0.9),
    "roughness": (0.0, 100.0),
    "mean_free_path": (500.0, 20000.0),
    "ntf_nyquist": (0.1, 1.0),
    "sqrt_dqe": (0.01, 1.0),
    "protein_potential": (0.0, 20.0),
    "particle_density": (100.0, 50000.0),
    "debris": (0.0, 10.0),
    "pick_jitter": (0.0, 50.0),
    "bad_per_good": (0.0, 10.0),
    "crystalline_size": (100.0, 20000.0),
    "fringe_contrast": (0.0, 0.5),
    "mottle": (0.0, 0.5),
    "contaminants": (1, 200),
    "contaminant_size": (30.0, 5000.0),
    "support_thickness": (20.0, 1000.0),
    "aggregates": (1, 20),
}
_SHARES = (
    *("label_noise", "good_noise", "stray_share", "background_share"),
    *("crystalline_share", "contaminant_share", "support_share", "aggregate_share"),
)


@dataclass(frozen=True)
class SimulationSettings:
    """Every value behind a simulated data set; pairs are the ends of uniform distributions.

    Attributes
    ----------
    seed, micrographs
        Root of all random numbers; micrographs per protein.
    size, pixel_size
        Height and width in px; Å/px.
    proteins
        Names out of `cryoice.simulate.proteins.PROTEINS`; each becomes an entry.
    voltage, cs, dose
        kV, mm, e/Å².
    defocus, amplitude_contrast, b_factor
        µm (positive = underfocus); share; Å² in exp(-B s²/4).
    thickness, thickness_gradient, roughness, mean_free_path
        Å of ice; relative change across the micrograph; Å rms; Å.
    sqrt_dqe, ntf_nyquist
        √DQE at zero, half and full Nyquist; noise transfer at Nyquist (1 at zero).
    protein_potential, particle_density, stray_share, debris
        V above that of ice; particles per µm²; their density where the film is
        crystalline or contaminated, as a share; broken particles for each whole one.
    pick_jitter, bad_per_good
        Å rms of a pick's centre; BAD picks for each GOOD one.
    label_noise, good_noise, background_share
        Shares of good particles among BAD picks, of bad ones among GOOD, of empty ice among BAD.
    crystalline_share, contaminant_share, support_share, aggregate_share
        Shares of the micrographs that hold each kind of artifact.
    crystalline_size, fringe_contrast, mottle
        Å across a domain; relative amplitude of the fringes (log-uniform); depth of dark grains.
    contaminants, contaminant_size, support_thickness, aggregates
        Number; Å across; Å of carbon; number.
    """

    seed: int
    micrographs: int
    size: tuple[int, int]
    pixel_size: float
    proteins: tuple[str, ...]
    voltage: float
    cs: float
    dose: tuple[float, float]
    defocus: tuple[float, float]
    amplitude_contrast: tuple[float, float]
    b_factor: tuple[float, float]
    thickness: tuple[float, float]
    thickness_gradient: tuple[float, float]
    roughness: tuple[float, float]
    mean_free_path: float
    sqrt_dqe: tuple[float, float, float]
    ntf_nyquist: float
    protein_potential: tuple[float, float]
    particle_density: tuple[float, float]
    stray_share: float
    debris: tuple[float, float]
    pick_jitter: float
    bad_per_good: tuple[float, float]
    label_noise: float
    good_noise: float
    background_share: float
    crystalline_share: float
    crystalline_size: tuple[float, float]
    fringe_contrast: tuple[float, float]
    mottle: tuple[float, float]
    contaminant_share: float
    contaminants: tuple[int, int]
    contaminant_size: tuple[float, float]
    support_share: float
    support_thickness: tuple[float, float]
    aggregate_share: float
    aggregates: tuple[int, int]

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> "SimulationSettings":
        """Check plain configuration values.

        Raises
        ------
        InputError
            A key is missing, unknown or out of its range; the message names it.
        """
        known = [field.name for field in fields(cls)]
        for key in settings:
            if key not in known:
                raise _error(str(key), f"is unknown; use one of {', '.join(known)}")
        for key in known:
            if key not in settings:
                raise _error(key, "is missing; set it as in conf/data/synthetic.yaml")
        return cls(**{key: _parsed(key, settings[key]) for key in known})


def _error(key: str, fault: str) -> InputError:
    return InputError(f"data.simulation.{key}: {fault}")


def _parsed(key: str, value: Any) -> Any:
    if key == "proteins":
        return _names(value)
    if key == "size":
        return tuple(_whole(key, side, low=SMALLEST_SIDE) for side in _sequence(key, value, length=2))
    if key in ("seed", "micrographs"):
        return _whole(key, value, low=0 if key == "seed" else 1)
    if key == "pixel_size":
        return _number(key, value, 0.2, 10.0)
    if key in _SHARES:
        return _number(key, value, 0.0, 1.0)
    low, high = _RANGES[key]
    if key == "sqrt_dqe":
        return tuple(_number(key, weight, low, high) for weight in _sequence(key, value, length=3))
    if key in ("voltage", "cs", "mean_free_path", "ntf_nyquist", "pick_jitter"):
        return _number(key, value, low, high)
    return _ends(key, value, low, high)


def _names(value: Any) -> tuple[str, ...]:
    names = tuple(str(name) for name in _sequence("proteins", value, length=None))
    for name in names:
        if name not in PROTEINS:
            raise _error("proteins", f"{name} is unknown; choose from {', '.join(PROTEINS)}")
    if not names or len(set(names)) < len(names):
        raise _error("proteins", "must name at least one protein and none twice")
    return names


def _sequence(key: str, value: Any, *, length: int | None) -> Sequence[Any]:
    if not isinstance(value, list | tuple) or length not in (None, len(value)):
        raise _error(key, f"{value} is not a list{f' of {length} values' if length else ''}; write [a, b]")
    return value


def _whole(key: str, value: Any, *, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise _error(key, f"{value} must be a whole number of at least {low}")
    return value


def _number(key: str, value: Any, low: float, high: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not number or not low <= value <= high:
        raise _error(key, f"{value} must be a number from {low:g} to {high:g}")
    return float(value)


def _ends(key: str, value: Any, low: float, high: float) -> tuple[float, float] | tuple[int, int]:
    first, last = _sequence(key, value, length=2)
    ends = _number(key, first, low, high), _number(key, last, low, high)
    if ends[0] > ends[1]:
        raise _error(key, f"{value} must rise, lower end first")
    if isinstance(low, int):
        return _whole(key, first, low=low), _whole(key, last, low=low)
    return ends
