"""Ice contaminants: drops and crystals that lie on the film."""

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.grid import Window, smooth_field
from cryoice.simulate.ice import add_ice
from cryoice.simulate.lattice import ZONES, add_lattice
from cryoice.simulate.optics import Optics
from cryoice.simulate.outlines import faceted_radius, wavy_radius
from cryoice.simulate.settings import SimulationSettings
from cryoice.simulate.specimen import CONTAMINATION, Specimen

_LARGE = 300.0
"""Å across from which a contaminant may show stripes and lattice fringes."""
_SMALL_SKEW = 3.3
"""Exponent of the log-uniform size: above 1, small contaminants are commoner."""
_HIGHEST = 350.0
"""Å: higher contaminants hardly let an electron through and are taken for grid bars."""


def add_contaminants(
    specimen: Specimen, *, settings: SimulationSettings, optics: Optics, rng: np.random.Generator
) -> None:
    """Drop ice blobs of random size on the film; some bring smaller neighbours."""
    number = int(rng.integers(settings.contaminants[0], settings.contaminants[1] + 1))
    low, high = np.log(settings.contaminant_size)
    lumps = 1 + np.float32(rng.uniform(0.08, 0.22)) * smooth_field(specimen.grid, rng.uniform(8, 30), rng)
    for _ in range(number):
        size = float(np.exp(low + (high - low) * rng.random() ** _SMALL_SKEW))
        centre = rng.uniform((0, 0), specimen.grid.extent)
        blobs = [(centre, size)]
        for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.35 else 0):
            angle, neighbour = rng.uniform(0, 2 * np.pi), size * float(rng.uniform(0.4, 0.9))
            beside = centre + 0.4 * (size + neighbour) * np.array([np.sin(angle), np.cos(angle)])
            blobs.append((beside, max(neighbour, settings.contaminant_size[0])))
        for place, across in blobs:
            _add_blob(specimen, place, across, lumps=lumps, settings=settings, optics=optics, rng=rng)


def _add_blob(
    specimen: Specimen,
    centre: Float[np.ndarray, "2"],
    size: float,
    *,
    lumps: Float32[np.ndarray, "h w"],
    settings: SimulationSettings,
    optics: Optics,
    rng: np.random.Generator,
) -> None:
    grid, radius = specimen.grid, 0.5 * size
    window = grid.window(centre, 1.5 * radius)
    faceted = bool(rng.random() < 0.25)
    if faceted:
        inside = faceted_radius(grid, window, centre, radius=radius, facets=int(rng.integers(4, 8)), rng=rng)
        steepness = rng.uniform(1.5, 4)  # sloping sides about a flat top
    else:
        inside = wavy_radius(grid, window, centre, radius=radius, waviness=0.2, rng=rng)
        steepness = rng.uniform(1, 3)
    height = _height(size, rng)
    dome = np.sqrt(np.clip(np.float32(steepness) * (1 - inside), 0, 1))
    profile = np.float32(height) * dome * np.clip(lumps[window], 0.3, 1.7)
    add_ice(specimen, profile, settings=settings, window=window)
    specimen.mask[window][inside < 1] = CONTAMINATION
    striped = size > _LARGE and bool(rng.random() < 0.3)
    if striped:
        specimen.absorption[window] += _stripes(specimen, window, rng) * dome
    crystalline = size > _LARGE and bool(rng.random() < 0.4)
    if crystalline:
        contrast = float(np.exp(rng.uniform(*np.log(settings.fringe_contrast))))
        zone, angle = str(rng.choice(list(ZONES))), float(rng.uniform(0, np.pi))
        add_lattice(specimen, window, dome, zone=zone, angle=angle, contrast=contrast, optics=optics, rng=rng)
    record = {"centre": centre.tolist(), "size": size, "height": height}
    record |= {"faceted": faceted, "striped": striped, "crystalline": crystalline}
    specimen.parameters.setdefault("contaminants", []).append(record)


def _height(size: float, rng: np.random.Generator) -> float:
    """Height in Å; a third of the blobs are flat and hardly darker than a particle."""
    share = rng.uniform(0.08, 0.2) if rng.random() < 0.4 else rng.uniform(0.2, 0.5)
    return float(min(share * size, _HIGHEST))


def _stripes(
    specimen: Specimen, window: Window, rng: np.random.Generator
) -> Float32[np.ndarray, "rows columns"]:
    """Bent extinction contours: optical depth of up to 0.15 in bands 30-120 Å apart."""
    grid = specimen.grid
    angle, period = rng.uniform(0, np.pi), rng.uniform(30, 120)
    y, x = grid.axis(0, window[0])[:, None], grid.axis(1, window[1])[None]
    along = (np.sin(angle) * y + np.cos(angle) * x).astype(np.float32)
    across = (np.cos(angle) * y - np.sin(angle) * x).astype(np.float32)
    bend = np.float32(rng.uniform(0, 0.8)) * np.sin(across / np.float32(rng.uniform(100, 300)))
    depth = np.float32(0.5 * rng.uniform(0.02, 0.15))
    return depth * (1 + np.cos(np.float32(2 * np.pi / period) * along + np.float32(2 * np.pi) * bend))
