"""Cracks and folds of the film."""

from dataclasses import dataclass

import numpy as np

from cryoice.simulate.edges import edge_width, hump
from cryoice.simulate.holes import tear
from cryoice.simulate.materials import ICE
from cryoice.simulate.priors import counts, interval, number, share
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import OTHER, Specimen
from cryoice.simulate.streams import log_uniform
from cryoice.simulate.strokes import beyond_strokes, branching

_SHARPEST = 6.0
"""Å over which the film ends at the sharpest."""


@dataclass(frozen=True)
class CrackSettings:
    """Priors of cracks and folds.

    Attributes
    ----------
    share, folds
        Of the micrographs; of the lines that are folds, not cracks.
    number, branches
        Lines per micrograph; branches of each.
    length, width, fold_width
        Å, log-uniform; where a crack or fold is widest.
    rim, rim_width
        Thickness that the curled rim of a crack adds, or a fold beyond doubling the film, relative to
        the film's; Å.
    """

    share: float = share()
    folds: float = number(0.0, 1.0)
    number: tuple[int, int] = counts(1)
    branches: tuple[int, int] = counts(0)
    length: tuple[float, float] = interval(50.0, 100000.0)
    width: tuple[float, float] = interval(2.0, 5000.0)
    fold_width: tuple[float, float] = interval(2.0, 1000.0)
    rim: tuple[float, float] = interval(0.0, 5.0)
    rim_width: tuple[float, float] = interval(5.0, 1000.0)


def add_cracks(
    specimen: Specimen, *, settings: CrackSettings, scene: Scene, rng: np.random.Generator
) -> None:
    """Tear the film along jagged lines, its rims curled up, or fold it."""
    lines = int(rng.integers(settings.number[0], settings.number[1] + 1))
    specimen.parameters["cracks"] = [_add_line(specimen, settings, scene, rng) for _ in range(lines)]


def _add_line(
    specimen: Specimen, settings: CrackSettings, scene: Scene, rng: np.random.Generator
) -> dict[str, float | bool]:
    grid = specimen.grid
    fold = bool(rng.random() < settings.folds)
    width = log_uniform(settings.fold_width if fold else settings.width, rng)
    length = max(log_uniform(settings.length, rng), 4 * width)
    rim, rim_width = (float(rng.uniform(*ends)) for ends in (settings.rim, settings.rim_width))
    branches = int(rng.integers(settings.branches[0], settings.branches[1] + 1))
    start = rng.uniform(0, grid.extent)
    strokes = branching(start, length=length, width=width, branches=branches, rng=rng)
    soft = edge_width(_SHARPEST, scene.ice * (1 + rim), ICE, voltage=scene.optics.voltage, pixel=grid.pixel)
    pixels, beyond = beyond_strokes(grid, strokes, soft if fold else max(soft, rim_width))
    outside = np.clip(beyond * np.float32(1 / soft) + np.float32(0.5), 0, 1)
    if fold:
        specimen.ice[pixels] *= 1 + np.float32(1 + rim) * (1 - outside)
    else:
        tear(specimen, pixels, outside)
        specimen.ice[pixels] *= 1 + np.float32(rim) * hump(beyond, rim_width)
    touched = beyond < (0 if fold else 0.5 * rim_width)
    specimen.mask[pixels[0][touched], pixels[1][touched]] = OTHER
    return {"fold": fold, "width": width, "length": length, "branches": branches, "rim": rim}
