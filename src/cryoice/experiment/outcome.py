"""The figures and numbers that every run ends with."""

import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from matplotlib.figure import Figure
from pytorch_lightning.loggers import Logger

from cryoice.constants import BAD
from cryoice.experiment.run_log import log_figures, log_results, log_samples, wandb_loggers
from cryoice.experiment.suspects import report_suspects
from cryoice.experiment.wandb_tables import choose_patches, log_evaluation, log_test_patches
from cryoice.files.atomic import replacing
from cryoice.learn.baselines import baseline_probabilities
from cryoice.learn.classifier import PatchClassifier
from cryoice.learn.datamodule import CryoPPPDataModule
from cryoice.learn.dataset import PatchDataset
from cryoice.learn.evaluation import Spectra, baseline_features, high_frequency_scores, prediction_table
from cryoice.learn.view import make_channels
from cryoice.report.curves import plot_curves, plot_performance, read_history
from cryoice.report.figures import plot_patches, plot_samples, save_figure
from cryoice.report.micrographs import plot_picks
from cryoice.report.results import Monitored, Results, build_results
from cryoice.report.tables import write_results

log = logging.getLogger(__name__)

BASELINES = ("majority", "iciness", "logistic")
"""Names of `learn.baselines.baseline_probabilities`."""

SHOWN = 12
"""Patches in a gallery."""

NOMINAL_DIAMETER = 100.0
"""Circle in px of the micrograph as stored, where no file tells the particle's diameter."""


def report_patches(
    module: PatchClassifier,
    data: CryoPPPDataModule,
    settings: Mapping[str, Any],
    loggers: list[Logger],
    *,
    run_dir: Path,
    monitor: Monitored | None,
) -> Results:
    """Write metrics.json, metrics.md, predictions.csv, figures/ and suspects for a module just tested.

    Without baselines, figures and suspects where ``settings["report"]`` is ``scores``.
    """
    full = settings.get("report", "full") == "full"
    _, probability = module.predictions()
    predictions = prediction_table(data.datasets["test"], probability)
    with replacing(run_dir / "predictions.csv") as path:
        predictions.to_csv(path, index=False)
    spectra = Spectra.of(settings["channels"], patch=settings["patch"], pixel_size=settings["pixel_size"])
    results = build_results(
        predictions,
        _baselines(data, spectra, seed=settings["seed"]) if full else dict.fromkeys(BASELINES),
        name=settings["name"],
        commit=current_commit(),
        seed=settings["seed"],
        overrides=list(HydraConfig.get().overrides.task),
        dropped=data.dropped,
        n_bootstrap=settings["bootstrap"],
        monitor=monitor,
    )
    log_results(loggers, results)
    shown = settings["logger"].get("table", 0)
    log_evaluation(loggers, predictions, results)
    if full:
        _report_figures(module, data, predictions, spectra, loggers, run_dir=run_dir)
        report_suspects(predictions, data, loggers, run_dir=run_dir, rows=shown)
        if wandb_loggers(loggers) and shown:
            chosen, why = choose_patches(predictions, shown, seed=settings["seed"])
            channels = _channels(module, data.datasets["test"], chosen)
            log_test_patches(loggers, predictions.iloc[chosen], channels, chosen_as=why)
    write_results(results, run_dir)  # last: it says that the run is done
    return results


def _baselines(data: CryoPPPDataModule, spectra: Spectra, *, seed: int) -> dict[str, Any]:
    """Return the baselines' probabilities, None where there is no training split to fit them on."""
    if "train" not in data.datasets:
        return dict.fromkeys(BASELINES)
    train, test = (baseline_features(data.loader(split), spectra) for split in ("train", "test"))
    return dict(baseline_probabilities(train, test, seed=seed))


def _report_figures(
    module: PatchClassifier,
    data: CryoPPPDataModule,
    predictions: pd.DataFrame,
    spectra: Spectra,
    loggers: list[Logger],
    *,
    run_dir: Path,
) -> None:
    dataset = data.datasets["test"]
    samples = _samples(module, dataset, predictions)
    label, probability = samples["label"], samples["probability"]
    figures = {
        "a_micrograph": _micrograph(dataset, predictions, data.prepared().diameters),
        "b_false_positives": _false_positives(data, spectra),
        "c_samples": plot_samples(samples["real"], samples["spectrum"], label, probability),
        "d_performance": plot_performance(predictions),
        "e_curves": plot_curves(read_history(run_dir)),
    }
    paths = {name: run_dir / "figures" / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        save_figure(figure, paths[name])
    log_figures(loggers, paths)
    captions = [f"{'BAD' if y else 'GOOD'} {p:.2f}" for y, p in zip(label, probability, strict=True)]
    log_samples(loggers, {name: samples[name] for name in ("real", "spectrum")}, captions=captions)


def _micrograph(dataset: PatchDataset, predictions: pd.DataFrame, diameters: list[float | None]) -> Figure:
    """Figure A: the micrograph with the most false positives, as labelled and as the network sees it."""
    false_positives = dataset.picks[dataset.picks["label"] == BAD]
    index = int(false_positives["micrograph"].mode()[0])
    micrograph, own = dataset.micrographs[index], dataset.picks[dataset.picks["micrograph"] == index]
    view = micrograph.real
    return plot_picks(
        np.asarray(view.open(), dtype=np.float32),
        view.positions(own[["row", "col"]].to_numpy(dtype=np.float64)),
        own["label"].to_numpy(),
        diameter_px=float((diameters[index] or NOMINAL_DIAMETER) * view.scale[1]),
        pixel_size=view.pixel_size,
        probability=predictions["probability"].to_numpy()[own.index],
        title=f"{micrograph.entry}/{micrograph.name}",
    )


def _false_positives(data: CryoPPPDataModule, spectra: Spectra) -> Figure:
    """Figure B: the test split's false positives with the highest high-frequency scores."""
    dataset, scores = data.datasets["test"], high_frequency_scores(data.loader("test"), spectra)
    bad = np.flatnonzero(dataset.picks["label"].to_numpy() == BAD)
    chosen = bad[np.argsort(-scores[bad], kind="stable")][:SHOWN]
    patches = dataset.__getitems__(chosen.tolist())["real"].float().numpy()
    return plot_patches(
        patches, scores[chosen], title="False positives with the highest high-frequency scores"
    )


def _samples(
    module: PatchClassifier, dataset: PatchDataset, predictions: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Figure C: test patches spread evenly over the network's scores, both channels."""
    order = np.argsort(predictions["probability"].to_numpy(), kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(int)]
    rows = predictions.iloc[chosen]
    return _channels(module, dataset, chosen) | {
        "label": rows["label"].to_numpy(),
        "probability": rows["probability"].to_numpy(),
    }


def _channels(module: PatchClassifier, dataset: PatchDataset, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """Return the real patches and the spectra of some test patches, whichever the network uses."""
    batch = dataset.__getitems__(chosen.tolist())
    options = dict(module.hparams["channels"]) | {"use": ["real", "spectrum"]}
    channels = make_channels(batch, **options, patch=module.hparams["patch"]).numpy()
    return {"real": channels[:, 0], "spectrum": channels[:, 1]}


def current_commit() -> str | None:
    """Return the version of the code, None outside a repository."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
