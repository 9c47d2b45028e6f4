"""Denatured protein at the air-water interface: thin cobwebs of unfolded chains."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.grid import Grid, Window, smooth_field
from cryoice.simulate.interpolation import coarse_grid, interpolated
from cryoice.simulate.priors import counts, interval, share
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import CLEAN, NO_FILM, OTHER, Specimen
from cryoice.simulate.streams import log_uniform


@dataclass(frozen=True)
class DenaturedSettings:
    """Priors of the denatured protein.

    Attributes
    ----------
    share
        Of the micrographs.
    number, size
        Patches per micrograph; Å across one (log-uniform).
    thickness
        Å of protein in the strands.
    mesh
        Å between the strands.
    """

    share: float = share()
    number: tuple[int, int] = counts(1)
    size: tuple[float, float] = interval(100.0, 20000.0)
    thickness: tuple[float, float] = interval(0.0, 200.0)
    mesh: tuple[float, float] = interval(60.0, 1000.0)


_STRAND = 14.0
"""Å, half width (σ) of a strand: a few unfolded chains side by side."""
_NODE = 4.0
"""Å between the points at which patches are drawn; finer pixels are interpolated."""
_STRANDS = ((1.0, 0.7), (0.6, 0.3))
"""Mesh of the strands as a share of the patch's, and their thickness likewise."""
_UNBROKEN, _GAPS = 0.7, 0.5
"""Gaps are where a smooth field exceeds so many σ; its σ in space as a share of the mesh."""
_BAYS = 0.3
"""Width (σ) of the bays of a patch's outline, in radii."""
_FADE = 0.1
"""Share of a patch's radius over which it thins out."""


def add_denatured(
    specimen: Specimen, *, settings: DenaturedSettings, scene: Scene, rng: np.random.Generator
) -> None:
    """Add patches of cobweb and mark them as OTHER."""
    grid = specimen.grid
    slow = coarse_grid(grid, max(_NODE, grid.pixel))
    for _ in range(int(rng.integers(settings.number[0], settings.number[1] + 1))):
        size = log_uniform(settings.size, rng)
        centre = rng.uniform((0, 0), grid.extent)
        thickness, mesh = (float(rng.uniform(*prior)) for prior in (settings.thickness, settings.mesh))
        around, window = (each.window(centre, 0.65 * size) for each in (slow, grid))
        edge, web = np.full(slow.shape, 2, dtype=np.float32), np.zeros(slow.shape, dtype=np.float32)
        edge[around] = _outline(slow, around, centre, radius=0.5 * size, mesh=mesh, rng=rng)
        web[around] = np.float32(thickness) * _cobweb(slow, around, mesh=mesh, rng=rng)
        web[around] *= np.clip((1 - edge[around]) / np.float32(_FADE), 0, 1)
        held = specimen.ice[window] > NO_FILM
        specimen.protein[window] += held * interpolated(web, slow, grid, window)
        part = specimen.mask[window]
        part[held & (interpolated(edge, slow, grid, window) < 1) & (part == CLEAN)] = OTHER
        record = {"centre": centre.tolist(), "size": size, "thickness": thickness, "mesh": mesh}
        specimen.parameters.setdefault("denatured", []).append(record)


def _outline(
    grid: Grid,
    window: Window,
    centre: Float[np.ndarray, "2"],
    *,
    radius: float,
    mesh: float,
    rng: np.random.Generator,
) -> Float32[np.ndarray, "rows columns"]:
    """Distance from a patch's middle in shares of its radius there; above 1 in its ragged gaps too."""
    y = np.square((grid.axis(0, window[0]) - np.float32(centre[0])) / np.float32(radius))
    x = np.square((grid.axis(1, window[1]) - np.float32(centre[1])) / np.float32(radius))
    waves = smooth_field(grid, _BAYS * radius, rng, window)
    outline = np.sqrt(y[:, None] + x) + np.float32(0.2) * np.clip(waves, -2, 2) + np.float32(0.2)
    gaps = smooth_field(grid, _GAPS * mesh, rng, window)
    return np.maximum(outline, 1 + np.float32(0.3) * (gaps - np.float32(_UNBROKEN)))


def _cobweb(
    grid: Grid, window: Window, *, mesh: float, rng: np.random.Generator
) -> Float32[np.ndarray, "rows columns"]:
    """Strands, 1 in their middles, along the zero lines of a smooth field, and finer ones between.

    A Gaussian field with the correlation exp(-x²/4σ²) is zero every √2 π σ on average (Rice 1945)
    and changes by 1 over √2 σ.
    """
    width = mesh / (np.sqrt(2) * np.pi)
    strands, fine = (
        np.float32(weight)
        * np.exp(
            -np.square(np.float32(part * width / _STRAND) * smooth_field(grid, part * width, rng, window))
        )
        for part, weight in _STRANDS
    )
    return strands + fine
