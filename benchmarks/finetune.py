"""Show what a few micrographs of one's own teach: tune on some of a source, measure on its others.

    python -m benchmarks.finetune ../shared/data/labelled --cases 10947:3 smartem:2 10146:4 [--seeds 3]
    python -m benchmarks.finetune ../shared/data/labelled --cases 10146:4 --picks ../shared/data/cryoppp/10146

Each seed draws other micrographs to tune on, always one with artifacts among them, and other random numbers.
Figures are of any artifact against clean film, as in `benchmarks.labelled`, on the micrographs of the source
that were not tuned on, and on those of all other sources: what is forgotten. With --picks labels are discs
around the entry's GOOD picks and, as BAD ones, around ten places a micrograph in the labels' artifacts:
CryoPPP's own false positives lie on empty film for the most part (--bad cryoppp takes them). This is a
demonstration on labels that also validate; nothing that ships comes out of it.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.labelled.data import LabelledMicrograph, read_labelled
from benchmarks.labelled.metrics import flagged, overlap, ranking
from benchmarks.labelled.tally import ANY, Tally, tally
from cryoice.constants import CLASSES, IGNORE
from cryoice.errors import InputError
from cryoice.experiment.finetune import finetune
from cryoice.mask.model import load_model
from cryoice.mask.regions import RegionSettings, make_mask
from cryoice.mask.score_map import score_map

ARTIFACTS = list(range(1, len(CLASSES)))
PLACES = 10
"""BAD picks drawn in each micrograph with artifacts."""

Figures = dict[str, float]


def main() -> None:
    """Tune for each case and seed, and print what it changed."""
    arguments = _arguments()
    table = Table(title="Any artifact, before → after")
    for heading in ("tuned on", "seed", "measured on", "n", "AP", "AUROC", "IoU", "clean flagged"):
        table.add_column(heading, justify="left" if heading in ("tuned on", "measured on") else "right")
    try:
        found = read_labelled(arguments.labelled, angpix={})
        micrographs = [one for one in found if one.source in (arguments.sources or [one.source])]
        before = score(micrographs, arguments.model)
        for case in arguments.cases:
            source, _, count = case.partition(":")
            for seed in range(arguments.seeds):
                chosen = draw(micrographs, source, int(count), seed=seed)
                after = tuned(micrographs, chosen, arguments, seed=seed)
                for name, row in compare(micrographs, chosen, before, after).items():
                    table.add_row(f"{len(chosen)} of {source}", str(seed), name, *row)
    except InputError as error:
        sys.exit(str(error))
    Console(width=150).print(table)


def draw(micrographs: Sequence[LabelledMicrograph], source: str, count: int, *, seed: int) -> list[str]:
    """Choose names of a source, the first of one that holds an artifact."""
    rng = np.random.default_rng(seed)
    own = [one for one in micrographs if one.source == source]
    if count >= len(own):
        raise InputError(f"--cases {source}:{count}: leaves none of {len(own)} micrographs to measure on")
    names = rng.permutation([one.name for one in own]).tolist()
    bad = {one.name for one in own if np.isin(one.label, ARTIFACTS).any()}
    first = next((name for name in names if name in bad), names[0])
    return [first, *[name for name in names if name != first]][:count]


def tuned(
    micrographs: Sequence[LabelledMicrograph],
    chosen: Sequence[str],
    arguments: argparse.Namespace,
    *,
    seed: int,
) -> dict[str, Tally]:
    """Tune on some micrographs and score all the others."""
    known = {one.name: one for one in micrographs}
    paths = _paths(arguments.labelled)
    with TemporaryDirectory() as scratch:
        folder, output = Path(scratch), Path(scratch) / "tuned.safetensors"
        values = {
            "data.micrographs": [str(paths[name]) for name in chosen],
            "data.angpix": known[chosen[0]].pixel_size,
            "data.masks": None,
            "data.good": None,
            "data.bad": None,
            "init": "shipped" if arguments.model is None else str(arguments.model),
            "trainer.enable_progress_bar": False,
            "seed": seed,
        }
        if arguments.picks is None:
            for name in chosen:
                Image.fromarray(known[name].label).save(folder / f"{name}_mask.png")
            values["data.masks"] = str(folder)
        else:
            truth = arguments.picks / "ground_truth"
            values["data.good"] = str(truth / "particle_coordinates")
            values["data.bad"] = str(truth / "false_positives")
            if arguments.bad == "labels":
                values["data.bad"] = str(_bad_picks(folder, [known[name] for name in chosen], seed=seed))
        for pair in arguments.set:
            key, _, value = pair.partition("=")
            values[key] = float(value) if "." in value or "e" in value else int(value)
        finetune(output, values)
        return score([one for one in micrographs if one.name not in chosen], output)


def score(micrographs: Sequence[LabelledMicrograph], model: Path | None) -> dict[str, Tally]:
    """Return the tally of each micrograph that has labels, by its name."""
    network, found = load_model(model), {}
    for one in micrographs:
        scores = score_map(one.array, network, pixel_size=one.pixel_size, spectrum=one.spectrum)
        counted = tally(one, scores, make_mask(scores, RegionSettings())[0])
        if counted is not None:
            found[one.name] = counted
    return found


def compare(
    micrographs: Sequence[LabelledMicrograph],
    chosen: Sequence[str],
    before: dict[str, Tally],
    after: dict[str, Tally],
) -> dict[str, list[str]]:
    """Return cells of the table for the rest of the source and for all others."""
    source = next(one.source for one in micrographs if one.name == chosen[0])
    rest = [name for name, tally in after.items() if tally.source == source]
    others = [name for name in after if name not in rest and "doubtful" not in after[name].source]
    rows = {}
    for where, names in ((f"rest of {source}", rest), ("other sources", others)):
        pair = [figures([tallies[name] for name in names]) for tallies in (before, after)]
        rows[where] = [str(len(names)), *(f"{pair[0][key]:.3f} → {pair[1][key]:.3f}" for key in pair[0])]
    return rows


def figures(tallies: Sequence[Tally]) -> Figures:
    """Return AP, AUROC, IoU of any artifact and the share of clean film that is flagged."""
    weights = np.ones((1, len(tallies)))
    auroc, precision = ranking(tallies, weights, scorer=ANY)
    return {
        "AP": float(precision[0]),
        "AUROC": float(auroc[0]),
        "IoU": float(overlap(tallies, weights, values=ARTIFACTS)[0]),
        "clean flagged": float(flagged(tallies, weights, truth=[0])[0]),
    }


def _bad_picks(folder: Path, micrographs: Sequence[LabelledMicrograph], *, seed: int) -> Path:
    """Write places inside artifacts as CSV files whose rows count from the first one."""
    rng = np.random.default_rng(seed)
    target = folder / "bad"
    target.mkdir()
    for one in micrographs:
        inside = np.argwhere((one.label > 0) & (one.label < len(CLASSES)) & (one.label != IGNORE))
        if len(inside):
            scale = np.array(one.array.shape) / one.label.shape
            places = inside[rng.choice(len(inside), PLACES)] * scale
            rows = "".join(f"{column:.1f},{row:.1f}\n" for row, column in places)
            (target / f"{one.name}.csv").write_text("rlnCoordinateX,rlnCoordinateY\n" + rows)
    return target


def _paths(folder: Path) -> dict[str, Path]:
    with (folder / "index.csv").open(newline="", encoding="utf-8") as stream:
        return {(path := folder / row["image"]).stem: path for row in csv.DictReader(stream)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="benchmarks.finetune"
    )
    add = parser.add_argument
    add("labelled", type=Path, help="folder with index.csv")
    add("--cases", nargs="+", required=True, metavar="SOURCE:N", help="tune on N micrographs of a source")
    add("--sources", nargs="+", metavar="SOURCE", help="leave all other sources out")
    add("--seeds", type=int, default=3)
    add("--model", type=Path, help="weights to start from; without it, the network that ships")
    add("--picks", type=Path, metavar="ENTRY", help="CryoPPP entry whose picks are the labels")
    add("--bad", choices=("labels", "cryoppp"), default="labels", help="where BAD picks come from")
    add(
        "--set", nargs="+", default=[], metavar="KEY=NUMBER", help="other settings, such as optimizer.lr=1e-3"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
