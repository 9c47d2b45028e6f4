"""Measure how far simulated micrographs are from real ones.

    python -m benchmarks.realism --data ../shared/data --simulated 10146=DIR epu=DIR --output outputs/realism

DIR is what `cryoice simulate` wrote, at the source's pixel size. Sources are names of labelled/index.csv
or --source name=GLOB with --angpix name=Å/px. --self-test sets real against real (AUROC near 0.5) and
real against white noise (1.0). An only micrograph is quartered, with a gap, for the test on held-out
groups: its defocus is then on both sides, so its AUROC also counts what one picture has of its own.
Read the highest AUROC over bands and scorers: the network on all frequencies learns too little from a few
hundred patches to prove likeness by failing.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from benchmarks.realism.compare import Request, compare
from benchmarks.realism.data import Sample, load_labelled, load_plain, load_simulated
from cryoice.errors import InputError


def main() -> None:
    """Compare every source that has simulated micrographs, or every one named with --self-test."""
    arguments = _arguments()
    torch.set_flush_denormal(True)
    torch.set_num_threads(arguments.threads)
    try:
        for name, folder in _pairs(arguments.simulated).items():
            _compare_source(arguments, name, load_simulated(Path(folder)))
        for name in arguments.self_test:
            _compare_source(arguments, name, None, tag="real-real")
            _compare_source(arguments, name, _noise(_real(arguments, name)), tag="white-noise")
    except InputError as error:
        sys.exit(str(error))


def _compare_source(
    arguments: argparse.Namespace, name: str, simulated: list[Sample] | None, tag: str = "simulated"
) -> None:
    request = Request(
        name=f"{name}-{tag}",
        output=arguments.output,
        bands=tuple(arguments.band),
        field=arguments.field,
        patches=arguments.patches,
        epochs=arguments.epochs,
        seeds=arguments.seeds,
    )
    compare(_real(arguments, name), simulated, request, Console())


def _real(arguments: argparse.Namespace, name: str) -> list[Sample]:
    sizes = {key: float(value) for key, value in _pairs(arguments.angpix).items()}
    patterns = _pairs(arguments.source)
    if name not in patterns:
        return load_labelled(arguments.data / "labelled" / "index.csv", name, sizes.get(name))
    if name not in sizes:
        raise InputError(f"--source {name}: its pixel size is unknown; give --angpix {name}=Å/px")
    return load_plain(patterns[name], sizes[name])


def _noise(real: list[Sample]) -> list[Sample]:
    rng = np.random.default_rng(0)
    none = np.zeros((0, 2))
    return [
        Sample(
            f"noise-{sample.name}",
            rng.standard_normal(sample.array.shape, dtype=np.float32),
            sample.clean,
            sample.pixel_size,
            none,
            None,
        )
        for sample in real
    ]


def _pairs(values: list[str]) -> dict[str, str]:
    for value in values:
        if "=" not in value:
            raise InputError(f"{value}: must be name=value")
    return dict(value.split("=", 1) for value in values)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="benchmarks.realism"
    )
    add = parser.add_argument
    add("--data", type=Path, default=Path("../shared/data"), help="folder with labelled/index.csv")
    add("--simulated", nargs="+", default=[], metavar="NAME=DIR")
    add("--self-test", nargs="+", default=[], metavar="NAME")
    add("--source", nargs="+", default=[], metavar="NAME=GLOB")
    add("--angpix", nargs="+", default=[], metavar="NAME=Å/px")
    add("--output", type=Path, default=Path("outputs/realism"), help="holds pictures of the real data")
    add("--band", nargs="+", choices=("all", "low", "high"), default=["all", "low", "high"])
    add("--field", type=float, default=256.0, help="side of a patch in Å")
    add("--patches", type=int, default=400, help="of each kind")
    add("--epochs", type=int, default=12)
    add("--seeds", type=int, default=3)
    add("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
