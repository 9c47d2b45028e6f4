"""Crystalline film: domains of grains that show fringes and send electrons aside."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.diffraction import send_aside
from cryoice.simulate.grid import WHOLE, Grid, Window
from cryoice.simulate.interpolation import interpolated
from cryoice.simulate.lattice import CRYSTALS
from cryoice.simulate.materials import ICE, add_material
from cryoice.simulate.mottle import Mottle, stripe
from cryoice.simulate.orientations import TEXTURES, Orientations, add_fringes
from cryoice.simulate.outlines import wavy_radius
from cryoice.simulate.powder import Powder, add_powder
from cryoice.simulate.priors import counts, interval, number, share
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import CRYSTALLINE, Specimen
from cryoice.simulate.streams import log_uniform


@dataclass(frozen=True)
class CrystallineSettings:
    """Priors of the crystalline film; all but domains and shares are log-uniform.

    Attributes
    ----------
    share, whole_share
        Of the micrographs; of these, filled by one domain.
    domains, size, edge
        Domains of the others; Å across; Å over which their border fades.
    crystallinity, change
        Share of the film that froze to crystals; relative change of its thickness.
    grain, mosaicity
        Å across a grain; rad rms between the grains of a single crystal.
    fringe_contrast, powder_share, ring_contrast, crystallite
        Relative amplitude of the fringes; share of domains that are powder; its contrast as in
        `Powder`; Å across its crystallites.
    mottle, bend, softness
        Largest share of electrons sent aside; Å (σ) over which the lattice bends, grains fade.
    moire_share, moire
        Share of the grains with moiré stripes; Å between these.
    aperture_share
        Of the micrographs: the objective aperture stops all diffracted beams.
    """

    share: float = share()
    whole_share: float = number(0.0, 1.0)
    domains: tuple[int, int] = counts(1)
    size: tuple[float, float] = interval(100.0, 20000.0)
    edge: tuple[float, float] = interval(16.0, 2000.0)
    crystallinity: tuple[float, float] = interval(0.05, 1.0)
    change: tuple[float, float] = interval(0.5, 2.0)
    grain: tuple[float, float] = interval(100.0, 20000.0)
    mosaicity: tuple[float, float] = interval(0.001, 1.0)
    fringe_contrast: tuple[float, float] = interval(0.0001, 0.5)
    powder_share: float = number(0.0, 1.0)
    ring_contrast: tuple[float, float] = interval(0.0001, 0.5)
    crystallite: tuple[float, float] = interval(10.0, 300.0)
    mottle: tuple[float, float] = interval(0.001, 0.9)
    bend: tuple[float, float] = interval(32.0, 5000.0)
    softness: tuple[float, float] = interval(1.0, 200.0)
    moire_share: float = number(0.0, 1.0)
    moire: tuple[float, float] = interval(16.0, 500.0)
    aperture_share: float = number(0.0, 1.0)


_LOG_UNIFORM = (
    *("size", "edge", "crystallinity", "change", "grain", "mosaicity"),
    *("fringe_contrast", "ring_contrast", "crystallite", "mottle", "bend", "softness", "moire"),
)
_WIDTH, _HIGHEST = (0.15, 0.7), 2.4
"""In rms tilts: within which Bragg's condition is met, and the largest tilt at which it is."""
_APART = 2.2
"""Least tilt of a bend contour over its width: its electrons go one way, those of its pair the other."""
_WAVINESS, _REACH = 0.25, 0.75
"""Of a domain's outline; share of its size within which it lies whatever its waves."""


def add_crystalline(
    specimen: Specimen, *, settings: CrystallineSettings, scene: Scene, rng: np.random.Generator
) -> None:
    """Turn the film, or parts of it, crystalline."""
    stopped, whole = (bool(rng.random() < part) for part in (settings.aperture_share, settings.whole_share))
    domains = 1 if whole else int(rng.integers(settings.domains[0], settings.domains[1] + 1))
    for own in rng.spawn(domains):
        record = _draw_domain(specimen.grid.extent, settings, own) | {"whole": whole, "aperture": stopped}
        _add_domain(specimen, record, moire_share=settings.moire_share, scene=scene, rng=own)
        specimen.parameters.setdefault("crystalline", []).append(record)


