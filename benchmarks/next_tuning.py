"""Show what is learnt from the five micrographs that `cryoice next` puts first, against five at random.

    python -m benchmarks.next_tuning --scratch DIR [--seeds 3]

The simulated folders are those of `benchmarks.next`. A script that knows the truth corrects the masks
(`benchmarks.reviewer`), `cryoice finetune --corrections` learns from them and `cryoice mask` masks all again.
Measured is any artifact against clean film on the micrographs of the folder that are in neither five, the
same for both. Mean and standard deviation over folders.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.corrections import counted, measured, share_rehearsal
from benchmarks.labelled.data import LabelledMicrograph, without_boundaries
from benchmarks.next import ANGPIX, Folder, simulated_folder
from benchmarks.reviewer import command, review, write_corrections
from cryoice.errors import InputError
from cryoice.files.micrograph import read_micrograph
from cryoice.files.mrc import read_mrc
from cryoice.project.mask_folder import MaskFolder

COUNT = 5


def main() -> None:
    """Tune on both fives of each folder and print what is gained."""
    arguments = _arguments()
    rows = []
    try:
        share_rehearsal(arguments.scratch)
        for seed in range(arguments.seeds):
            folder = simulated_folder(arguments.scratch / str(seed), seed)
            rows.append(_figures(folder, seed))
            print(seed, rows[-1], file=sys.stderr, flush=True)
    except InputError as error:
        sys.exit(str(error))
    table = Table(
        "folder", "tested on", *rows[0][1], title=f"AP of any artifact; {COUNT} corrected micrographs"
    )
    for seed, (number, figures) in enumerate(rows):
        table.add_row(str(seed), str(number), *(f"{value:.3f}" for value in figures.values()))
    out = Console(width=150)
    out.print(table)
    for name in ("next", "random"):
        out.print(f"{name} - before: {_gain(rows, name, 'before')}")
    out.print(f"next - random: {_gain(rows, 'next', 'random')}")


def _figures(folder: Folder, seed: int) -> tuple[int, dict[str, float]]:
    """Return the number of micrographs tested on, and AP before and after."""
    drawn = np.random.default_rng(seed).permutation(folder.ranked)[:COUNT].tolist()
    fives = {"next": folder.ranked[:COUNT], "random": drawn}
    tested = [_labelled(folder, stem) for stem in folder.ranked if stem not in {*drawn, *fives["next"]}]
    masks = {"before": folder.path / "masks"}
    masks |= {name: _tuned(folder, name, stems, seed) for name, stems in fives.items()}
    found = {}
    for name, place in masks.items():
        masked = {one.stem: one for one in MaskFolder.read(place).masked}
        found[name] = measured(list(counted(tested, masked).values()))["AP"]
    return len(tested), found


def _tuned(folder: Folder, name: str, stems: Sequence[str], seed: int) -> Path:
    """Correct the masks of some micrographs, learn from them, and mask all of the folder again."""
    masked = {one.stem: one for one in MaskFolder.read(folder.path / "masks").masked}
    truth = {stem: read_mrc(folder.truth[stem])[0].astype(np.uint8) for stem in stems}
    corrections, weights = (folder.path / f"{name}{end}" for end in (".csv", ".safetensors"))
    write_corrections(corrections, (row for stem in stems for row in review(masked[stem], truth[stem])))
    micrographs, given = folder.path / "micrographs", ("--angpix", ANGPIX)
    if not weights.exists():
        paths = [str(micrographs / f"{stem}.mrc") for stem in stems]
        flags = ("--masks", str(folder.path / "masks"), "--corrections", str(corrections))
        command("finetune", *paths, *flags, *given, "-o", str(weights), "--seed", str(seed))
    output = folder.path / f"masks_{name}"
    command("mask", str(micrographs), *given, "--model", str(weights), "-o", str(output), "--no-overlay")
    return output


def _labelled(folder: Folder, stem: str) -> LabelledMicrograph:
    return LabelledMicrograph(
        source="simulated: folder",
        name=stem,
        array=read_micrograph(folder.path / "micrographs" / f"{stem}.mrc").array,
        label=without_boundaries(read_mrc(folder.truth[stem])[0].astype(np.uint8)),
        pixel_size=float(ANGPIX),
        spectrum=True,
    )


def _gain(rows: Sequence[tuple[int, dict[str, float]]], name: str, over: str) -> str:
    gains = [figures[name] - figures[over] for _, figures in rows]
    spread = np.std(gains, ddof=1) if len(gains) > 1 else np.nan
    return f"{np.mean(gains):+.3f} ± {spread:.3f} (least {min(gains):+.3f}, most {max(gains):+.3f})"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="benchmarks.next_tuning",
    )
    add = parser.add_argument
    add("--scratch", type=Path, required=True, metavar="DIR", help="folder for all that is made")
    add("--seeds", type=int, default=3, help="simulated folders")
    return parser.parse_args()


if __name__ == "__main__":
    main()
