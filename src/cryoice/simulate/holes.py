"""Holes torn into the film, and the bubbles of radiolysis."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.edges import RaggedCircle, beyond_all, centre_covering, edge_width, hump
from cryoice.simulate.materials import ICE
from cryoice.simulate.priors import counts, interval, number, share
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import OTHER, Specimen
from cryoice.simulate.streams import log_uniform

_WAVES = ((0.05, 0.7), (0.012, 0.1))
"""Raggedness of a torn rim: rms and distance of its random points, relative to the radius."""
_FRAY = (5.0, 30.0)
"""Å rms and Å between the random points of the finest raggedness."""


@dataclass(frozen=True)
class HoleSettings:
    """Priors of holes in the film.

    Attributes
    ----------
    share, bubbles, inside
        Of the micrographs; of these: bubbles instead of a hole; holes that lie within the field.
    covered, radius
        Share of the field that a hole takes, log-uniform; Å, log-uniform, where its rim crosses the field.
    softness
        Å over which the film ends, log-uniform.
    rim, rim_width
        Thickness that the rim adds relative to the film's; Å.
    bubble_number, bubble_radius, bubble_spread
        Bubbles per micrograph; Å, log-uniform; Å rms about their middle.
    """

    share: float = share()
    bubbles: float = number(0.0, 1.0)
    inside: float = number(0.0, 1.0)
    covered: tuple[float, float] = interval(0.0001, 0.95)
    radius: tuple[float, float] = interval(100.0, 50000.0)
    softness: tuple[float, float] = interval(1.0, 1000.0)
    rim: tuple[float, float] = interval(0.0, 5.0)
    rim_width: tuple[float, float] = interval(5.0, 3000.0)
    bubble_number: tuple[int, int] = counts(1)
    bubble_radius: tuple[float, float] = interval(5.0, 1000.0)
    bubble_spread: tuple[float, float] = interval(10.0, 10000.0)


def add_holes(specimen: Specimen, *, settings: HoleSettings, scene: Scene, rng: np.random.Generator) -> None:
    """Tear a hole into the film, or fill a part of it with bubbles."""
    if rng.random() < settings.bubbles:
        drawn = _add_bubbles(specimen, settings, rng)
    else:
        drawn = _add_hole(specimen, settings, scene, rng)
    specimen.parameters["holes"] = drawn


def tear(specimen: Specimen, where: Any, kept: Float32[np.ndarray, "..."]) -> None:
    """Keep a share of all that the specimen holds so far, at an index of its maps."""
    for part in (specimen.ice, specimen.carbon, specimen.protein, specimen.phase, specimen.absorption):
        part[where] *= kept


def _add_hole(
    specimen: Specimen, settings: HoleSettings, scene: Scene, rng: np.random.Generator
) -> dict[str, float]:
    grid = specimen.grid
    hole = _draw_hole(settings, grid.extent, rng)
    softness = log_uniform(settings.softness, rng)
    rim, rim_width = (float(rng.uniform(*ends)) for ends in (settings.rim, settings.rim_width))
    width = edge_width(softness, scene.ice * (1 + rim), ICE, voltage=scene.optics.voltage, pixel=grid.pixel)
    for window, beyond in beyond_all([hole], grid, reach=max(rim_width, width)):
        if beyond.min() < max(rim_width, width):
            tear(specimen, window, np.clip(beyond * np.float32(1 / width) + np.float32(0.5), 0, 1))
            specimen.ice[window] *= 1 + np.float32(rim) * hump(beyond, rim_width)
            specimen.mask[window][np.broadcast_to(beyond < 0, specimen.mask[window].shape)] = OTHER
    row, column = (float(x) for x in hole.centre)
    return {"row": row, "column": column, "radius": hole.radius, "rim": rim, "rim_width": rim_width}


def _draw_hole(settings: HoleSettings, extent: tuple[float, float], rng: np.random.Generator) -> RaggedCircle:
    covered, radius = log_uniform(settings.covered, rng), log_uniform(settings.radius, rng)
    angle, middle = float(rng.uniform(0, 2 * np.pi)), rng.uniform(0, extent)
    if rng.random() < settings.inside:
        radius = float(np.sqrt(covered * extent[0] * extent[1] / np.pi))
    else:
        middle = centre_covering(extent, radius=radius, share=1 - covered, angle=angle)
    waves = (*((rms * radius, spacing * radius) for rms, spacing in _WAVES), _FRAY)
    return RaggedCircle.around(middle, radius, waves, rng)


def _add_bubbles(specimen: Specimen, settings: HoleSettings, rng: np.random.Generator) -> dict[str, float]:
    """Take spheres of ice out of the film, as deep as it is thick."""
    grid = specimen.grid
    middle, spread = rng.uniform(0, grid.extent), float(rng.uniform(*settings.bubble_spread))
    number = int(rng.integers(settings.bubble_number[0], settings.bubble_number[1] + 1))
    for _ in range(number):
        radius = log_uniform(settings.bubble_radius, rng)
        _add_bubble(specimen, middle + spread * rng.standard_normal(2), radius)
    return {"bubbles": number, "spread": spread}


def _add_bubble(specimen: Specimen, centre: Float[np.ndarray, "2"], radius: float) -> None:
    grid = specimen.grid
    window = grid.window(centre, radius)
    rows, columns = (np.square(grid.axis(k, window[k]) - np.float32(centre[k])) for k in (0, 1))
    squared = np.float32(radius**2) - rows[:, None] - columns
    ice = specimen.ice[window]
    ice -= np.minimum(ice, 2 * np.sqrt(np.maximum(squared, 0)))
    specimen.mask[window][squared > 0] = OTHER
