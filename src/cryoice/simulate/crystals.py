"""Crystalline domains of the film: mosaic grains and the beams they diffract."""

import numpy as np
from jaxtyping import Float, Float32, Int16
from scipy.ndimage import find_objects

from cryoice.simulate.grid import Grid, Window, smooth_field
from cryoice.simulate.ice import add_ice
from cryoice.simulate.lattice import ZONES, add_lattice
from cryoice.simulate.optics import Optics
from cryoice.simulate.outlines import wavy_radius
from cryoice.simulate.settings import SimulationSettings
from cryoice.simulate.specimen import CRYSTALLINE, Beam, Specimen

_EDGE = 30.0
"""Å over which a domain's crystallinity fades at its border."""
_MOSAICITY = 0.05
"""rad, spread of the grains of a single crystal."""
_MOTTLE_SCALE = (12.0, 80.0)
"""Å, width (σ) of the patches that diffract."""
_BEAMS = 3
"""Diffracted beams of a domain that are strong enough to see."""


def add_crystalline_domain(
    specimen: Specimen,
    *,
    thickness: float,
    settings: SimulationSettings,
    optics: Optics,
    rng: np.random.Generator,
) -> None:
    """Turn a part of the film crystalline; ``thickness`` in Å is the film's."""
    grid = specimen.grid
    radius = 0.5 * _log_uniform(settings.crystalline_size, rng)
    centre = rng.uniform((0, 0), grid.extent)
    window = grid.window(centre, 1.5 * radius)
    inside = wavy_radius(grid, window, centre, radius=radius, waviness=0.25, rng=rng)
    weight = np.clip((1 - inside) * np.float32(radius / _EDGE), 0, 1)
    change = np.float32(rng.uniform(-0.12, 0.12) * thickness)
    add_ice(specimen, weight * change, settings=settings, window=window)
    contrast, grain = _log_uniform(settings.fringe_contrast, rng), float(rng.uniform(120, 500))
    single, zone, angle = bool(rng.random() < 0.5), _random_zone(rng), float(rng.uniform(0, np.pi))
    labels = _grains(grid, window, spacing=grain, rng=rng)
    reflections = []
    for number, part in enumerate(find_objects(labels), start=1):
        own = (labels[part] == number) * weight[part] if part else np.empty(0)
        if not own.any():
            continue
        turn = angle + float(rng.normal(0, _MOSAICITY)) if single else float(rng.uniform(0, np.pi))
        reflections.append(
            add_lattice(
                specimen,
                _within(window, part),
                own,
                zone=zone if single else _random_zone(rng),
                angle=turn,
                contrast=contrast * float(rng.lognormal(0, 0.4)),
                optics=optics,
                rng=rng,
            )
        )
    mottle = settings.mottle[0] + (settings.mottle[1] - settings.mottle[0]) * float(rng.random()) ** 2
    _add_beams(specimen, window, weight, reflections=reflections, mottle=mottle, rng=rng)
    specimen.mask[window][inside < 1] = CRYSTALLINE
    record = {"centre": centre.tolist(), "size": 2 * radius, "zone": zone if single else "mixed"}
    record |= {"grain": grain, "fringe_contrast": contrast, "mottle": mottle}
    specimen.parameters.setdefault("crystalline", []).append(record)


def _log_uniform(ends: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(ends))))


def _random_zone(rng: np.random.Generator) -> str:
    return list(ZONES)[int(rng.integers(len(ZONES)))]


def _within(window: Window, part: tuple[slice, ...]) -> Window:
    rows, columns = (
        slice(whole.start + own.start, whole.start + own.stop)
        for whole, own in zip(window, part, strict=True)
    )
    return rows, columns


def _add_beams(
    specimen: Specimen,
    window: Window,
    weight: Float32[np.ndarray, "rows columns"],
    *,
    reflections: list[Float[np.ndarray, "2"]],
    mottle: float,
    rng: np.random.Generator,
) -> None:
    """Let patches of a domain diffract up to about ``mottle`` of the electrons aside, three ways."""
    scale = float(np.exp(rng.uniform(*np.log(_MOTTLE_SCALE))))
    for index in rng.permutation(len(reflections))[:_BEAMS]:
        patches = smooth_field(specimen.grid, scale, rng)[window]
        share = np.clip(np.float32(mottle) * np.clip(patches, 0, None) * weight, 0, 0.6)
        specimen.absorption[window] -= np.log1p(-share)
        reflection = reflections[index] * rng.choice((-1, 1))
        specimen.beams.append(Beam(window, share, reflection))


def add_diffracted(specimen: Specimen, intensity: Float32[np.ndarray, "h w"], *, optics: Optics) -> None:
    """Add the diffracted electrons to an image, displaced by λ·defocus·g as in any defocused image."""
    grid = specimen.grid
    for beam in specimen.beams:
        shift = np.rint(1e4 * optics.defocus_um * optics.wavelength * beam.reflection / grid.pixel).astype(
            int
        )
        rows, columns = (
            (np.arange(part.start, part.stop) + by) % side
            for part, by, side in zip(beam.window, shift, grid.shape, strict=True)
        )
        # the wave itself carries the transmitted share exp(-absorption); of it, share/(1-share) went aside
        sent = np.exp(-specimen.absorption[beam.window]) * beam.share / (1 - beam.share)
        intensity[np.ix_(rows, columns)] += sent


def _grains(
    grid: Grid, window: Window, *, spacing: float, rng: np.random.Generator
) -> Int16[np.ndarray, "rows columns"]:
    """Voronoi cells, numbered from 1, of random seeds about ``spacing`` Å apart."""
    rows, columns = grid.axis(0, window[0]), grid.axis(1, window[1])
    number = max(1, round(len(rows) * len(columns) * (grid.pixel / spacing) ** 2))
    nearest = np.full((len(rows), len(columns)), np.inf, dtype=np.float32)
    labels = np.ones(nearest.shape, dtype=np.int16)
    for index, (row, column) in enumerate(rng.random((number, 2)), start=1):
        y, x = (axis[0] + part * (axis[-1] - axis[0]) for axis, part in ((rows, row), (columns, column)))
        distance = np.square(rows - np.float32(y))[:, None] + np.square(columns - np.float32(x))
        closer = distance < nearest
        np.copyto(nearest, distance, where=closer)
        labels[closer] = index
    return labels
