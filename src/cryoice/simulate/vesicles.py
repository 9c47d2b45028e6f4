"""Lipid vesicles: part of the specimen as the particles are, and as clean."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.grid import MARGIN, Window, smooth_field
from cryoice.simulate.particles import draw_copies
from cryoice.simulate.priors import counts, interval, number, share
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import NO_FILM, Specimen
from cryoice.simulate.streams import log_uniform


@dataclass(frozen=True)
class VesicleSettings:
    """Priors of the vesicles.

    Attributes
    ----------
    share
        Of the micrographs.
    filled
        Share of the vesicles with protein inside.
    number, size
        Per micrograph; Å across (log-uniform).
    leaflets
        Å between the two layers of head groups.
    """

    share: float = share()
    filled: float = number(0.0, 1.0)
    number: tuple[int, int] = counts(1)
    size: tuple[float, float] = interval(150.0, 20000.0)
    leaflets: tuple[float, float] = interval(20.0, 60.0)


_WAVE, _LIMP = 0.5, 0.02
"""Width (σ) of a membrane's undulations in half axes; the largest rms as a share of its size."""
_LAYER = 8.0
"""Å, thickness of a leaflet's head groups, phosphates and glycerol."""
_SOFT = 4.0
"""Å, width (σ) of a leaflet's edge."""
_CENTRE = 1e-3
"""Share of the half axes within which all lies as deep as the centre."""
_OVAL = (0.75, 1.0)
"""Short axis of the outline as a share of the long one."""


def add_vesicles(
    specimen: Specimen, *, settings: VesicleSettings, scene: Scene, rng: np.random.Generator
) -> None:
    """Add bilayers seen in projection: two rings, dark where the membrane stands upright."""
    low, high = np.full(2, -MARGIN), np.array(specimen.grid.extent) + MARGIN
    for _ in range(int(rng.integers(settings.number[0], settings.number[1] + 1))):
        size = log_uniform(settings.size, rng)
        centre, leaflets = rng.uniform(low, high), float(rng.uniform(*settings.leaflets))
        axes = 0.5 * size * np.array([1.0, rng.uniform(*_OVAL)])
        angle, limp = float(rng.uniform(0, np.pi)), float(rng.uniform(0, _LIMP)) * size
        add_vesicle(specimen, centre, axes, angle=angle, leaflets=leaflets, limp=limp, rng=rng)
        full, crowd = rng.random() < settings.filled, rng.uniform(0.2, 1.0)
        inner = float(axes.min()) - 0.5 * scene.protein.diameter - leaflets
        if full and inner > 0:
            copies = 1 + round(crowd * (inner / scene.protein.diameter) ** 2)
            angles, radii = rng.uniform(0, 2 * np.pi, copies), inner * np.sqrt(rng.random(copies))
            inside = centre + radii[:, None] * np.stack([np.sin(angles), np.cos(angles)], axis=1)
            draw_copies(specimen, scene.protein, inside, rng=rng)
        record = {"centre": centre.tolist(), "size": size, "leaflets": leaflets, "filled": bool(full)}
        specimen.parameters.setdefault("vesicles", []).append(record)


def add_vesicle(
    specimen: Specimen,
    centre: Float[np.ndarray, "2"],
    axes: Float[np.ndarray, "2"],
    *,
    angle: float,
    leaflets: float,
    limp: float,
    rng: np.random.Generator,
) -> None:
    """Add a bilayer whose middle is an ellipse of half ``axes`` Å, its first axis at an angle in rad.

    It leaves the ellipse by ``limp`` Å rms.
    """
    window = specimen.grid.window(centre, float(axes.max()) + leaflets + 4 * _SOFT)
    distance = _distance(specimen, window, centre, axes, angle=angle)
    distance += np.float32(limp) * smooth_field(specimen.grid, _WAVE * float(axes.max()), rng, window)
    radius = float(np.sqrt(axes.prod()))
    across = np.arange(-radius, leaflets + 4 * _SOFT + specimen.grid.pixel, 1.0)
    inner, outer = (_shell(across + radius, radius + side * leaflets / 2) for side in (-1, 1))
    profile = _softened(inner + outer, np.hypot(_SOFT, specimen.grid.pixel / np.sqrt(12)))
    held = specimen.ice[window] > NO_FILM
    specimen.protein[window] += held * np.interp(distance, across, profile, right=0.0).astype(np.float32)


def _distance(
    specimen: Specimen,
    window: Window,
    centre: Float[np.ndarray, "2"],
    axes: Float[np.ndarray, "2"],
    *,
    angle: float,
) -> Float32[np.ndarray, "rows columns"]:
    """Distance in Å outwards from an ellipse, to first order (exact for a circle)."""
    y = (specimen.grid.axis(0, window[0]) - np.float32(centre[0]))[:, None]
    x = (specimen.grid.axis(1, window[1]) - np.float32(centre[1]))[None]
    sine, cosine = np.float32(np.sin(angle)), np.float32(np.cos(angle))
    u, v = (sine * y + cosine * x) / np.float32(axes[0]), (cosine * y - sine * x) / np.float32(axes[1])
    level = np.maximum(np.hypot(u, v), np.float32(_CENTRE))
    slope = np.hypot(u / np.float32(axes[0]), v / np.float32(axes[1]))
    return (level - 1) * level / np.maximum(slope, np.float32(_CENTRE / axes.max()))


def _shell(radii: Float[np.ndarray, " n"], radius: float) -> Float[np.ndarray, " n"]:
    """Projected thickness in Å of a spherical layer, at distances in Å from the centre of its picture."""
    chords = [np.sqrt(np.maximum((radius + side * _LAYER / 2) ** 2 - radii**2, 0)) for side in (1, -1)]
    return 2 * (chords[0] - chords[1])


def _softened(profile: Float[np.ndarray, " n"], width: float) -> Float[np.ndarray, " n"]:
    kernel = np.exp(-0.5 * np.square(np.arange(-np.ceil(4 * width), np.ceil(4 * width) + 1) / width))
    padded = np.pad(profile, len(kernel) // 2, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
