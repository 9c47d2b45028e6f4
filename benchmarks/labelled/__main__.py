"""Measure how well masks agree with labels of real micrographs and with the truth of simulated ones.

    python -m benchmarks.labelled ../shared/data/labelled [--model FILE...] [--worst 10] [--overlays DIR]
    python -m benchmarks.labelled --simulated DIR...

Labels are good to a few pixels: 3 px on both sides of a boundary are left out. Every micrograph weighs
the same within a figure; a class is measured in each source that has it, against all other labels.
Doubtful labels stand apart (but crystalline micrographs are so few that the doubtful one must be found
too). AP and AUROC rank the pixels of the map (8 Å/px) by probability; IoU and shares are of the mask at
its thresholds. Scorers that need no training stand beside the network. Several models (seeds) are told
as their mean ± standard deviation, on the same micrographs.

--angpix-factor scores all micrographs again with wrong pixel sizes; those whose size is a guess may
be off by 1.5. --overlays holds pictures of the real data by the first model, the worst ones once more in
worst/: publish none.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.labelled.data import GUESSES, LabelledMicrograph, read_labelled, read_simulated
from benchmarks.labelled.estimate import Runs
from benchmarks.labelled.gates import gate_table
from benchmarks.labelled.scoring import factor_table, scored
from benchmarks.labelled.table import any_artifact, classes, crystalline
from benchmarks.labelled.worst import copy_overlays, worst, worst_table
from cryoice.errors import InputError
from cryoice.mask.model import Model, load_model
from cryoice.mask.regions import RegionSettings


def main() -> None:
    """Score every micrograph and print the tables."""
    arguments = _arguments()
    console = Console(width=arguments.width, highlight=False)
    try:
        if not all(factor > 0 for factor in arguments.angpix_factor):
            raise InputError("--angpix-factor: each must be a number above 0, such as 0.67")
        models = [load_model(path, device=arguments.device) for path in arguments.model]
        settings = RegionSettings(threshold=arguments.threshold)
        score = partial(scored, models=models, settings=settings)
        runs = score(_micrographs(arguments), compare=True, overlays=arguments.overlays)
        if not runs[0]:
            raise InputError("no labelled pixels; give a folder of labels or --simulated")
        _print_tables(console, arguments, models, runs)
        factors = {
            factor: score(_micrographs(arguments, factor=factor), compare=False, overlays=None)
            for factor in arguments.angpix_factor
        }
        if factors:
            console.print(factor_table(factors))
    except InputError as error:
        sys.exit(str(error))


def _print_tables(console: Console, arguments: argparse.Namespace, models: list[Model], runs: Runs) -> None:
    named = ", ".join(f"{model.name} ({model.digest})" for model in models)
    console.print(f"{named}; threshold {arguments.threshold:g}")
    for source in sorted(GUESSES.keys() & {tally.source for tally in runs[0]} - _sizes(arguments).keys()):
        pixel_size, reason = GUESSES[source]
        console.print(f"guessed: {source} at {pixel_size:g} Å/px ({reason})")
    for table in (any_artifact(runs), classes(runs), crystalline(runs), gate_table(runs)):
        if table.rows:
            console.print(table)
    if arguments.worst:
        listed = worst(runs[0], arguments.worst)
        console.print(worst_table(listed))
        if arguments.overlays is not None:
            copy_overlays(listed, arguments.overlays)


def _micrographs(arguments: argparse.Namespace, *, factor: float = 1.0) -> Iterator[LabelledMicrograph]:
    sizes = _sizes(arguments)
    real = read_labelled(arguments.labelled, angpix=sizes) if arguments.labelled is not None else iter(())
    every = chain(real, *(read_simulated(folder) for folder in arguments.simulated))
    for one in track(every, "Scoring", console=Console(stderr=True), transient=True):
        spectrum = one.spectrum and not arguments.context_alone
        yield replace(one, pixel_size=factor * one.pixel_size, spectrum=spectrum)


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
    add("--model", type=Path, nargs="+", default=[None], help="checkpoints or weights; default: what ships")
    add("--threshold", type=float, default=RegionSettings.threshold)
    add("--angpix", nargs="+", default=[], metavar="SOURCE=Å/px", help="instead of the index or a guess")
    add("--angpix-factor", type=float, nargs="+", default=[], metavar="F", help="such as 0.67 1 1.5")
    add("--context-alone", action="store_true", help="as if all files were 8-bit pictures: no spectra")
    add("--worst", type=int, default=0, metavar="N", help="list the N worst micrographs")
    add("--overlays", type=Path, metavar="DIR")
    add("--device", default="auto")
    add("--width", type=int, default=260, help="of the tables, in letters")
    return parser.parse_args()


if __name__ == "__main__":
    main()
