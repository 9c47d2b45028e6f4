"""What does a simulated micrograph cost? Prints ratios to its FFTs alone, since machines differ.

    python benchmarks/simulate.py [key=value ...]

One micrograph of 4096² px at 1 Å/px and one of 512² px at 8 Å/px with every artifact and nuisance in
it, on one core; each against the transforms that its wave optics, noise and camera cannot do without,
in the same run, and the peak memory of the process. A key is one of the preset 'default', as in
``support.share=0``.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import scipy.fft
from omegaconf import OmegaConf
from rich.console import Console

from cryoice.simulate.grid import Grid
from cryoice.simulate.micrograph import simulate_micrograph
from cryoice.simulate.presets import load_preset
from cryoice.simulate.settings import SimulationSettings

CASES = ((512, 8.0, 9), (4096, 1.0, 3))
"""Side in px, Å/px and how often; the small one first, since the peak memory never falls."""

SHARES = ("share", "drifting", "dose_weighted", "invert")
"""Keys that tell how many micrographs have what takes time."""


def main(changes: list[str]) -> None:
    """Run both sizes with the given changes of the preset."""
    base = OmegaConf.merge(always(load_preset("default")), OmegaConf.from_dotlist(changes))
    plain: Any = OmegaConf.to_container(base)
    for side, pixel_size, rounds in CASES:
        values = plain | {"size": [side, side], "pixel_size": pixel_size}
        settings = SimulationSettings.parse(values)
        grid = Grid.around(settings.size, pixel_size=pixel_size)
        whole, alone = compare(settings, grid, rounds=rounds)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        Console().print(
            f"{side} px at {pixel_size:g} Å/px: {whole:.3f} s = {whole / alone:.1f} of the FFTs alone "
            f"({alone:.3f} s, {grid.shape[0]} px with margins); peak memory {peak:.2f} GiB"
        )


def compare(settings: SimulationSettings, grid: Grid, *, rounds: int) -> tuple[float, float]:
    """Return the median seconds of a micrograph and of its transforms alone, in turns."""
    times = [
        (seconds(partial(simulate, settings, number)), seconds(partial(transforms, grid)))
        for number in range(rounds)
    ]
    whole, alone = (statistics.median(column) for column in zip(*times, strict=True))
    return whole, alone


def always(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Set every share to 1, those of groups below groups too."""
    return {
        key: always(value) if isinstance(value, Mapping) else 1.0 if key in SHARES else value
        for key, value in settings.items()
    }


def simulate(settings: SimulationSettings, number: int) -> None:
    """Simulate one micrograph."""
    protein = settings.proteins[number % len(settings.proteins)]
    simulate_micrograph(settings, protein, np.random.SeedSequence(0, spawn_key=(number,)))


def transforms(grid: Grid) -> None:
    """Do the FFTs alone: wave there and back, noise of ice and of carbon, signal and noise of the camera."""
    wave = np.ones(grid.shape, dtype=np.complex64)
    scipy.fft.ifft2(scipy.fft.fft2(wave, overwrite_x=True), overwrite_x=True)
    half = np.ones((grid.shape[0], grid.shape[1] // 2 + 1), dtype=np.complex64)
    for _ in ("ice", "carbon"):
        scipy.fft.irfft2(half, grid.shape)
    for shape in (grid.shape, grid.size):
        scipy.fft.irfft2(scipy.fft.rfft2(np.ones(shape, dtype=np.float32)), shape, overwrite_x=True)


def seconds(work: Callable[[], None]) -> float:
    """Return the wall time of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
