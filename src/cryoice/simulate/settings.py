"""What a simulated data set is made of, checked before anything is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryoice.simulate.aggregates import AggregateSettings
from cryoice.simulate.beads import BeadSettings
from cryoice.simulate.camera import CameraSettings
from cryoice.simulate.contaminants import ContaminantSettings
from cryoice.simulate.cracks import CrackSettings
from cryoice.simulate.crystals import CrystallineSettings
from cryoice.simulate.denatured import DenaturedSettings
from cryoice.simulate.ethane import EthaneSettings
from cryoice.simulate.film import FilmSettings
from cryoice.simulate.holes import HoleSettings
from cryoice.simulate.nuisances import NuisanceSettings
from cryoice.simulate.optics import MicroscopeSettings
from cryoice.simulate.particles import ParticleSettings
from cryoice.simulate.picks import PickSettings
from cryoice.simulate.priors import names, number, pair, parse, whole
from cryoice.simulate.proteins import name_fault
from cryoice.simulate.support import SupportSettings
from cryoice.simulate.vesicles import VesicleSettings

SMALLEST_SIDE = 256
"""Side in px below which a micrograph holds no particle with its surroundings."""


@dataclass(frozen=True)
class SimulationSettings:
    """Every value behind a simulated data set; pairs are the ends of uniform distributions.

    Attributes
    ----------
    seed, micrographs
        Root of all random numbers; micrographs per protein.
    size, pixel_size
        Height and width in px; Å/px.
    proteins
        Names known to `cryoice.simulate.proteins`; each becomes an entry.
    """

    microscope: MicroscopeSettings
    camera: CameraSettings
    film: FilmSettings
    particles: ParticleSettings
    aggregates: AggregateSettings
    denatured: DenaturedSettings
    vesicles: VesicleSettings
    picks: PickSettings
    crystalline: CrystallineSettings
    support: SupportSettings
    holes: HoleSettings
    cracks: CrackSettings
    beads: BeadSettings
    contaminants: ContaminantSettings
    ethane: EthaneSettings
    nuisances: NuisanceSettings
    seed: int = whole(0)
    micrographs: int = whole(1)
    size: tuple[int, int] = pair(SMALLEST_SIDE)
    pixel_size: float = number(0.2, 10.0)
    proteins: tuple[str, ...] = names(name_fault)

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> "SimulationSettings":
        """Check plain configuration values.

        Raises
        ------
        InputError
            A key is missing, unknown or out of its range; the message names it.
        """
        return parse(cls, settings, key="data.simulation")
