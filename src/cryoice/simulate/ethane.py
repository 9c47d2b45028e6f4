"""Ethane residue: solid ethane that was left on the film after plunging."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from cryoice.simulate.grid import Grid, smooth_field
from cryoice.simulate.materials import Material, add_material
from cryoice.simulate.priors import interval, share
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import CONTAMINATION, Specimen
from cryoice.simulate.streams import log_uniform


@dataclass(frozen=True)
class EthaneSettings:
    """Priors of the ethane residue.

    Attributes
    ----------
    share
        Of the micrographs.
    size, thickness, texture
        Å across a patch (log-uniform); Å of a thick patch; Å, width (σ) of its bumps.
    extinction
        Optical depth over that of as much amorphous ethane (log-uniform).
    """

    share: float = share()
    size: tuple[float, float] = interval(100.0, 100000.0)
    thickness: tuple[float, float] = interval(10.0, 5000.0)
    texture: tuple[float, float] = interval(40.0, 1000.0)
    extinction: tuple[float, float] = interval(1.0, 100.0)


ETHANE = Material(potential=4.3, free_path=1.2, density=0.0144, scattering=(8.2, 30.0), structured=False)
"""Solid ethane, 0.72 g/cm³: 2 C 2.51 + 6 H 0.53 Å; its potential is to ice's as density times scattering
(1.24), its free path as the inverse of the electrons per Å³ (0.26 against 0.31)."""

_MOST_PATCHES = 3
"""Patches that may lie together: ethane dries in pools and splashes."""
_OUTSIDE = 0.3
"""Of a patch's size by which its centre may lie beyond the micrograph."""
_RIM = (0.1, 0.6)
"""Level above the border, in patch heights, at which a patch has half of its thickness: steep sides."""
_MOTTLE = (0.2, 0.5)
"""Relative rms of the thickness within a patch."""
_LACE = (0.1, 0.6)
"""Share of the bumps in the level: the more, the more holes and islands along the border."""
_FINEST = 40.0
"""Å, width (σ) of the smallest bumps: they show at 10 Å/px and cost little at 1 Å/px."""
_WAVES = 0.4
"""Share of slow waves in the level: tongues and bays."""


def add_ethane(
    specimen: Specimen, *, settings: EthaneSettings, scene: Scene, rng: np.random.Generator
) -> None:
    """Put mottled patches with lacy borders on the film: `CONTAMINATION` where they have a thickness."""
    grid = specimen.grid
    texture, extinction = (log_uniform(ends, rng) for ends in (settings.texture, settings.extinction))
    height, rim, mottle, lace = (
        float(rng.uniform(*ends)) for ends in (settings.thickness, _RIM, _MOTTLE, _LACE)
    )
    level, patches = _patches(grid, settings, rng)
    level += np.float32(_WAVES) * smooth_field(grid, max(texture, 0.15 * patches[0]["size"]), rng)
    bumps = smooth_field(grid, texture, rng)
    level += np.float32(lace) * bumps
    thickness = np.maximum(level, 0, out=level)
    thickness /= thickness + np.float32(rim)
    bumps += smooth_field(grid, max(0.45 * texture, _FINEST), rng)
    bumps *= np.float32(mottle / np.sqrt(2))
    bumps += 1
    thickness *= np.float32(height) * np.maximum(bumps, np.float32(0.15), out=bumps)
    thickness *= specimen.holds()
    specimen.mask[thickness > 0] = CONTAMINATION
    add_material(specimen, thickness, ETHANE, scene=scene)
    thickness *= np.float32((extinction - 1) / (ETHANE.free_path * scene.mean_free_path))
    specimen.absorption += thickness
    record = {"height": height, "texture": texture, "extinction": extinction, "lace": lace}
    specimen.parameters["ethane"] = record | {"rim": rim, "mottle": mottle, "patches": patches}


def _patches(
    grid: Grid, settings: EthaneSettings, rng: np.random.Generator
) -> tuple[Float32[np.ndarray, "h w"], list[dict[str, Any]]]:
    """Level of the highest patch everywhere, 1 - (d/r)² about each centre, and what was drawn."""
    level = np.full(grid.shape, -np.inf, dtype=np.float32)
    patches = []
    for _ in range(int(rng.integers(1, _MOST_PATCHES + 1))):
        size = log_uniform(settings.size, rng)
        centre = rng.uniform(-_OUTSIDE * size, np.add(grid.extent, _OUTSIDE * size))
        y, x = (np.square((grid.axis(k) - np.float32(centre[k])) * np.float32(2 / size)) for k in (0, 1))
        np.maximum(level, (1 - y)[:, None] - x, out=level)
        patches.append({"centre": centre.tolist(), "size": size})
    return level, patches
