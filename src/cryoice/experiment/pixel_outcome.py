"""The figures and numbers that a run on pixels ends with."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hydra.core.hydra_config import HydraConfig
from jaxtyping import Int
from pytorch_lightning.loggers import Logger

from cryoice.constants import CLASSES
from cryoice.experiment.outcome import current_commit
from cryoice.experiment.run_log import log_figures, log_results
from cryoice.files.atomic import replacing
from cryoice.learn.pixel_datamodule import PixelDataModule
from cryoice.learn.pixel_dataset import PixelDataset
from cryoice.learn.segmenter import Segmenter
from cryoice.report.curves import plot_curves, read_history
from cryoice.report.figures import save_figure
from cryoice.report.pixel_figures import PredictedMicrograph, plot_class_confusion, plot_predictions
from cryoice.report.results import NETWORK, MetricsJson, Monitored

SHOWN = 12
"""Micrographs in the figure of predictions."""

Table = Int[np.ndarray, "classes classes"]


def report_pixels(
    module: Segmenter,
    data: PixelDataModule,
    settings: Mapping[str, Any],
    loggers: list[Logger],
    *,
    run_dir: Path,
    monitor: Monitored | None,
) -> None:
    """Write metrics.json, metrics.md and figures/ for a module just tested."""
    dataset, tables = data.datasets["test"], module.confusions().numpy()
    ranks = {name: float(module.trainer.callback_metrics[f"test/{name}"]) for name in ("auroc", "ap", "loss")}
    owners = np.array([dataset.name(index)[0] for index in range(len(dataset))])
    sets = {str(name): _json(class_scores(tables[owners == name].sum(axis=0))) for name in np.unique(owners)}
    results = {
        "name": settings["name"],
        "task": settings["task"],
        "commit": current_commit(),
        "seed": settings["seed"],
        "overrides": list(HydraConfig.get().overrides.task),
        "monitor": monitor,
        "n_micrographs": len(dataset),
        "test": {"label": {NETWORK: _json(ranks | class_scores(tables.sum(axis=0)))}},
        "per_entry": {"label": sets},
    }
    _write(results, run_dir)
    log_results(loggers, results)
    _report_figures(module, dataset, tables.sum(axis=0), loggers, run_dir=run_dir)


def class_scores(table: Table) -> dict[str, float]:
    """Return scores of a confusion of pixels, labels along its rows; NaN where a class has no pixels.

    ``iou_<class>``: called and labelled so, over called or labelled so; ``miou`` their mean;
    ``false_alarms``: share of clean pixels called an artifact; ``accuracy`` and ``f1`` of artifact
    (any class) against clean.
    """
    both = np.diag(table).astype(float)
    either = table.sum(axis=0) + table.sum(axis=1) - both
    held = table.sum(axis=1) > 0
    overlap = np.where(held, both / np.maximum(either, 1), math.nan)
    clean, total = table[0].sum(), table.sum()
    found, missed, wrong = table[1:, 1:].sum(), table[1:, 0].sum(), table[0, 1:].sum()
    return {f"iou_{name}": float(value) for name, value in zip(CLASSES, overlap, strict=True)} | {
        "miou": float(np.mean(overlap[held])) if held.any() else math.nan,
        "false_alarms": float(wrong / clean) if clean else math.nan,
        "accuracy": float((found + table[0, 0]) / total) if total else math.nan,
        "f1": float(2 * found / (2 * found + missed + wrong)) if found + missed else math.nan,
    }


def _json(scores: Mapping[str, float]) -> MetricsJson:
    return {
        name: {"estimate": value if math.isfinite(value) else None, "low": None, "high": None}
        for name, value in scores.items()
    }


def _write(results: Mapping[str, Any], run_dir: Path) -> None:
    with replacing(run_dir / "metrics.json") as path:
        path.write_text(json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    whole = {"all": results["test"]["label"][NETWORK]}
    rows = whole | results["per_entry"]["label"]
    names = list(whole["all"])
    lines = [f"# {results['name']}", "", f"{results['n_micrographs']} simulated test micrographs.", ""]
    lines += [f"| set | {' | '.join(names)} |", f"| :-- |{' --: |' * len(names)}"]
    for row, scores in rows.items():
        values = (scores.get(name, {}).get("estimate") for name in names)
        lines.append(f"| {row} | {' | '.join('–' if v is None else f'{v:.3f}' for v in values)} |")
    with replacing(run_dir / "metrics.md") as path:
        path.write_text("\n".join(lines) + "\n")


def _report_figures(
    module: Segmenter, dataset: PixelDataset, table: Table, loggers: list[Logger], *, run_dir: Path
) -> None:
    module.eval()  # Lightning gives it back as it was before the test
    chosen = np.linspace(0, len(dataset) - 1, min(SHOWN, len(dataset))).round().astype(int).tolist()
    pictures = [_predicted(module, dataset, index) for index in chosen]
    figures = {
        "a_predictions": plot_predictions(pictures, title="Simulated test micrographs"),
        "b_confusion": plot_class_confusion(table),
        "c_curves": plot_curves(read_history(run_dir), classes=len(CLASSES)),
    }
    paths = {name: run_dir / "figures" / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        save_figure(figure, paths[name])
    log_figures(loggers, paths)


def _predicted(module: Segmenter, dataset: PixelDataset, index: int) -> PredictedMicrograph:
    item = dataset[index]
    view = item["view"].float()
    with torch.inference_mode():
        probabilities = module(view[None].to(module.device)).softmax(dim=1)[0]
    return PredictedMicrograph(
        title="/".join(dataset.name(index)),
        view=view.numpy(),
        truth=item["mask"].numpy(),
        probabilities=probabilities.cpu().numpy(),
    )
