"""Show that the micrographs that `cryoice next` puts first are worth more of a reviewer's time than others.

    python -m benchmarks.next --scratch DIR [--seeds 5]
    python -m benchmarks.next --scratch DIR --large 10000

For each seed a folder like that of a session is simulated, of which half is clean and the rest of several
kinds (`KINDS`), and masked by the network that ships; `cryoice next` ranks it. The truth tells how much of
each mask is wrong: the share of its pixels whose class is not the true one. Printed is what a reviewer finds
in the first 5, 10 and 20: wrong area for each micrograph looked at, in the order of `next`, by doubt alone,
and at random (the mean of all, which is what any number of random ones finds on average); and how many kinds
other than clean are among the first five. Mean and standard deviation over seeds.

`benchmarks.next_tuning` goes on from these folders. With --large the time of `next` on so many score maps of
512 x 512 px is printed as a ratio to reading them.
"""

import argparse
import csv
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.reviewer import command
from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.mrc import read_mrc, write_mrc
from cryoice.project.mask_folder import MaskFolder
from cryoice.project.next_micrographs import next_micrographs

KINDS = {"clean": 32, "hard_negatives": 8, "contamination": 8, "crystalline": 8, "support": 8}
"""Micrographs by preset of the simulator."""

SIZE, ANGPIX = "320x384", "8"
FIRST = (5, 10, 20)
_SEEDS = 1000  # between those of kinds


@dataclass(frozen=True)
class Folder:
    """A masked folder with its truth: wrong share of each mask, in the orders of `next` and of doubt."""

    path: Path
    truth: dict[str, Path]
    wrong: dict[str, float]
    ranked: list[str]
    doubtful: list[str]

    def found(self, stems: Sequence[str]) -> float:
        """Return the mean wrong share of some masks."""
        return float(np.mean([self.wrong[stem] for stem in stems]))


def main() -> None:
    """Print what is found, or how long it takes."""
    arguments = _arguments()
    try:
        if arguments.large:
            return _time(arguments.scratch / "large", arguments.large)
        folders = [simulated_folder(arguments.scratch / str(seed), seed) for seed in range(arguments.seeds)]
    except InputError as error:
        sys.exit(str(error))
    table = Table(
        title=f"Wrong area found a micrograph looked at, %; {len(folders)} folders of {sum(KINDS.values())}"
    )
    for heading in ("looked at", "next", "by doubt alone", "at random", "next / random"):
        table.add_column(heading, justify="right")
    by_next, by_doubt = ([one.ranked for one in folders], [one.doubtful for one in folders])
    chance = [100 * one.found(one.ranked) for one in folders]
    for count in FIRST:
        ways = [
            [100 * one.found(stems[:count]) for one, stems in zip(folders, orders, strict=True)]
            for orders in (by_next, by_doubt)
        ]
        ratio = np.array(ways[0]) / chance
        table.add_row(str(count), *(_told(values) for values in (*ways, chance, ratio.tolist())))
    out = Console(width=150)
    out.print(table)
    for name, orders in (("next", by_next), ("doubt", by_doubt)):
        kinds = [len({_kind(stem) for stem in stems[:5]} - {"clean"}) for stems in orders]
        told = f"{_told(kinds)} of {len(KINDS) - 1}"
        out.print(f"kinds other than clean among the first five, by {name}: {told}")
    return None


def simulated_folder(scratch: Path, seed: int) -> Folder:
    """Simulate, mask and rank; what is there of it is left as it is."""
    micrographs, masks = scratch / "micrographs", scratch / "masks"
    micrographs.mkdir(parents=True, exist_ok=True)
    truth = {}
    for number, (kind, count) in enumerate(KINDS.items()):
        made, own = scratch / kind, str(_SEEDS * number + seed)
        flags = ("--preset", kind, "-n", str(count), "--seed", own, "--size", SIZE, "--angpix", ANGPIX)
        command("simulate", "-o", str(made), *flags, "-j", "1")
        for path in sorted(made.glob("*/micrographs/*.mrc")):
            link = micrographs / f"{kind}-{path.stem}.mrc"
            if not link.exists():
                link.symlink_to(path.resolve())
            truth[link.stem] = path.parents[1] / "ground_truth/masks" / f"{path.stem}_mask.mrc"
    command("mask", str(micrographs), "--angpix", ANGPIX, "-o", str(masks), "--no-overlay")
    command("next", str(masks), "-n", str(sum(KINDS.values())))
    wrong = {one.stem: _wrong(one.mask, truth[one.stem]) for one in MaskFolder.read(masks).masked}
    with (masks / "next.csv").open(newline="", encoding="utf-8") as stream:
        ranked = [row["stem"] for row in csv.DictReader(stream)]
    rows, _ = next_micrographs(MaskFolder.read(masks), (), count=len(ranked), track=lambda items, _: items)
    doubtful = [row.stem for row in sorted(rows, key=lambda row: -row.doubt)]
    return Folder(scratch, truth, wrong, ranked, doubtful)


def _wrong(mask: Path, truth: Path) -> float:
    found, meant = read_mrc(mask)[0], read_mrc(truth)[0]
    counted = (found != IGNORE) & (meant != IGNORE)
    return float((found != meant)[counted].mean())


def _kind(stem: str) -> str:
    return stem.partition("-")[0]


def _told(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1) if len(values) > 1 else np.nan:.2f}"


def _time(folder: Path, number: int) -> None:
    """Rank a folder of many micrographs, whose score maps are a hundred files in turn."""
    rng = np.random.default_rng(0)
    for name in range(100):
        score = rng.beta(0.2, 2 + name % 7, size=(512, 512)).astype(np.float32)
        write_mrc(folder / f"{name}_score.mrc", score, pixel_size=8.0)
    facts = ("clean", "crystalline", "contamination", "support", "other", "unsure", "iciness", "ring_density")
    columns = ("micrograph", "stem", "height", "width", "angpix", "mask", "score", "unsure_from", "unsure_to")
    with (folder / "summary.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow((*columns, *facts))
        for name in range(number):
            files = (f"m{name}_mask.mrc", f"{name % 100}_score.mrc")
            row = (f"m{name}.mrc", f"m{name}", 4096, 4096, 1.0, *files, 0.3, 0.7)
            writer.writerow((*row, *rng.random(len(facts))))
    masked = MaskFolder.read(folder)
    start = time.perf_counter()
    for one in masked.masked:
        read_mrc(one.score)
    middle = time.perf_counter()
    command("next", str(folder))
    end = time.perf_counter()
    told = (
        f"{end - middle:.1f} s, {(end - middle) / (middle - start):.2f} times the reading of their score maps"
    )
    Console(width=150).print(f"{number} micrographs ranked in {told}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="benchmarks.next"
    )
    add = parser.add_argument
    add("--scratch", type=Path, required=True, metavar="DIR", help="folder for all that is made")
    add("--seeds", type=int, default=5, help="simulated folders")
    add("--large", type=int, metavar="N", help="time the ranking of N micrographs instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()
