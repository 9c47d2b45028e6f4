"""Ice contaminants: drops and crystals of ice that lie on the film."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cryoice.simulate import priors
from cryoice.simulate.blobs import FACETED, draw_blob, draw_shape
from cryoice.simulate.grid import Window, smooth_field
from cryoice.simulate.lattice import ZONES, add_lattice
from cryoice.simulate.materials import ICE, add_material
from cryoice.simulate.scene import Scene
from cryoice.simulate.solids import Thickness
from cryoice.simulate.specimen import CONTAMINATION, Specimen
from cryoice.simulate.streams import log_uniform


@dataclass(frozen=True)
class ContaminantSettings:
    """Priors of the ice contaminants.

    Attributes
    ----------
    share
        Of the micrographs.
    number, size
        Usual ones per micrograph (log-uniform); Å across, those of a micrograph alike.
    large_share, large_size
        Of these micrographs, with one large blob more; Å across (log-uniform).
    crystalline, extinction
        Share of the blobs without facets that are crystals; optical depth of a crystal over that
        of as much vitreous ice (log-uniform).
    fringe_contrast
        Relative amplitude of lattice fringes in the larger crystals (log-uniform).
    """

    share: float = priors.share()
    number: tuple[int, int] = priors.counts(1)
    size: tuple[float, float] = priors.interval(30.0, 20000.0)
    large_share: float = priors.share()
    large_size: tuple[float, float] = priors.interval(30.0, 20000.0)
    crystalline: float = priors.share()
    extinction: tuple[float, float] = priors.interval(1.0, 100.0)
    fringe_contrast: tuple[float, float] = priors.interval(0.0001, 0.5)


_SMALLNESS = 2.0
"""Exponent of the log-uniform size that is typical of a micrograph: above 1, small ones are commoner."""
_SPREAD = 0.45
"""Spread of the logarithm of the sizes within a micrograph: most lie within a factor of 1.6."""
_OUTSIDE = 0.25
"""Of a blob's size by which its centre may lie beyond the micrograph: some of it still shows."""
_LARGE = 400.0
"""Å across from which a blob is uneven inside and a crystal may show stripes and lattice fringes."""
_EXTINCTION_DISTANCE = (500.0, 2000.0)
"""Å of ice at 300 kV: π·130 Å³/(0.0197 Å·F) is 1600 Å for {100} (F = 13 Å), more beams shorten it."""
_UNEVEN = 0.12
"""Relative rms of the thickness of large blobs."""


def add_contaminants(
    specimen: Specimen, *, settings: ContaminantSettings, scene: Scene, rng: np.random.Generator
) -> None:
    """Put ice blobs on the film: `CONTAMINATION` wherever their thickness is above zero."""
    for size in _draw_sizes(settings, rng):
        centre = rng.uniform(-_OUTSIDE * size, np.add(specimen.grid.extent, _OUTSIDE * size))
        record = _add_blob(specimen, centre, size, settings=settings, scene=scene, rng=rng)
        specimen.parameters.setdefault("contaminants", []).append(record)


def _draw_sizes(settings: ContaminantSettings, rng: np.random.Generator) -> list[float]:
    """Sizes in Å: many alike, small ones commoner, and now and then a large one."""
    low, high = settings.number
    number = min(int(np.exp(rng.uniform(np.log(low), np.log(high + 1)))), high)
    low_log, high_log = np.log(settings.size)
    typical = low_log + (high_log - low_log) * rng.random() ** _SMALLNESS
    sizes = np.exp(np.clip(typical + _SPREAD * rng.standard_normal(number), low_log, high_log))
    large, size = rng.random(), log_uniform(settings.large_size, rng)
    return [*sizes.tolist(), size] if large < settings.large_share else sizes.tolist()


def _add_blob(
    specimen: Specimen,
    centre: Float[np.ndarray, "2"],
    size: float,
    *,
    settings: ContaminantSettings,
    scene: Scene,
    rng: np.random.Generator,
) -> dict[str, object]:
    """Add one blob and return what was drawn."""
    shape = draw_shape(rng)
    blob = draw_blob(shape, centre, size, rng)
    window, thickness = blob.thickness(specimen.grid)
    if size > _LARGE:
        uneven = smooth_field(specimen.grid, float(rng.uniform(0.08, 0.25) * size), rng, window)
        thickness *= np.maximum(1 + np.float32(_UNEVEN) * uneven, np.float32(0.5))
    thickness *= specimen.holds(window)
    add_material(specimen, thickness, ICE, scene=scene, window=window)
    specimen.mask[window][thickness > 0] = CONTAMINATION
    crystalline = bool(rng.random() < settings.crystalline) or shape in FACETED
    extinction = log_uniform(settings.extinction, rng) if crystalline else 1.0
    striped, fringed = (crystalline and size > _LARGE and bool(rng.random() < 0.6) for _ in range(2))
    diffracted = np.float32((extinction - 1) / scene.mean_free_path) * thickness
    if striped:
        diffracted *= _bands(specimen, window, thickness, size=size, rng=rng)
    specimen.absorption[window] += diffracted
    if fringed:
        contrast = log_uniform(settings.fringe_contrast, rng)
        weight = np.minimum(thickness * np.float32(1 / blob.height), 1)
        zone, angle = str(rng.choice(list(ZONES))), float(rng.uniform(0, np.pi))
        add_lattice(
            specimen, window, weight, zone=zone, angle=angle, contrast=contrast, optics=scene.optics, rng=rng
        )
    record = {"centre": centre.tolist(), "size": size, "shape": shape, "height": blob.height}
    return record | {"extinction": extinction, "striped": striped, "fringed": fringed}


def _bands(
    specimen: Specimen, window: Window, thickness: Thickness, *, size: float, rng: np.random.Generator
) -> Thickness:
    """Extinction bands of a bent crystal, 0 to 2 with mean 1.

    The diffracted share goes as sin²(πt/ξ): bands follow the thickness t, ξ apart, and the bend
    shifts them (two-beam case; Reimer & Kohl, doi:10.1007/978-0-387-40093-8).
    """
    distance = np.float32(log_uniform(_EXTINCTION_DISTANCE, rng))
    bend = smooth_field(specimen.grid, float(rng.uniform(0.12, 0.4) * size), rng, window)
    bend *= np.float32(rng.uniform(0.2, 0.8))
    phase = np.float32(2 * np.pi) * (thickness / distance + bend)
    return 1 - np.cos(phase)
