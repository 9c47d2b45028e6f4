"""Draw and tell what a patch's side and its channels are worth, from the sweep of one experiment.

    python train.py experiment=patch_size_study
    python -m benchmarks.patch_size outputs/sweeps/patch_size_study/* [--output docs/patch_size.png]

AUROC of true false positives against particles on clean film, over the picks of the test micrographs;
false positives by what lies under their centre. Scores are means over seeds, bounds hold 95 % of the
resamples of micrographs.
"""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from cryoice.constants import BAD, CLASSES, GOOD
from cryoice.errors import InputError
from cryoice.experiment.run import build_data
from cryoice.experiment.settings import plain_settings
from cryoice.files.mrc import read_mrc
from cryoice.learn.prepare import Prepared
from cryoice.learn.rank_metrics import ranked_areas
from cryoice.learn.synthetic import SyntheticDataModule
from cryoice.report.figures import save_figure
from cryoice.schema import register

PICK = ["entry", "micrograph", "y", "x"]
KINDS: dict[str, tuple[int, ...]] = {
    "any artifact": (1, 2, 3, 4),
    **{name: (value,) for value, name in enumerate(CLASSES) if value},
    "no particle": (0,),
}
"""What lies under a false positive: values of the truth."""
COLOURS = {"real": "#0072B2", "spectrum": "#D55E00", "real + spectrum": "#000000"}
"""Blue, vermilion and black of Okabe & Ito, by channels."""
FEWEST = 3
"""Micrographs with picks of a kind below which it is not scored."""
LEVEL = (2.5, 97.5)

Scores = dict[tuple[str, str, float], tuple[float, float, float]]


@dataclass(frozen=True)
class Job:
    """One finished training: what it saw of a pick, and what it made of the test picks."""

    channels: str
    side: float
    predictions: pd.DataFrame


