"""A microscope at 300 kV over 400 Å of ice, for the tests of single artifacts."""

import numpy as np

from cryoice.simulate.grid import Grid
from cryoice.simulate.optics import Optics
from cryoice.simulate.proteins import Protein
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import Specimen

SCENE = Scene(
    optics=Optics(voltage=300.0, defocus_um=1.5, cs=2.7, amplitude_contrast=0.1, b_factor=60.0),
    ice=400.0,
    mean_free_path=4000.0,
    protein=Protein(name="point", diameter=100.0, spacing=1.0, points=np.zeros((1, 3))),
)


def level_film(*, pixel_size: float, extent: float = 2048.0) -> Specimen:
    """400 Å of ice over a square of ``extent`` Å."""
    specimen = Specimen.empty(Grid.around((round(extent / pixel_size),) * 2, pixel_size=pixel_size))
    specimen.ice += 400
    return specimen
