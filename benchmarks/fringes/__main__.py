"""Inject Bragg fringes into clean real micrographs and measure how well they are found.

    python -m benchmarks.fringes ../shared/data/labelled [--seeds 3] [--strength 1] [--model FILE]

Real micrographs of up to 1.5 Å/px are cut into cells of 256 Å that lie in film labelled clean. Half of each
micrograph's cells, drawn at random, get three pairs of Friedel mates: cosines of random direction and
phase, each of 3.90, 3.67 or 3.44 Å and of amplitude 0.02·√(dose·pixel_size²) σ at 45 e/Å², with σ the
standard deviation of the cell's pixels. A Tukey window (32 Å on each side) fades them at the cell's edge.

AUROC ranks the cells by the mean over their pixels, on the map of 8 Å/px, of the evidence alone and of
P(crystalline) with and without it. A cell is flagged where the mask calls half of it crystalline: found
are those with fringes, false those without beside them, clean those of the micrographs as they are. Area
is the share of these micrographs' clean film that the mask calls an artifact with the evidence, without it.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from benchmarks.fringes.inject import CELL, clean_cells, with_fringes
from benchmarks.labelled.data import LabelledMicrograph, read_labelled
from benchmarks.labelled.tally import truth_on_map
from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.mask.crystal_evidence import over_map
from cryoice.mask.model import Model, load_model
from cryoice.mask.regions import RegionSettings, make_mask
from cryoice.mask.score_map import score_level
from cryoice.signal.ice_map import measure_ice
from cryoice.signal.views import levelled

COARSEST = 1.5
CRYSTALLINE = CLASSES.index("crystalline")
SCORES = ("evidence", "with", "without")


@dataclass(frozen=True)
class Cells:
    """What was found in the cells of one micrograph.

    Attributes
    ----------
    scores
        By `SCORES`: mean over each cell.
    flagged
        Whether the mask calls half of the cell crystalline.
    area
        Share of its film labelled clean that the mask calls an artifact, with and without the evidence.
    """

    scores: dict[str, Float64[np.ndarray, " cells"]]
    flagged: Bool[np.ndarray, " cells"]
    area: tuple[float, float]


def main() -> None:
    """Print one row a source, over all seeds."""
    arguments = _arguments()
    torch.set_num_threads(1)
    try:
        model = load_model(arguments.model, device="cpu")
        found = [
            micrograph
            for micrograph in read_labelled(arguments.labelled, angpix={})
            if micrograph.spectrum and micrograph.pixel_size <= COARSEST
        ]
    except InputError as error:
        sys.exit(str(error))
    table = Table(
        "source", "cells", *(f"AUROC {name}" for name in SCORES), "found", "false", "clean", "area %"
    )
    table.caption = "mean (least-largest) of the seeds; area: median and worst micrograph, with and without"
    for source in sorted({micrograph.source for micrograph in found}):
        own = [micrograph for micrograph in found if micrograph.source == source]
        table.add_row(source, *_row(own, model, seeds=arguments.seeds, strength=arguments.strength))
    console = Console(width=150)
    console.print(f"{model.name} ({model.digest}), {arguments.seeds} seeds, strength {arguments.strength:g}")
    console.print(table)


def _row(micrographs: list[LabelledMicrograph], model: Model, *, seeds: int, strength: float) -> list[str]:
    places = [clean_cells(micrograph) for micrograph in micrographs]
    plain = [judged(micrograph, own, model) for micrograph, own in zip(micrographs, places, strict=True)]
    figures = []
    for seed in range(seeds):
        truth, cells = [], []
        for number, (micrograph, own) in enumerate(zip(micrographs, places, strict=True)):
            rng = np.random.default_rng([seed, number])
            chosen = rng.permutation(len(own)) < len(own) // 2
            array = with_fringes(micrograph, own[chosen], rng, strength=strength)
            truth.append(chosen)
            cells.append(judged(replace(micrograph, array=array), own, model))
        figures.append(_figures(np.concatenate(truth), cells))
    columns = [_spread(column) for column in zip(*figures, strict=True)]
    false = np.concatenate([cells.flagged for cells in plain]).mean()
    areas = 100 * np.array([cells.area for cells in plain])
    area = ", ".join(f"{np.median(column):.2f} (worst {column.max():.2f})" for column in areas.T)
    return [str(sum(map(len, places))), *columns, f"{false:.4f}", area]


def _figures(truth: Bool[np.ndarray, " cells"], cells: list[Cells]) -> list[float]:
    flagged = np.concatenate([own.flagged for own in cells])
    aurocs = [
        float(roc_auc_score(truth, np.concatenate([own.scores[name] for own in cells]))) for name in SCORES
    ]
    return [*aurocs, float(flagged[truth].mean()), float(flagged[~truth].mean())]


def _spread(values: tuple[float, ...]) -> str:
    return f"{np.mean(values):.4f} ({min(values):.4f}-{max(values):.4f})"


def judged(micrograph: LabelledMicrograph, corners: Float64[np.ndarray, "cells 2"], model: Model) -> Cells:
    """Score a micrograph as `cryoice mask` does, and its cells."""
    level, pixel_size = levelled(micrograph.array), micrograph.pixel_size
    ice = measure_ice(level, pixel_size=pixel_size).map
    assert ice is not None
    scores = score_level(level, model, pixel_size=pixel_size, ice=ice)
    alone = score_level(level, model, pixel_size=pixel_size)
    mask, without = (make_mask(found, RegionSettings())[0] for found in (scores, alone))
    clean = truth_on_map(micrograph, mask.shape) == 0
    index = scores.classes.index("crystalline")
    maps = (
        over_map(ice.values, ice, mask.shape, pixel_size=scores.pixel_size),
        scores.probabilities[index],
        alone.probabilities[index],
    )
    means = {
        name: _means(values, corners, scores.pixel_size, pixel_size)
        for name, values in zip(SCORES, maps, strict=True)
    }
    flagged = _means(mask == CRYSTALLINE, corners, scores.pixel_size, pixel_size) > 0.5
    return Cells(means, flagged, (float((mask[clean] > 0).mean()), float((without[clean] > 0).mean())))


def _means(
    values: Float32[np.ndarray, "h w"] | Bool[np.ndarray, "h w"],
    corners: Float64[np.ndarray, "cells 2"],
    map_size: tuple[float, float],
    pixel_size: float,
) -> Float64[np.ndarray, " cells"]:
    """Average a map over cells whose corners are px of the micrograph."""
    sides = np.array([CELL / step for step in map_size])
    firsts = corners * pixel_size / np.array(map_size)
    lasts = firsts + sides
    bounds = np.rint(np.concatenate([firsts, lasts], axis=1)).astype(int)
    return np.array([values[top:bottom, left:right].mean() for top, left, bottom, right in bounds])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="benchmarks.fringes"
    )
    parser.add_argument("labelled", type=Path, help="folder with index.csv")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--strength", type=float, default=1.0, help="times the usual amplitude")
    parser.add_argument(
        "--model", type=Path, help="checkpoint or weights; without it, the network that ships"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