def main() -> None:
    """Write the figure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sweeps", type=Path, nargs="+", help="folders of sweeps")
    parser.add_argument("--output", type=Path, default=Path("docs/patch_size.png"))
    parser.add_argument("--bootstrap", type=int, default=500, help="resamples of the test micrographs")
    options = parser.parse_args()
    register()
    try:
        jobs = read_jobs(options.sweeps)
        scores = score(jobs, draws=options.bootstrap)
        save_figure(draw(scores), options.output)
    except InputError as error:
        sys.exit(str(error))
    Console(width=160).print(table(scores, jobs))


def read_jobs(sweeps: list[Path]) -> list[Job]:
    """Read the finished jobs of sweeps over ``patch``, ``channels.use`` and ``seed``.

    Raises
    ------
    InputError
        There are none, or they did not test the same picks.
    """
    done = sorted(path.parent for sweep in sweeps for path in sweep.glob("*/predictions.csv"))
    if not done:
        raise InputError(f"{sweeps[0]}: no finished job; run python train.py experiment=patch_size_study")
    truth: pd.DataFrame | None = None
    jobs: list[Job] = []
    for folder in done:
        config = OmegaConf.load(folder / ".hydra/config.yaml")
        assert isinstance(config, DictConfig)
        settings = plain_settings(config)
        if truth is None:
            data = build_data(settings)
            assert isinstance(data, SyntheticDataModule)
            truth = under_picks(data.prepared())
        predictions = pd.read_csv(folder / "predictions.csv").merge(truth, on=PICK, validate="one_to_one")
        if jobs and not predictions[PICK].equals(jobs[0].predictions[PICK]):
            raise InputError(f"{folder}: tested other picks than {done[0]}; give sweeps of the same data")
        side = settings["patch"] * settings["pixel_size"]
        jobs.append(Job(" + ".join(settings["channels"]["use"]), side, predictions))
    return jobs


def under_picks(prepared: Prepared) -> pd.DataFrame:
    """Look up the class of the truth under every pick of simulated micrographs."""
    tables = []
    for index, picks in prepared.picks.groupby("micrograph"):
        micrograph = prepared.micrographs[int(str(index))]
        path = Path(micrograph.path)
        mask, _ = read_mrc(path.parents[1] / "ground_truth/masks" / f"{path.stem}_mask.mrc")
        row, column = picks[["row", "col"]].to_numpy().round().astype(int).T
        found = mask[row.clip(0, len(mask) - 1), column.clip(0, mask.shape[1] - 1)]
        names = {"entry": micrograph.entry, "micrograph": micrograph.name}
        tables.append(picks[["row", "col"]].set_axis(["y", "x"], axis=1).assign(**names, under=found))
    return pd.concat(tables).drop_duplicates(PICK)


def score(jobs: list[Job], *, draws: int) -> Scores:
    """Return AUROC and its bounds by kind, channels and side in Å."""
    scores: Scores = {}
    for kind, values in KINDS.items():
        picks = jobs[0].predictions
        bad = ((picks["true_label"] == BAD) & picks["under"].isin(values)).to_numpy()
        good = ((picks["true_label"] == GOOD) & (picks["under"] == 0)).to_numpy()
        unit = picks.groupby(["entry", "micrograph"]).ngroup().to_numpy()
        if len(np.unique(unit[bad])) < FEWEST:
            continue
        number = int(unit.max()) + 1
        drawn = np.random.default_rng(0).multinomial(number, np.full(number, 1 / number), size=draws)
        weights = np.concatenate([np.ones((1, number)), drawn])
        for channels, side in dict.fromkeys((job.channels, job.side) for job in jobs):
            same = [job for job in jobs if (job.channels, job.side) == (channels, side)]
            areas = [_auroc(job, bad, good, weights, unit) for job in same]
            mean = np.mean(areas, axis=0)
            low, high = np.nanpercentile(mean[1:], LEVEL)
            scores[kind, channels, side] = float(mean[0]), float(low), float(high)
    return scores


def _auroc(
    job: Job, bad: np.ndarray, good: np.ndarray, weights: np.ndarray, unit: np.ndarray
) -> Float[np.ndarray, " draws"]:
    told = bad | good
    probability = job.predictions["probability"].to_numpy()[told]
    return ranked_areas(probability, bad[told].astype(np.int64), weights, unit[told])[0]


def draw(scores: Scores) -> Figure:
    """Draw a panel for each kind, AUROC over the patch's side."""
    kinds = list(dict.fromkeys(kind for kind, _, _ in scores))
    figure = Figure(figsize=(9.5, 2.7 * -(-len(kinds) // 3)), layout="constrained")
    panels = figure.subplots(-(-len(kinds) // 3), 3, sharex=True, sharey=True, squeeze=False).flat
    for axes, kind in zip(panels, kinds, strict=False):
        _panel(axes, {key[1:]: value for key, value in scores.items() if key[0] == kind})
        axes.set_title(kind, fontsize=10)
    for axes in list(figure.axes)[len(kinds) :]:
        axes.set_axis_off()
    figure.axes[0].legend(fontsize=8, frameon=False, loc="lower right")
    figure.supxlabel("side of the patch (Å)", fontsize=10)
    figure.supylabel("AUROC against particles on clean film", fontsize=10)
    return figure


def _panel(axes: Axes, scores: dict[tuple[str, float], tuple[float, float, float]]) -> None:
    sides = sorted({side for _, side in scores})
    for channels, colour in COLOURS.items():
        own = [side for side in sides if (channels, side) in scores]
        if not own:
            continue
        value, low, high = np.array([scores[channels, side] for side in own]).T
        axes.plot(own, value, "o-", color=colour, label=channels, markersize=3.5, linewidth=1.5)
        axes.fill_between(own, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.axhline(0.5, color="0.6", linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    axes.set_xticks(sides, [f"{side:.0f}" for side in sides], fontsize=8)
    axes.minorticks_off()
    axes.tick_params(axis="y", labelsize=8)


def table(scores: Scores, jobs: list[Job]) -> Table:
    """Lay out AUROC, its bounds and the number of seeds, a side a column."""
    seeds = Counter((job.channels, job.side) for job in jobs)
    sides = sorted({side for _, side in seeds})
    shown = Table("against", "channels", *(f"{side:.0f} Å" for side in sides))
    for kind, channels in dict.fromkeys((kind, channels) for kind, channels, _ in scores):
        row = [(scores.get((kind, channels, side)), seeds[channels, side]) for side in sides]
        cells = ["–" if one is None else "{:.3f} [{:.3f}, {:.3f}] ×{}".format(*one, n) for one, n in row]
        shown.add_row(kind, channels, *cells)
    return shown


if __name__ == "__main__":
    main()
