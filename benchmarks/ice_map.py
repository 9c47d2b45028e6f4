"""Measure how well the local ice map finds crystalline ice, and what it costs.

    python benchmarks/ice_map.py [--micrographs 12] [--data ../shared/data] [--seed 0]

Simulated micrographs of 2048 Å (presets crystalline, default, clean; 1.0, 1.2 and 1.5 Å/px; masks give
the truth): AUROC and average precision of grid cells of class 1 (most of a window's middle half) against
all others, beside plain local iciness; share of cells above thresholds. Then white noise, real
micrographs without known crystalline film where given, and seconds for 4096² px at 1 Å/px on one
core over those of its windows' transforms alone.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, UInt16
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score, roc_auc_score

from cryoice.constants import CLASSES
from cryoice.files.micrograph import read_micrograph
from cryoice.signal.fourier import window_2d
from cryoice.signal.ice_map import IceMap, measure_ice
from cryoice.signal.ice_rings import iciness
from cryoice.signal.ice_windows import WINDOW, window_side, window_starts
from cryoice.signal.views import levelled
from cryoice.simulate.micrograph import simulate_micrograph
from cryoice.simulate.presets import load_preset
from cryoice.simulate.settings import SimulationSettings

PRESETS, SAMPLINGS, EXTENT = ("crystalline", "default", "clean"), (1.0, 1.2, 1.5), 2048
THRESHOLDS = (3.0, 4.0, 5.0)
CLEAN, CRYSTALLINE = CLASSES.index("clean"), CLASSES.index("crystalline")
REAL = (("labelled/epu/images/epu2.9_example.mrc", 0.66655), ("cryoppp/10146/micrographs/*.mrc", 1.5))

Cells = tuple[Float[np.ndarray, " cells"], Float[np.ndarray, " cells"], Int[np.ndarray, " cells"]]


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--micrographs", type=int, default=12, help="of each preset")
    parser.add_argument("--data", type=Path, help="folder with labelled/ and cryoppp/")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(width=120)
    console.print(simulated_table(options.micrographs, options.seed))
    console.print(alarm_table(options.data, options.seed))
    console.print(cost())


def simulated_table(number: int, seed: int) -> Table:
    """Score every preset, and all of them together."""
    table = Table(
        "preset", "cells", "class 1", "AUROC", "AP", "iciness AUROC", "iciness AP", "recall", "clean"
    )
    parts = {preset: merged(list(simulated(preset, number, seed))) for preset in PRESETS}
    for name, cells in [*parts.items(), ("all", merged(list(parts.values())))]:
        table.add_row(name, *scores(*cells))
    table.caption = f"recall, clean: share of class-1 and of clean cells above {THRESHOLDS}"
    return table


def merged(parts: list[Cells]) -> Cells:
    """Join the cells of several micrographs."""
    values, iciness_, truth = (np.concatenate(column) for column in zip(*parts, strict=True))
    return values, iciness_, truth


def simulated(preset: str, number: int, seed: int) -> Iterator[Cells]:
    """Yield evidence, local iciness and class of the cells of each micrograph; -1 is mixed."""
    for index in range(number):
        pixel_size = SAMPLINGS[index % len(SAMPLINGS)]
        side = round(EXTENT / pixel_size)
        values = load_preset(preset) | {"size": [side, side + 37], "pixel_size": pixel_size}
        key = np.random.SeedSequence(seed, spawn_key=(PRESETS.index(preset), index))
        drawn = simulate_micrograph(SimulationSettings.parse(values), "mixed", key)
        level = levelled(drawn.array)
        measured = measure_ice(level, pixel_size=pixel_size).map
        assert measured is not None
        local = local_iciness(level, pixel_size=pixel_size)
        yield measured.values.ravel(), local.ravel(), truth(drawn.mask, measured, pixel_size).ravel()


def local_iciness(level: Float32[np.ndarray, "h w"], *, pixel_size: float) -> Float32[np.ndarray, "r c"]:
    """Return CTFFIND's iciness of each window on the map's grid."""
    side = window_side(pixel_size)
    taper = window_2d("hann", side)
    tops, lefts = (window_starts(length, side) for length in level.shape)
    rows = []
    for top in tops:
        strip = torch.from_numpy(np.ascontiguousarray(level[top : top + side]))
        tiles = torch.stack([strip[:, left : left + side] for left in lefts])
        spectra = torch.fft.fft2((tiles - tiles.mean(dim=(1, 2), keepdim=True)) * taper).abs().square()
        rows.append(iciness(torch.fft.fftshift(spectra, dim=(1, 2)), pixel_size=pixel_size))
    return torch.stack(rows).numpy()


def truth(mask: UInt16[np.ndarray, "h w"], measured: IceMap, pixel_size: float) -> Int[np.ndarray, "r c"]:
    """Class of each window's middle half: crystalline by half of it, others where none is crystalline."""
    half = round(WINDOW / pixel_size / 4)
    out = np.full(measured.values.shape, -1)
    for cell in np.ndindex(out.shape):
        row, column = (
            round((start + index * step) / pixel_size)
            for start, index, step in zip(measured.origin, cell, measured.pixel_size, strict=True)
        )
        part = mask[row - half : row + half, column - half : column + half]
        share = np.bincount(part.ravel(), minlength=CRYSTALLINE + 1) / part.size
        if share[CRYSTALLINE] > 0.5:
            out[cell] = CRYSTALLINE
        elif share[CRYSTALLINE] == 0:
            out[cell] = CLEAN if share[CLEAN] > 0.9 else len(CLASSES)
    return out