def _draw_domain(
    extent: tuple[float, float], settings: CrystallineSettings, rng: np.random.Generator
) -> dict[str, Any]:
    record: dict[str, Any] = {name: log_uniform(getattr(settings, name), rng) for name in _LOG_UNIFORM}
    record |= {"centre": rng.uniform((0, 0), extent).tolist(), "lattice": str(rng.choice(list(CRYSTALS)))}
    record |= {"texture": str(rng.choice(TEXTURES)), "powder": bool(rng.random() < settings.powder_share)}
    width = float(rng.uniform(*_WIDTH))
    record |= {"width": width, "level": float(rng.uniform(_APART * width, _HIGHEST))}
    return record | {"steps": float(rng.random())}


def _add_domain(
    specimen: Specimen, record: dict[str, Any], *, moire_share: float, scene: Scene, rng: np.random.Generator
) -> None:
    """Freeze one domain; numbers that a fine grid alone needs are drawn last."""
    grid = specimen.grid
    shape = {name: record[name] for name in ("grain", "bend", "steps", "softness", "level", "width")}
    mottle = Mottle.draw(grid, **shape, depth=record["mottle"], rng=rng)
    texture = {name: record[name] for name in ("lattice", "texture", "mosaicity")}
    orientations = Orientations.draw(mottle.grains, **texture, rng=rng)
    record |= {"zones": sorted(set(orientations.zones)), "angle": float(orientations.angles[0])}
    outline = _outline(mottle.raster, record, rng)
    radius = 2 * max(grid.extent) if record["whole"] else _REACH * record["size"]
    window = grid.window(np.array(record["centre"]), radius)
    weight = interpolated(outline, mottle.raster, grid, window)
    specimen.mask[window][weight > 0] = CRYSTALLINE
    _freeze(specimen, window, weight, record, scene=scene)
    aside = interpolated(mottle.share, mottle.raster, grid, window)
    aside *= weight
    stripe(aside, mottle, window, period=record["moire"], share=moire_share, rng=rng)
    specimen.absorption[window] -= np.log1p(-aside)
    if record["aperture"]:
        return
    send_aside(specimen, window, aside, mottle, orientations.beam)
    optics = scene.optics
    if record["powder"]:
        crystal, size = CRYSTALS[record["lattice"]], record["crystallite"]
        powder = Powder(crystal, size=size, contrast=record["ring_contrast"])
        add_powder(specimen, window, weight, powder, optics=optics, rng=rng)
    else:
        contrast = record["fringe_contrast"]
        add_fringes(specimen, window, weight, mottle, orientations, contrast=contrast, optics=optics, rng=rng)


def _outline(raster: Grid, record: dict[str, Any], rng: np.random.Generator) -> Float32[np.ndarray, "h w"]:
    """Crystallinity from 1 inside to 0 at the domain's border."""
    if record["whole"]:
        return np.ones(raster.shape, dtype=np.float32)
    radius, centre = 0.5 * record["size"], np.array(record["centre"])
    inside = wavy_radius(raster, WHOLE, centre, radius=radius, waviness=_WAVINESS, rng=rng)
    return np.clip((1 - inside) * np.float32(max(radius / record["edge"], 1)), 0, 1)


def _freeze(
    specimen: Specimen,
    window: Window,
    weight: Float32[np.ndarray, "rows columns"],
    record: dict[str, Any],
    *,
    scene: Scene,
) -> None:
    """Let part of the film lose its disorder and change its thickness."""
    frozen = specimen.ice[window] * weight
    frozen *= np.float32(record["crystallinity"])
    specimen.ice[window] -= frozen
    frozen *= np.float32(record["change"])
    add_material(specimen, frozen, ICE, scene=scene, window=window)
