"""Show what correcting five micrographs in the review page teaches: mask, correct, tune, mask again.

    python -m benchmarks.corrections LABELLED --source 10947 --scratch DIR [--count 5 --draws 3 --seeds 2]

The commands are the real ones: `cryoice mask`, `cryoice finetune --corrections`, `cryoice mask --model`. The
reviewer is a script that knows the labels by hand (`benchmarks.reviewer`). Each draw
corrects other micrographs of the source, always one with artifacts among them. Figures are of any artifact
against clean film, as in `benchmarks.labelled`, and of contamination alone against clean film, from the score
maps and masks that the commands wrote, on the micrographs of the source that were not corrected, and on those
of all other sources: what is forgotten. What is made lies in --scratch; stopped, the same command continues.
"""

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from rich.console import Console
from rich.table import Table

from benchmarks.finetune import draw, figures
from benchmarks.labelled.data import MIRRORED, LabelledMicrograph, read_labelled
from benchmarks.labelled.metrics import areas
from benchmarks.labelled.tally import ANY, Tally, tally
from benchmarks.reviewer import command, review, write_corrections
from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.experiment import finetune
from cryoice.files.picture import read_picture
from cryoice.mask.score_map import ScoreMap
from cryoice.project.mask_folder import Masked, MaskFolder


@dataclass(frozen=True)
class Bench:
    """What all draws share: micrographs with labels by name, their files and whole labels."""

    micrographs: Sequence[LabelledMicrograph]
    paths: Mapping[str, Path]
    labels: Mapping[str, UInt8[np.ndarray, "rows columns"]]
    scratch: Path

    @classmethod
    def read(cls, folder: Path, scratch: Path) -> "Bench":
        """Read `read_labelled`'s micrographs and, for the reviewer, their labels up to the outlines."""
        micrographs = list(read_labelled(folder, angpix={}))
        paths, labels = {}, {}
        with (folder / "index.csv").open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                path, whole = folder / row["image"], read_picture(folder / row["label"]).astype(np.uint8)
                paths[path.stem], labels[path.stem] = path, whole[::-1] if MIRRORED in row["note"] else whole
        return cls(micrographs, paths, labels, scratch)

    def masked(self, name: str, *flags: str) -> dict[str, Masked]:
        """Mask all micrographs, those of one pixel size at once, and return them by stem."""
        found: dict[str, Masked] = {}
        for size in sorted({one.pixel_size for one in self.micrographs}):
            output = self.scratch / name / f"{size:g}"
            own = [str(self.paths[one.name]) for one in self.micrographs if one.pixel_size == size]
            command("mask", *own, "--angpix", f"{size:g}", "-o", str(output), "--no-overlay", *flags)
            found |= {one.stem: one for one in MaskFolder.read(output).masked}
        return found

    def tallies(self, masked: Mapping[str, Masked]) -> dict[str, Tally]:
        """Count the pixels of each micrograph that has labels, by name."""
        return counted(self.micrographs, masked)


def counted(micrographs: Iterable[LabelledMicrograph], masked: Mapping[str, Masked]) -> dict[str, Tally]:
    """Count the pixels of each micrograph that has labels, by name."""
    found = {}
    for one in micrographs:
        mask, score = masked[one.name].read()
        scores = ScoreMap(np.stack([1 - score, score]), ("clean", "any artifact"), (1.0, 1.0))
        if (pixels := tally(one, scores, mask)) is not None:
            found[one.name] = pixels
    return found