def scores(
    values: Float[np.ndarray, " n"], local: Float[np.ndarray, " n"], classes: Int[np.ndarray, " n"]
) -> list[str]:
    """Format one row."""
    told, positive = classes >= 0, classes == CRYSTALLINE
    row = [str(int(told.sum())), str(int(positive.sum()))]
    for score in (values, local):
        if positive.any() and (told & ~positive).any():
            row.append(f"{roc_auc_score(positive[told], score[told]):.3f}")
            row.append(f"{average_precision_score(positive[told], score[told]):.3f}")
        else:
            row += ["", ""]
    return [*row, shares(values[positive]), shares(values[classes == CLEAN])]


def shares(values: Float[np.ndarray, " n"]) -> str:
    """Share of values above each threshold."""
    return " ".join(f"{np.mean(values > limit):.4f}" for limit in THRESHOLDS) if len(values) else ""


def alarm_table(data: Path | None, seed: int) -> Table:
    """Count cells above the thresholds where there is no crystalline film."""
    table = Table("micrograph", "cells", "mean", "largest", f"above {THRESHOLDS}")
    rng = np.random.default_rng(seed)
    levels = [("white noise", rng.standard_normal((4096, 4096), dtype=np.float32), 1.5) for _ in range(5)]
    real = [(path, size) for glob, size in REAL for path in sorted(data.glob(glob))] if data else []
    levels += [(path.stem, levelled(read_micrograph(path).array), size) for path, size in real]
    for name, level, pixel_size in levels:
        measured = measure_ice(level, pixel_size=pixel_size).map
        assert measured is not None
        values = measured.values
        counts = " ".join(str(int((values > limit).sum())) for limit in THRESHOLDS)
        table.add_row(name, str(values.size), f"{values.mean():.2f}", f"{values.max():.2f}", counts)
    return table


def cost() -> str:
    """Return seconds for a usual micrograph, over those of the transforms alone."""
    level = np.random.default_rng(0).standard_normal((4096, 4096), dtype=np.float32)
    tiles = torch.randn(31, 256, 256)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        measure_ice(level, pixel_size=1.0)
        middle = time.perf_counter()
        for _ in range(31):
            torch.fft.rfft2(tiles)
        times.append((middle - start, time.perf_counter() - middle))
    whole, alone = (statistics.median(column) for column in zip(*times, strict=True))
    return f"4096² px at 1 Å/px, one core: {whole:.2f} s = {whole / alone:.1f} of the transforms alone"


if __name__ == "__main__":
    main()
