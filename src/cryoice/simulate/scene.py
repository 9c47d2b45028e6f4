"""What every part of a specimen may need to know of the others."""

from dataclasses import dataclass

from cryoice.simulate.optics import Optics
from cryoice.simulate.proteins import Protein


@dataclass(frozen=True)
class Scene:
    """The microscope and the film of one micrograph.

    Attributes
    ----------
    optics
        The microscope's settings.
    ice
        Mean thickness of the film, Å.
    mean_free_path
        Of the electrons in ice at the microscope's voltage, Å.
    protein
        What the particles are.
    """

    optics: Optics
    ice: float
    mean_free_path: float
    protein: Protein