def main() -> None:
    """Correct and tune for each draw and seed, and print what it changed."""
    arguments = _arguments()
    out = Console(width=150)
    try:
        share_rehearsal(arguments.scratch)
        bench = Bench.read(arguments.labelled, arguments.scratch)
        rows = list(_trials(bench, arguments))
    except InputError as error:
        sys.exit(str(error))
    headings = ("draw", "seed", "corrections", "measured on", "n", *rows[0][-1])
    table = Table(*headings, title=f"{arguments.count} corrected micrographs of {arguments.source}")
    for *facts, pairs in rows:
        cells = (f"{before:.3f} → {after:.3f}" for before, after in pairs.values())
        table.add_row(*map(str, facts), *cells)
    out.print(table)
    for where, key in product(dict.fromkeys(row[3] for row in rows), ("AP", "AP of contamination")):
        gains = [
            after - before for *_, place, _, pairs in rows if place == where for before, after in [pairs[key]]
        ]
        spread = np.std(gains, ddof=1) if len(gains) > 1 else np.nan
        told = f"{np.mean(gains):+.3f} ± {spread:.3f} (mean, standard deviation of {len(gains)})"
        out.print(f"{where}: {key} {told}, least {min(gains):+.3f}")


def share_rehearsal(scratch: Path) -> None:
    """Keep the simulated micrographs that every tuning rehearses; they are the same for all."""
    scratch.mkdir(parents=True, exist_ok=True)
    tune, cache = finetune.finetune, str(scratch.resolve() / "cache")
    finetune.finetune = lambda output, values: tune(output, {**values, "cache": cache})


def _trials(
    bench: Bench, arguments: argparse.Namespace
) -> Iterator[tuple[int, int, str, str, int, dict[str, tuple[float, float]]]]:
    first = bench.masked("before")
    before = bench.tallies(first)
    for seed, number in product(range(arguments.seeds), range(arguments.draws)):
        chosen = draw(bench.micrographs, arguments.source, arguments.count, seed=number)
        rows = [row for stem in chosen for row in review(first[stem], bench.labels[stem])]
        corrections = bench.scratch / f"corrections{number}.csv"
        write_corrections(corrections, rows)
        tuned, name = bench.scratch / f"tuned{number}_{seed}.safetensors", f"after{number}_{seed}"
        masks, size = first[chosen[0]].mask.parent, f"{first[chosen[0]].pixel_size:g}"
        paths = [str(bench.paths[stem]) for stem in chosen]
        flags = ("--masks", str(masks), "--corrections", str(corrections), "--angpix", size)
        if not tuned.exists():
            command("finetune", *paths, *flags, "-o", str(tuned), "--seed", str(seed))
        after = bench.tallies(bench.masked(name, "--model", str(tuned)))
        for where, names in _places(after, arguments.source, chosen).items():
            pair = [measured([tallies[one] for one in names]) for tallies in (before, after)]
            pairs = {key: (pair[0][key], pair[1][key]) for key in pair[0]}
            print(number, seed, where, pairs, file=sys.stderr, flush=True)
            yield number, seed, f"{len(rows)}", where, len(names), pairs


def measured(tallies: Sequence[Tally]) -> dict[str, float]:
    """Return the figures of any artifact, and how well its score parts contamination from clean film."""
    histograms = np.stack([one.histograms[ANY] for one in tallies]).sum(axis=0)
    contamination = histograms[[CLASSES.index("contamination")]]
    _, precision = areas(contamination, histograms[[CLASSES.index("clean")]])
    return figures(tallies) | {"AP of contamination": float(precision[0])}


def _places(tallies: Mapping[str, Tally], source: str, chosen: Sequence[str]) -> dict[str, list[str]]:
    sure = [name for name, one in tallies.items() if not one.doubtful and name not in chosen]
    own = [name for name in sure if tallies[name].source == source]
    return {f"rest of {source}": own, "other sources": [name for name in sure if name not in own]}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="benchmarks.corrections",
    )
    add = parser.add_argument
    add("labelled", type=Path, help="folder with index.csv")
    add("--source", required=True, help="whose micrographs are corrected")
    add("--scratch", type=Path, required=True, metavar="DIR", help="folder for masks and weights")
    add("--count", type=int, default=5, help="micrographs corrected at once")
    add("--draws", type=int, default=3, help="choices of them")
    add("--seeds", type=int, default=2, help="trainings for each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
