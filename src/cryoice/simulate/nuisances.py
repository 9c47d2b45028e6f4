"""What people's files hold besides the specimen: faults of cameras, traces of programs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from jaxtyping import Bool, Float32

from cryoice.simulate import camera_faults, processing
from cryoice.simulate.priors import interval, parse, share


class _Fault(Protocol):
    """Does one thing to a picture, which it may overwrite."""

    def __call__(
        self,
        array: Float32[np.ndarray, "h w"],
        strength: float,
        *,
        pixel_size: float,
        rng: np.random.Generator,
    ) -> Float32[np.ndarray, "h w"]: ...


def _negative(
    array: Float32[np.ndarray, "h w"], strength: float, *, pixel_size: float, rng: np.random.Generator
) -> Float32[np.ndarray, "h w"]:
    return np.negative(array, out=array)


_FAULTS: dict[str, _Fault] = {
    "vignette": camera_faults.vignette,
    "beam_edge": camera_faults.beam_edge,
    "gain_stripes": camera_faults.gain_stripes,
    "middle_line": camera_faults.middle_line,
    "hot_pixels": camera_faults.hot_pixels,
    "dead_lines": camera_faults.dead_lines,
    "flatten": processing.flatten_background,
    "low_pass": processing.low_pass,
    "clip": processing.clip,
    "invert": _negative,
    "edge_bands": processing.band_edges,
    "grey_levels": processing.quantise,
    "jpeg": processing.compress,
    "rescale": processing.rescale,
}
"""By name of their settings, in the order in which they happen to a picture."""
_LOSSES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "beam_edge": lambda before, after: np.abs(after) < 0.5 * np.abs(before),
    "edge_bands": lambda before, after: before != after,
}
"""Faults that leave nothing of some pixels, and which those are by the picture before and after."""


@dataclass(frozen=True)
class Nuisance:
    """Prior of one nuisance: share of the micrographs with it; its strength, even in the logarithm."""

    share: float = share()
    strength: tuple[float, float] = interval(1e-9, 1e9)


def _within(low: float, high: float) -> Any:
    """Field that holds a `Nuisance` whose strength lies from ``low`` to ``high``."""
    return field(metadata={"check": _nuisance_check(low, high)})


def _nuisance_check(low: float, high: float) -> Callable[[str, Any], Nuisance]:
    check = {"share": share(), "strength": interval(low, high)}

    def checked(key: str, values: Any) -> Nuisance:
        found = parse(Nuisance, values, key=key)
        check["strength"].metadata["check"](f"{key}.strength", found.strength)
        return found

    return checked


@dataclass(frozen=True)
class NuisanceSettings:
    """Priors of what happens to a picture; each strength in the unit that its function names.

    Attributes
    ----------
    share
        Of the micrographs that go through all this; the others are as the camera counted them.
    invert, pixel_size_missing
        Shares of these with negative contrast, and whose files do not tell the pixel size.
    """

    vignette: Nuisance = _within(1e-3, 1.0)
    beam_edge: Nuisance = _within(1e-3, 0.5)
    gain_stripes: Nuisance = _within(1e-5, 1.0)
    middle_line: Nuisance = _within(1e-3, 10.0)
    hot_pixels: Nuisance = _within(1e-9, 0.01)
    dead_lines: Nuisance = _within(1.0, 100.0)
    flatten: Nuisance = _within(10.0, 1e5)
    low_pass: Nuisance = _within(0.1, 20.0)
    clip: Nuisance = _within(0.5, 100.0)
    edge_bands: Nuisance = _within(1.0, 1000.0)
    grey_levels: Nuisance = _within(2.0, 256.0)
    jpeg: Nuisance = _within(1.0, 100.0)
    rescale: Nuisance = _within(0.01, 1e5)
    invert: float = share()
    pixel_size_missing: float = share()
    share: float = share()


def spoil(
    array: Float32[np.ndarray, "h w"],
    *,
    settings: NuisanceSettings,
    pixel_size: float,
    rng: np.random.Generator,
) -> tuple[Float32[np.ndarray, "h w"], Bool[np.ndarray, "h w"], dict[str, Any]]:
    """Do to a picture what happens to people's; return it, where nothing is left of it, and what was done.

    ``array`` may be overwritten. Each nuisance has random numbers of its own, so that which ones a
    micrograph has and how strong they are does not depend on its size.
    """
    spoiled, unknown = rng.random(2) < (settings.share, settings.pixel_size_missing)
    done: dict[str, float] = {}
    lost = np.zeros(array.shape, dtype=bool)
    for (name, fault), own in zip(_FAULTS.items(), rng.spawn(len(_FAULTS)), strict=True):
        prior = getattr(settings, name)
        if name == "invert":
            prior = Nuisance(share=prior, strength=(1.0, 1.0))
        present, strength = own.random() < prior.share, float(np.exp(own.uniform(*np.log(prior.strength))))
        if spoiled and present:
            before = array.copy() if name in _LOSSES else array
            array = fault(array, strength, pixel_size=pixel_size, rng=own)
            if name in _LOSSES:
                lost |= _LOSSES[name](before, array)
            done[name] = strength
    return array, lost, {"nuisances": done, "pixel_size_known": not (spoiled and unknown)}
