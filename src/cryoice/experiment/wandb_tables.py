"""What a test found, as W&B's own charts and tables, to be overlaid, sorted and filtered across runs.

Every function does nothing without a W&B run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from pytorch_lightning.loggers import Logger

from cryoice.constants import BAD, GOOD
from cryoice.experiment.run_log import grey, wandb_loggers
from cryoice.learn.metrics import METRICS
from cryoice.report.reliability import Reliability
from cryoice.report.results import Results

ROC, PRECISION_RECALL = "charts/roc", "charts/precision_recall"
CONFUSION, CALIBRATION = "charts/confusion", "charts/calibration"
TEST_PATCHES, PER_ENTRY, SUSPECTS = "tables/test_patches", "tables/per_entry", "tables/suspects"

_NAMES = {GOOD: "GOOD", BAD: "BAD"}
_BOUNDED = ("auroc", "auprc")
_PLACE = ("entry", "micrograph", "y", "x", "label", "true_label", "score")


def log_evaluation(loggers: Sequence[Logger], predictions: pd.DataFrame, results: Results) -> None:
    """Add what every report has: curves, confusion, calibration, the table of entries."""
    log_curves(loggers, predictions)
    for logger in wandb_loggers(loggers):
        logger.experiment.log({PER_ENTRY: _table(entry_rows(results, predictions))})


def log_suspects(loggers: Sequence[Logger], suspects: pd.DataFrame, *, rows: int) -> None:
    """Add the first of the suspect labels as ``tables/suspects``."""
    for logger in wandb_loggers(loggers):
        logger.experiment.log({SUSPECTS: _table(suspects.head(rows))})


def log_curves(loggers: Sequence[Logger], predictions: pd.DataFrame) -> None:
    """Add calibration, ROC, precision-recall and confusion matrix as W&B's own charts, which overlay.

    The last three are left out where ``label`` holds one class only: none of them exists.
    """
    for logger in wandb_loggers(loggers):
        import wandb

        plot: Any = wandb.plot  # its annotations refuse the arrays that its documentation asks for
        label = predictions["label"].to_numpy(np.int64)
        bad = predictions["probability"].to_numpy(np.float64)
        bins = _table(calibration_rows(predictions))
        charts = {CALIBRATION: plot.line(bins, x="predicted", y="observed", title="Calibration")}
        if len(np.unique(label)) > 1:
            both, names = np.stack([1 - bad, bad], axis=1), list(_NAMES.values())
            shown = {"labels": names, "classes_to_plot": [BAD]}
            called = (bad > 0.5).astype(np.int64).tolist()
            charts |= {
                ROC: plot.roc_curve(label, both, **shown),
                PRECISION_RECALL: plot.pr_curve(label, both, **shown),
                CONFUSION: plot.confusion_matrix(y_true=label.tolist(), preds=called, class_names=names),
            }
        logger.experiment.log(charts)


def log_test_patches(
    loggers: Sequence[Logger],
    predictions: pd.DataFrame,
    channels: Mapping[str, Float[np.ndarray, "n height width"]],
    *,
    chosen_as: Sequence[str],
) -> None:
    """Add test patches as ``tables/test_patches``: a picture of each channel, labels, score, place.

    Parameters
    ----------
    predictions
        The rows of `learn.evaluation.prediction_table` that are shown, in the order of ``channels``.
    chosen_as
        Why each is among them, as `choose_patches` tells.
    """
    for logger in wandb_loggers(loggers):
        import wandb

        pictures = {
            name: [wandb.Image(grey(patch)) for patch in patches] for name, patches in channels.items()
        }
        rows = places(predictions).assign(own=_own(predictions), chosen=list(chosen_as))
        logger.experiment.log({TEST_PATCHES: _table(pd.DataFrame(pictures, index=rows.index).join(rows))})


def choose_patches(
    predictions: pd.DataFrame, count: int, *, seed: int
) -> tuple[Int[np.ndarray, " chosen"], list[str]]:
    """Return ``count`` rows and why: half a random sample, half the most wrong of the others.

    The random half is a fair picture of the test set; wrong is a low probability of the own label.
    """
    count = min(count, len(predictions))
    order = np.random.default_rng(seed).permutation(len(predictions))
    sample, others = order[: count - count // 2], order[count - count // 2 :]
    own = _own(predictions).to_numpy()
    wrong = others[np.argsort(own[others], kind="stable")][: count // 2]
    chosen_as = ["random"] * len(sample) + ["most wrong"] * len(wrong)
    return np.concatenate([sample, wrong]), chosen_as


def calibration_rows(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each bin of the probability of BAD that holds patches.

    Columns ``predicted`` (mean), ``observed`` (share of BAD by the label) and ``patches``.
    """
    came_true = (predictions["label"] == BAD).to_numpy()
    curve = Reliability.of(predictions["probability"].to_numpy(np.float64), came_true)
    predicted, observed = curve.points
    patches = curve.weight[curve.weight > 0].astype(int)
    return pd.DataFrame({"predicted": predicted, "observed": observed, "patches": patches})


def entry_rows(results: Results, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each entry and kind of label: counts, every score, and bounds of areas."""
    rows = []
    for against, entries in results["per_entry"].items():
        for entry, scores in entries.items():
            of_entry = predictions[predictions["entry"].astype(str) == entry]
            counts = {"micrographs": of_entry["micrograph"].nunique(), "patches": len(of_entry)}
            found = {name: scores[name]["estimate"] for name in METRICS if name in scores}
            bounds = {
                f"{name}_{bound}": scores[name][bound]
                for name in _BOUNDED
                if name in scores
                for bound in ("low", "high")
            }
            rows.append({"entry": entry, "against": against, **counts, **found, **bounds})
    return pd.DataFrame(rows)


def places(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return where patches lie, their labels in words (None: not known) and their score, P(BAD)."""
    words = {name: predictions[name].map(_NAMES) for name in ("label", "true_label")}
    return predictions.assign(**words, score=predictions["probability"])[list(_PLACE)]


def _own(predictions: pd.DataFrame) -> "pd.Series[float]":
    """Return the probability of each pick's own label."""
    probability = predictions["probability"].astype(float)
    return probability.where(predictions["label"] == BAD, 1 - probability)


def _table(frame: pd.DataFrame) -> Any:
    import wandb

    known = frame.astype(object).where(frame.notna(), None)
    rows: list[Any] = known.to_numpy().tolist()
    return wandb.Table(columns=list(known.columns), data=rows)
