"""Support film of carbon or gold with the edges of its holes."""

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.edges import (
    STRAIGHT,
    RaggedCircle,
    beyond_all,
    centre_covering,
    edge_width,
    hump,
    square_lattice,
)
from cryoice.simulate.grains import GRAIN_PIXEL, grain_field
from cryoice.simulate.grid import Window
from cryoice.simulate.interpolation import coarse_grid, interpolated
from cryoice.simulate.materials import CARBON, GOLD
from cryoice.simulate.optics import interaction_constant
from cryoice.simulate.priors import interval, number, share
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import SUPPORT, Specimen
from cryoice.simulate.streams import log_uniform

_WAVES = ((0.12, 30.0), (0.35, 100.0), (0.93, 450.0))
"""Raggedness of an edge: share of its rms, and Å between the random points."""


@dataclass(frozen=True)
class SupportSettings:
    """Priors of the support film.

    Attributes
    ----------
    share, gold, lattice, straight
        Of the micrographs; of these: of gold; with many small holes; with a straight edge.
    thickness, gold_thickness
        Å of carbon or gold, log-uniform.
    covered, hole_radius, bar
        Share of the field under the support, log-uniform, where one edge crosses it; Å, log-uniform;
        Å between the holes of a lattice.
    softness, raggedness
        Å over which the edge rises; Å rms of its line; both log-uniform.
    lip, lip_width
        Relative thickness that the carbon gains at its edge; Å.
    ice, meniscus, meniscus_width
        Thickness of ice on the support, and what it gains at the edge, relative to the film's; Å.
    grain, grain_contrast
        Å across a grain of gold; range of its optical depth about the mean, relative.
    """

    share: float = share()
    gold: float = number(0.0, 1.0)
    lattice: float = number(0.0, 1.0)
    straight: float = number(0.0, 1.0)
    thickness: tuple[float, float] = interval(5.0, 3000.0)
    gold_thickness: tuple[float, float] = interval(50.0, 2000.0)
    covered: tuple[float, float] = interval(0.001, 0.95)
    hole_radius: tuple[float, float] = interval(500.0, STRAIGHT)
    bar: tuple[float, float] = interval(100.0, 50000.0)
    softness: tuple[float, float] = interval(1.0, 500.0)
    raggedness: tuple[float, float] = interval(0.01, 200.0)
    lip: tuple[float, float] = interval(0.0, 5.0)
    lip_width: tuple[float, float] = interval(10.0, 2000.0)
    ice: tuple[float, float] = interval(0.0, 5.0)
    meniscus: tuple[float, float] = interval(0.0, 5.0)
    meniscus_width: tuple[float, float] = interval(10.0, 5000.0)
    grain: tuple[float, float] = interval(50.0, 5000.0)
    grain_contrast: float = number(0.0, 1.0)


