"""Measure how well masks agree with labels of real micrographs and with the truth of simulated ones.

    python -m benchmarks.labelled ../shared/data/labelled --simulated DIR... [--model FILE] [--overlays DIR]

Labels are good to a few pixels: 3 px on both sides of a boundary are left out. Every micrograph weighs
the same within a figure; a class is measured in the sources that have it, against all other labels.
Doubtful labels stand apart. AP and AUROC rank the pixels of the map (8 Å/px) by probability; IoU and
shares are of the mask at its thresholds. Two scorers that need no training stand beside the network:
dark blobs, and the local standard deviation. --overlays holds pictures of the real data: publish none.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.labelled.data import GUESSES, LabelledMicrograph, read_labelled, read_simulated
from benchmarks.labelled.table import any_artifact, classes
from benchmarks.labelled.tally import Tally, tally, truth_on_map
from cryoice.errors import InputError
from cryoice.files.picture import write_png
from cryoice.mask.model import Model, load_model
from cryoice.mask.regions import RegionSettings, make_mask
from cryoice.mask.score_map import ScoreMap, score_map
from cryoice.report.mask_overlay import overlay, shrunk


def main() -> None:
    """Score every micrograph and print the tables."""
    arguments = _arguments()
    console = Console(width=arguments.width)
    try:
        model = load_model(arguments.model, device=arguments.device)
        settings = RegionSettings(threshold=arguments.threshold)
        found = _micrographs(arguments)
        progress = track(found, "Scoring", console=Console(stderr=True), transient=True)
        tallies = [
            counted
            for micrograph in progress
            if (counted := judged(micrograph, model, settings, overlays=arguments.overlays)) is not None
        ]
    except InputError as error:
        sys.exit(str(error))
    if not tallies:
        sys.exit("no labelled pixels; give a folder of labels or --simulated")
    console.print(f"{model.name} ({model.digest}), threshold {settings.threshold:g}")
    if arguments.labelled is not None:
        for source in sorted(GUESSES.keys() - _sizes(arguments)):
            pixel_size, reason = GUESSES[source]
            console.print(f"guessed: {source} at {pixel_size:g} Å/px ({reason})", highlight=False)
    console.print(any_artifact(tallies))
    console.print(classes(tallies))


def judged(
    micrograph: LabelledMicrograph, model: Model, settings: RegionSettings, *, overlays: Path | None
) -> Tally | None:
    """Score and mask a micrograph, draw it where a folder is given, and count."""
    scores = score_map(
        micrograph.array, model, pixel_size=micrograph.pixel_size, spectrum=micrograph.spectrum
    )
    mask, _ = make_mask(scores, settings)
    if overlays is not None:
        folder = overlays / micrograph.source.replace(": ", "-").replace(" ", "-")
        write_png(folder / f"{micrograph.name}.png", side_by_side(micrograph, scores, mask, settings))
    return tally(micrograph, scores, mask)


def side_by_side(
    micrograph: LabelledMicrograph, scores: ScoreMap, mask: np.ndarray, settings: RegionSettings
) -> np.ndarray:
    """Draw the truth on the left, what was found on the right."""
    view = shrunk(micrograph.array, (mask.shape[0], mask.shape[1]))
    truth = truth_on_map(micrograph, mask.shape)
    pair = [
        overlay(view, shown, score, pixel_size=scores.pixel_size, low=settings.growth_limit, title=title)
        for shown, score, title in (
            (truth, np.zeros_like(scores.score), f"labels (no data: not counted) of {micrograph.name}"),
            (mask, scores.score, "found"),
        )
    ]
    tallest = max(len(picture) for picture in pair)
    padded = [np.pad(p, ((0, tallest - len(p)), (0, 8), (0, 0)), constant_values=255) for p in pair]
    return np.concatenate(padded, axis=1)


def _micrographs(arguments: argparse.Namespace) -> Iterator[LabelledMicrograph]:
    sizes = _sizes(arguments)
    real = read_labelled(arguments.labelled, angpix=sizes) if arguments.labelled is not None else iter(())
    return chain(real, *(read_simulated(folder) for folder in arguments.simulated))


def _sizes(arguments: argparse.Namespace) -> dict[str, float]:
    return dict(_size(pair) for pair in arguments.angpix)


def _size(pair: str) -> tuple[str, float]:
    source, _, value = pair.partition("=")
    try:
        return source, float(value)
    except ValueError as error:
        raise InputError(f"--angpix: {pair} must be SOURCE=Å/px, such as 10947=3.7") from error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="benchmarks.labelled"
    )
    add = parser.add_argument
    add("labelled", type=Path, nargs="?", help="folder with index.csv")
    add("--simulated", type=Path, nargs="+", default=[], metavar="DIR", help="what cryoice simulate wrote")
    add("--model", type=Path, help="checkpoint or weights; without it, the network that ships")
    add("--threshold", type=float, default=RegionSettings.threshold)
    add("--angpix", nargs="+", default=[], metavar="SOURCE=Å/px", help="instead of the index or a guess")
    add("--overlays", type=Path, metavar="DIR")
    add("--device", default="auto")
    add("--width", type=int, default=190, help="of the tables, in letters")
    return parser.parse_args()


if __name__ == "__main__":
    main()
