"""One micrograph whose truth is known, from the film to the counted electrons."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Float32, UInt16

from cryoice.constants import IGNORE
from cryoice.simulate.aggregates import add_aggregates
from cryoice.simulate.beads import add_beads
from cryoice.simulate.contaminants import add_contaminants
from cryoice.simulate.cracks import add_cracks
from cryoice.simulate.crystals import add_crystalline
from cryoice.simulate.debris import add_debris
from cryoice.simulate.denatured import add_denatured
from cryoice.simulate.ethane import add_ethane
from cryoice.simulate.exposure import expose, pass_electrons
from cryoice.simulate.film import add_film, draw_film
from cryoice.simulate.grid import LAYOUT, Grid
from cryoice.simulate.holes import add_holes
from cryoice.simulate.materials import mean_free_path
from cryoice.simulate.nuisances import spoil
from cryoice.simulate.optics import Optics
from cryoice.simulate.particles import ParticleSettings, draw_copies, place_particles
from cryoice.simulate.picks import SimulatedPicks, draw_picks
from cryoice.simulate.proteins import MIXED, draw_protein, find_protein
from cryoice.simulate.scene import Scene
from cryoice.simulate.settings import SimulationSettings
from cryoice.simulate.specimen import Specimen
from cryoice.simulate.streams import Streams
from cryoice.simulate.support import add_support
from cryoice.simulate.vesicles import add_vesicles


@dataclass(frozen=True)
class SimulatedMicrograph:
    """A micrograph and everything that is known of it.

    Attributes
    ----------
    array
        Electrons per pixel, mean corrected for the detector's losses, or what `spoil` made of them.
    mask
        Class of every pixel, same frame.
    particles
        Centres in Å (row, column) of all particles in the film, picked or not.
    diameter
        Of the particles, Å.
    picks
        What a picker gives.
    parameters
        Everything drawn, as plain values.
    """

    array: Float32[np.ndarray, "height width"]
    mask: UInt16[np.ndarray, "height width"]
    particles: Float[np.ndarray, "n 2"]
    diameter: float
    picks: SimulatedPicks
    parameters: dict[str, Any]


class _Artifact(Protocol):
    """Draws one kind of artifact; what it draws at random may depend on the extent alone."""

    def __call__(
        self, specimen: Specimen, *, settings: Any, scene: Scene, rng: np.random.Generator
    ) -> None: ...


_ARTIFACTS: dict[str, _Artifact] = {
    "crystalline": add_crystalline,
    "holes": add_holes,
    "cracks": add_cracks,
    "support": add_support,
    "ethane": add_ethane,
    "contaminants": add_contaminants,
    "vesicles": add_vesicles,
    "denatured": add_denatured,
    "aggregates": add_aggregates,
    "beads": add_beads,
}
"""By name of their settings, in the order in which later ones lie on top."""


def simulate_micrograph(
    settings: SimulationSettings, protein: str, root: np.random.SeedSequence
) -> SimulatedMicrograph:
    """Draw a specimen, its picture and its picks; the same ``root`` gives the same bytes.

    The specimen depends on the extent in Å, not on the pixels: the same seed at 1 Å/px and 8 Å/px
    gives two pictures of one specimen.
    """
    streams = Streams(root)
    grid = Grid.around(settings.size, pixel_size=settings.pixel_size)
    scene, film = _draw_scene(settings, protein, streams)
    specimen = _film_and_artifacts(grid, film, settings, scene, streams)
    layout = specimen
    if grid.pixel != LAYOUT:
        layout = _film_and_artifacts(grid.layout(), film, settings, scene, streams)
    diameter = scene.protein.diameter
    particles = place_particles(layout, scene.protein, settings.particles, streams("particles"))
    picks = draw_picks(layout, particles, diameter=diameter, settings=settings.picks, rng=streams("picks"))
    potential = _add_protein(specimen, particles, settings.particles, scene, streams)
    pass_electrons(specimen, potential=potential, scene=scene, rng=streams("molecules"))
    array = expose(
        specimen, settings=settings.camera, scene=scene, pixel_size=settings.pixel_size, streams=streams
    )
    array, lost, spoiled = spoil(
        array, settings=settings.nuisances, pixel_size=settings.pixel_size, rng=streams("nuisances")
    )
    specimen.parameters |= spoiled
    return SimulatedMicrograph(
        array=array,
        mask=np.where(lost, np.uint16(IGNORE), specimen.grid.labels(specimen.mask)),
        particles=particles[grid.inside(particles, border=0.0)],
        diameter=diameter,
        picks=picks.without(lost, pixel_size=settings.pixel_size),
        parameters={"protein": protein} | asdict(scene.optics) | film | specimen.parameters,
    )


def _draw_scene(
    settings: SimulationSettings, protein: str, streams: Streams
) -> tuple[Scene, dict[str, float]]:
    optics = Optics.draw(settings.microscope, streams("microscope"))
    film = draw_film(settings.film, streams("film"))
    particles = settings.particles
    model = (
        find_protein(protein)
        if protein != MIXED
        else draw_protein(streams("protein"), size=particles.size, filaments=particles.filaments)
    )
    softness = float(streams("softness").uniform(*particles.softness))
    scene = Scene(
        optics=optics,
        ice=film["thickness"],
        mean_free_path=mean_free_path(settings.film.mean_free_path, voltage=optics.voltage),
        protein=replace(model, softness=softness),
    )
    return scene, film


def _film_and_artifacts(
    grid: Grid, film: dict[str, float], settings: SimulationSettings, scene: Scene, streams: Streams
) -> Specimen:
    specimen = Specimen.empty(grid)
    add_film(specimen, **film, rng=streams("waves"))
    for name, add in _ARTIFACTS.items():
        rng, part = streams(name), getattr(settings, name)
        if rng.random() < part.share:
            add(specimen, settings=part, scene=scene, rng=rng)
    return specimen


def _add_protein(
    specimen: Specimen,
    particles: Float[np.ndarray, "n 2"],
    settings: ParticleSettings,
    scene: Scene,
    streams: Streams,
) -> float:
    """Add particles and debris; return the protein's potential in V above that of ice."""
    draw_copies(specimen, scene.protein, particles, rng=streams("orientations"))
    rng = streams("debris")
    debris, potential = float(rng.uniform(*settings.debris)), float(rng.uniform(*settings.potential))
    add_debris(specimen, scene.protein, copies=debris * len(particles), rng=rng)
    drawn = {"debris": debris, "protein_potential": potential, "softness": scene.protein.softness}
    specimen.parameters |= drawn
    return potential