@dataclass(frozen=True)
class _Foil:
    """What was drawn, in the units of the settings."""

    gold: bool
    thickness: float
    softness: float
    lip: float
    lip_width: float
    ice: float
    meniscus: float
    meniscus_width: float

    @classmethod
    def draw(cls, settings: SupportSettings, rng: np.random.Generator) -> "_Foil":
        gold = bool(rng.random() < settings.gold)
        names = ("lip", "lip_width", "ice", "meniscus", "meniscus_width")
        return cls(
            gold=gold,
            thickness=log_uniform(settings.gold_thickness if gold else settings.thickness, rng),
            softness=log_uniform(settings.softness, rng),
            **{name: float(rng.uniform(*getattr(settings, name))) for name in names},
        )

    def rise(self, beyond: Float32[np.ndarray, "h w"], width: float) -> Float32[np.ndarray, "h w"]:
        """Thickness in Å beyond the edge, half of it at the edge itself, over ``width`` Å."""
        thickness = np.clip(beyond * np.float32(1 / width) + np.float32(0.5), 0, 1)
        thickness *= np.float32(self.thickness)
        if not self.gold:
            thickness *= 1 + np.float32(self.lip) * hump(beyond, self.lip_width)
        return thickness

    def film(self, beyond: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
        """Factor on the ice's thickness: most at the edge, falling to both sides."""
        rest = np.maximum(1 - np.abs(beyond) * np.float32(1 / self.meniscus_width), 0)
        level = np.where(beyond > 0, np.float32(self.ice), np.float32(1))
        return level + (np.float32(1 + self.meniscus) - level) * np.square(rest)

    @property
    def reach(self) -> float:
        """Å from the edge up to which anything changes."""
        return max(self.meniscus_width, self.lip_width, self.softness)


def add_support(
    specimen: Specimen, *, settings: SupportSettings, scene: Scene, rng: np.random.Generator
) -> None:
    """Cover what lies outside the holes with carbon or gold, and let the ice climb at their edges."""
    grid, voltage = specimen.grid, scene.optics.voltage
    holes, layout = _draw_holes(settings, grid.extent, rng)
    foil = _Foil.draw(settings, rng)
    width = edge_width(foil.softness, foil.thickness, CARBON, voltage=voltage, pixel=grid.pixel)
    coarse = coarse_grid(grid, GRAIN_PIXEL)
    grains = grain_field(coarse, log_uniform(settings.grain, rng), rng) if foil.gold else None
    for window, beyond in beyond_all(holes, grid, reach=max(foil.reach, width)):
        specimen.ice[window] *= foil.film(beyond)
        specimen.mask[window][np.broadcast_to(beyond > 0, specimen.mask[window].shape)] = SUPPORT
        if grains is None:
            specimen.carbon[window] += foil.rise(beyond, width)
        elif beyond.max() > -foil.softness:
            darkness = 1 + settings.grain_contrast * interpolated(grains, coarse, grid, window)
            _add_gold(specimen, window, foil, beyond, darkness=darkness, scene=scene)
    specimen.parameters["support"] = layout | asdict(foil)


def _add_gold(
    specimen: Specimen,
    window: Window,
    foil: _Foil,
    beyond: Float32[np.ndarray, "h w"],
    *,
    darkness: Float32[np.ndarray, "rows columns"],
    scene: Scene,
) -> None:
    """Add gold: its optical depth varies with the grains' orientation, its phase does not."""
    voltage, pixel = scene.optics.voltage, specimen.grid.pixel
    depth = foil.rise(beyond, max(foil.softness, pixel)) * darkness
    specimen.absorption[window] += depth * np.float32(1 / (GOLD.free_path * scene.mean_free_path))
    width = edge_width(foil.softness, foil.thickness, GOLD, voltage=voltage, pixel=pixel)
    start = np.float32(0.5 * (width - foil.softness))  # where it is too steep it rises later, behind the edge
    phase = foil.rise(beyond - start, width)
    specimen.phase[window] += phase * np.float32(interaction_constant(voltage) * GOLD.potential)


def _draw_holes(
    settings: SupportSettings, extent: tuple[float, float], rng: np.random.Generator
) -> tuple[list[RaggedCircle], dict[str, float]]:
    """Draw one hole whose edge crosses the field, or a square lattice of holes over all of it."""
    radius, bar = log_uniform(settings.hole_radius, rng), float(rng.uniform(*settings.bar))
    covered, angle = log_uniform(settings.covered, rng), float(rng.uniform(0, 2 * np.pi))
    rough = log_uniform(settings.raggedness, rng)
    if rng.random() < settings.lattice:
        radius = min(radius, 0.5 * min(extent))
        centres = square_lattice(extent, radius, pitch=2 * radius + bar, angle=angle, rng=rng)
    else:
        # a smaller hole would leave more than the share of the field that is asked for
        radius = STRAIGHT if rng.random() < settings.straight else max(radius, 0.5 * min(extent))
        centres = [centre_covering(extent, radius=radius, share=covered, angle=angle)]
    waves = tuple((rough * share, spacing) for share, spacing in _WAVES)
    holes = [RaggedCircle.around(centre, radius, waves, rng) for centre in centres]
    return holes, {"holes": len(holes), "hole_radius": radius, "covered": covered, "raggedness": rough}
