"""One micrograph whose truth is known, from the film to the counted electrons."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, UInt16

from cryoice.simulate.aggregates import add_aggregates, debris_volume
from cryoice.simulate.contaminants import add_contaminants
from cryoice.simulate.crystals import add_crystalline_domain, add_diffracted
from cryoice.simulate.grid import Grid
from cryoice.simulate.ice import add_film, film_thickness
from cryoice.simulate.optics import Detector, Optics, interaction_constant
from cryoice.simulate.particles import place_particles, projected_points, softened
from cryoice.simulate.picks import SimulatedPicks, draw_picks
from cryoice.simulate.proteins import protein_diameter, protein_points
from cryoice.simulate.settings import SimulationSettings
from cryoice.simulate.specimen import Specimen
from cryoice.simulate.support import add_support


@dataclass(frozen=True)
class SimulatedMicrograph:
    """A micrograph and everything that is known of it.

    Attributes
    ----------
    array
        Electrons per pixel, mean corrected for the detector's losses.
    mask
        Class of every pixel, same frame.
    particles
        Centres in px (row, column) of all particles in the film, picked or not.
    picks
        What a picker gives.
    parameters
        Everything drawn, as plain values.
    """

    array: Float32[np.ndarray, "height width"]
    mask: UInt16[np.ndarray, "height width"]
    particles: Float[np.ndarray, "n 2"]
    picks: SimulatedPicks
    parameters: dict[str, Any]


def simulate_micrograph(
    settings: SimulationSettings, protein: str, rng: np.random.Generator
) -> SimulatedMicrograph:
    """Draw a specimen, its picture and its picks; the same state of ``rng`` gives the same bytes."""
    optics = _draw_optics(settings, rng)
    specimen = Specimen.empty(Grid.around(settings.size, pixel_size=settings.pixel_size))
    _add_film_and_artifacts(specimen, settings, optics, rng)
    particles = _add_protein(specimen, protein, settings, optics, rng)
    dose = float(rng.uniform(*settings.dose))
    picks = draw_picks(specimen, particles, diameter=protein_diameter(protein), settings=settings, rng=rng)
    array = expose(specimen, optics, settings, dose=dose, rng=rng)
    drawn = {"protein": protein, "dose": dose, "defocus_um": optics.defocus_um}
    drawn |= {"amplitude_contrast": optics.amplitude_contrast, "b_factor": optics.b_factor}
    return SimulatedMicrograph(
        array=array,
        mask=specimen.grid.labels(specimen.mask),
        particles=particles[specimen.grid.inside(particles, border=0.0)] / settings.pixel_size,
        picks=picks,
        parameters=drawn | specimen.parameters,
    )


def expose(
    specimen: Specimen, optics: Optics, settings: SimulationSettings, *, dose: float, rng: np.random.Generator
) -> Float32[np.ndarray, "height width"]:
    """Take the picture of a specimen: electrons per pixel at ``dose`` e/Å²."""
    detector = Detector(sqrt_dqe=settings.sqrt_dqe, ntf_nyquist=settings.ntf_nyquist)
    intensity = optics.image(specimen.exit_wave(), pixel=specimen.grid.pixel)
    add_diffracted(specimen, intensity, optics=optics)
    intensity *= np.float32(dose * settings.pixel_size**2)
    expected = detector.expose(intensity, scale=specimen.grid.scale)
    return detector.read_out(specimen.grid.crop(expected), rng)


def _draw_optics(settings: SimulationSettings, rng: np.random.Generator) -> Optics:
    return Optics(
        voltage=settings.voltage,
        defocus_um=float(rng.uniform(*settings.defocus)),
        cs=settings.cs,
        amplitude_contrast=float(rng.uniform(*settings.amplitude_contrast)),
        b_factor=float(rng.uniform(*settings.b_factor)),
    )


def _add_film_and_artifacts(
    specimen: Specimen, settings: SimulationSettings, optics: Optics, rng: np.random.Generator
) -> None:
    thickness, drawn = film_thickness(specimen.grid, settings, rng)
    specimen.parameters |= drawn
    add_film(specimen, thickness, settings=settings, rng=rng)
    if rng.random() < settings.crystalline_share:
        for _ in range(int(rng.integers(1, 4))):
            add_crystalline_domain(
                specimen, thickness=drawn["thickness"], settings=settings, optics=optics, rng=rng
            )
    if rng.random() < settings.support_share:
        add_support(specimen, ice=drawn["thickness"], settings=settings, rng=rng)
    if rng.random() < settings.contaminant_share:
        add_contaminants(specimen, settings=settings, optics=optics, rng=rng)


def _add_protein(
    specimen: Specimen, protein: str, settings: SimulationSettings, optics: Optics, rng: np.random.Generator
) -> Float[np.ndarray, "n 2"]:
    """Add aggregates, then particles where the film is clean; return the particles' centres in Å."""
    model, diameter = protein_points(protein), protein_diameter(protein)
    potential = float(rng.uniform(*settings.protein_potential))
    phase = np.zeros(specimen.grid.shape, dtype=np.float32)
    if rng.random() < settings.aggregate_share:
        phase += add_aggregates(specimen, model, diameter=diameter, settings=settings, rng=rng)
    centres = place_particles(specimen, protein, settings, rng)
    phase += projected_points(specimen.grid, model, centres, rng)
    debris = float(rng.uniform(*settings.debris))
    phase += debris_volume(specimen.grid, model, copies=debris * len(centres), rng=rng)
    specimen.parameters |= {"protein_potential": potential, "debris": debris}
    phase = softened(specimen.grid, phase)
    phase *= np.float32(potential * interaction_constant(settings.voltage))
    specimen.add_protein(phase, amplitude_contrast=optics.amplitude_contrast)
    return centres
