"""Fit the calibration of a per-pixel network on labelled micrographs, and measure what it is worth.

    python -m benchmarks.calibrate ../shared/data/labelled --model IN.safetensors --out OUT.safetensors

OUT holds the same weights, and how to turn their logits into probabilities: one temperature, and a bias
per class. Biases may change the order of pixels by P(any artifact); benchmarks.labelled of OUT tells, and
--shared avoids it. All are fitted to the pixels of the maps (8 Å/px, the context alone: no evidence of
spectra) whose labels nobody doubts, 3 px around every boundary left out, every picture of the same weight.
The column "source left out" calibrates each source by what was fitted on all others: what to expect of
the next microscope. Isotonic regression of P(any artifact) stands beside it.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.calibrate.fit import PULL, TINY, Picture, fit
from benchmarks.calibrate.measure import (
    ANY,
    FITTED,
    GIVEN,
    IDENTITY,
    LEFT_OUT,
    Curves,
    by_question,
    by_source,
    curves,
    isotonic_left_out,
    left_out,
    surprise,
)
from benchmarks.labelled.data import read_labelled
from benchmarks.labelled.tally import truth_on_map
from cryoice.constants import CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.learn.weights_file import read_weights, save_weights
from cryoice.mask.calibration import KEY, Calibration
from cryoice.mask.model import Model, load_model
from cryoice.mask.score_map import score_map
from cryoice.report.figures import save_figure
from cryoice.report.reliability import plot_reliability


def main() -> None:
    """Read, fit, measure, print and write."""
    arguments = _arguments()
    console = Console(width=arguments.width)
    try:
        model = load_model(arguments.model)
        found = read_pictures(arguments.labelled, replace(model, calibration=None))
        progress = track(found, "Scoring", console=Console(stderr=True), transient=True)
        pictures = list(progress)
        calibration = fit(pictures, pull=arguments.pull, shared=arguments.shared)
        sources = dict.fromkeys(picture.source for picture in pictures)
        ways = {
            GIVEN: dict.fromkeys(sources, IDENTITY),
            FITTED: dict.fromkeys(sources, calibration),
            LEFT_OUT: left_out(pictures, pull=arguments.pull, shared=arguments.shared),
        }
        measured = {way: curves(pictures, by) for way, by in ways.items()}
        write(arguments, calibration, measured, pictures, fitted_to=model.digest)
    except InputError as error:
        sys.exit(str(error))
    console.print(f"{model.name} ({model.digest}): {asdict(calibration)}", highlight=False)
    console.print(by_question(measured))
    console.print(by_source(pictures, ways))
    nats = ", ".join(f"{way} {surprise(pictures, by):.4f}" for way, by in ways.items())
    console.print(f"negative log-likelihood, nats a pixel: {nats}", highlight=False)
    console.print(f"isotonic regression of {ANY}, source left out: ECE {isotonic_left_out(pictures):.4f}")


def read_pictures(folder: Path, model: Model) -> Iterator[Picture]:
    """Score the micrographs whose labels are sure, and keep the pixels that have one.

    Raises
    ------
    InputError
        The network does not tell our classes per pixel, or the folder holds no labels.
    """
    if model.classes != CLASSES:
        raise InputError(f"{model.name}: tells {', '.join(model.classes)}; give one of {', '.join(CLASSES)}")
    for micrograph in read_labelled(folder, angpix={}):
        if micrograph.source.endswith("(doubtful)"):
            continue
        scores = score_map(micrograph.array, model, pixel_size=micrograph.pixel_size, spectrum=False)
        truth = truth_on_map(micrograph, scores.score.shape)
        counted = (truth != IGNORE) & np.isfinite(scores.score)
        if counted.any():
            logits = np.log(np.maximum(scores.probabilities[:, counted].T, TINY))
            yield Picture(micrograph.source, micrograph.name, logits, truth[counted])


def write(
    arguments: argparse.Namespace,
    calibration: Calibration,
    measured: dict[str, Curves],
    pictures: list[Picture],
    *,
    fitted_to: str,
) -> None:
    """Write the weights with their calibration and how it came about, and the diagram if wanted."""
    state, facts = read_weights(arguments.model)
    names = [picture.source for picture in pictures]
    fitted = {
        "weights": fitted_to,
        "pull": arguments.pull,
        "shared": arguments.shared,
        "pictures": {source: names.count(source) for source in dict.fromkeys(names)},
        "ece": {way: {name: round(c.ece, 4) for name, c in found.items()} for way, found in measured.items()},
    }
    table = asdict(calibration) | {"bias": list(calibration.bias), "fitted": fitted}
    save_weights(arguments.out, state=state, facts=facts | {KEY: table})
    if arguments.figure is not None:
        panels = {
            name: {way: measured[way][name] for way in measured}
            for name in measured[GIVEN]
            if name != "clean"
        }
        title = f"{arguments.out.name}: {len(pictures)} labelled micrographs"
        save_figure(plot_reliability(panels, title=title), arguments.figure)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="benchmarks.calibrate"
    )
    add = parser.add_argument
    add("labelled", type=Path, help="folder with index.csv")
    add("--model", type=Path, required=True, help=".safetensors of a network of pixels")
    add("--out", type=Path, required=True, help="the same weights with their calibration")
    add("--pull", type=float, default=PULL, help="of the squared biases towards 0; default %(default)s")
    add("--shared", action="store_true", help="one bias for all artifacts")
    add("--figure", type=Path, metavar="PNG", help="reliability diagram")
    add("--width", type=int, default=150, help="of the tables, in letters")
    return parser.parse_args()


if __name__ == "__main__":
    main()
