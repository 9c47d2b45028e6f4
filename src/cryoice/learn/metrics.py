"""Scores of a table of predictions, each with an interval from resampled micrographs.

BAD is the positive class. Patches of one micrograph share its ice, its thickness and its annotator's
mood: they are not independent, so whole micrographs are resampled (a cluster bootstrap; Field & Welsh
2007, doi:10.1111/j.1467-9868.2007.00593.x), with replacement and all of their patches at once.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from cryoice.constants import BAD, UNKNOWN
from cryoice.errors import InputError
from cryoice.learn.rank_metrics import ranked_areas

METRICS = (
    "accuracy", "balanced_accuracy", "f1", "precision", "recall", "mcc",
    "auroc", "auprc", "prevalence", "ece", "brier", "loss",
)  # fmt: skip
"""Names of the scores, in the order of every table."""

BINS = 15
"""Equal-width probability bins of the calibration error."""

_TINY = 1e-7  # a certain and wrong prediction costs 16 nats, not infinity

Label = Literal["label", "true_label"]


@dataclass(frozen=True)
class Interval:
    """An estimate and the bounds of its 95 % interval; NaN where undefined."""

    estimate: float
    low: float
    high: float


def bootstrap_metrics(
    predictions: pd.DataFrame,
    *,
    label: Label = "label",
    n_bootstrap: int,
    seed: int,
    threshold: float = 0.5,
) -> dict[str, Interval]:
    """Score predictions and bound every score by resampling micrographs.

    A patch is called BAD when its probability exceeds ``threshold``. With tp, fp, fn, tn the counts
    and p the probability of BAD, y the label:

    - accuracy = (tp + tn) / n; recall = tp / (tp + fn); precision = tp / (tp + fp)
    - balanced_accuracy = (recall + tn / (tn + fp)) / 2; f1 = 2 tp / (2 tp + fp + fn)
    - mcc = (tp tn - fp fn) / √((tp + fp)(tp + fn)(tn + fp)(tn + fn)), 0 for a constant prediction
    - auroc and auprc (average precision): see `rank_metrics.ranked_areas`
    - prevalence = (tp + fn) / n, the value of auprc at chance
    - ece = Σ over 15 equal-width bins of p of abs(Σ (y - p)) / n
    - brier = mean (y - p)²; loss = mean cross-entropy in nats, p clipped to [1e-7, 1 - 1e-7]

    Parameters
    ----------
    predictions
        Columns entry, micrograph, probability (of BAD, 0-1) and the one named by ``label``.
    label
        What to score against; rows without a known true label are dropped.
    n_bootstrap
        Resamples; the bounds are their 2.5 and 97.5 percentiles over those where the score exists.

    Returns
    -------
    dict of Interval
        One per name in METRICS. The estimate is NaN where the formula is 0 / 0 (a class without
        examples), the bounds also where fewer than two micrographs are left.

    Raises
    ------
    InputError
        A probability is NaN or outside 0-1.
    """
    draws = drawn_metrics(predictions, label=label, n_bootstrap=n_bootstrap, seed=seed, threshold=threshold)
    return {name: interval(draws[name]) for name in METRICS}


def drawn_metrics(
    predictions: pd.DataFrame, *, label: Label, n_bootstrap: int, seed: int, threshold: float = 0.5
) -> dict[str, Float[np.ndarray, " draws"]]:
    """Return the scores of `bootstrap_metrics`: the estimate, then those of the resamples, if any.

    Tables of the same micrographs are resampled alike under the same ``seed``, so that their scores can be
    compared draw by draw.
    """
    rows = predictions[predictions[label] != UNKNOWN]
    probability = rows["probability"].to_numpy(np.float64)
    _check(probability)
    target = (rows[label].to_numpy() == BAD).astype(np.int64)
    unit = rows.groupby(["entry", "micrograph"], sort=True, observed=True).ngroup().to_numpy(np.int64)
    n_units = int(unit.max()) + 1 if len(unit) else 0
    weights = _resamples(n_units, n_bootstrap, seed)
    sums = _sums(probability, target, unit, threshold, n_units)
    scores = _from_sums(weights @ sums)
    scores["auroc"], scores["auprc"] = ranked_areas(probability, target, weights, unit)
    return scores


def _check(probability: Float[np.ndarray, " n"]) -> None:
    bad = int(np.sum(~((probability >= 0) & (probability <= 1))))
    if bad:
        raise InputError(
            f"predictions: {bad} of {len(probability)} probabilities are NaN or outside 0-1; "
            "the training diverged, lower optimizer.lr"
        )


def _resamples(n_units: int, n_bootstrap: int, seed: int) -> Float[np.ndarray, "draws units"]:
    """Return how often each micrograph is drawn; the first row takes each once: the estimate."""
    once = np.ones((1, n_units))
    if n_units < 2:
        return once
    drawn = np.random.default_rng(seed).multinomial(n_units, np.full(n_units, 1 / n_units), size=n_bootstrap)
    return np.concatenate([once, drawn.astype(np.float64)])


def _sums(
    probability: Float[np.ndarray, " n"],
    target: Int[np.ndarray, " n"],
    unit: Int[np.ndarray, " n"],
    threshold: float,
    n_units: int,
) -> Float[np.ndarray, "units sums"]:
    """Sum per micrograph tp, fp, fn, tn, squared error, cross-entropy and y - p of each bin."""
    called, bad = probability > threshold, target == 1
    clipped = np.clip(probability, _TINY, 1 - _TINY)
    entropy = -np.where(bad, np.log(clipped), np.log1p(-clipped))
    counts = [bad & called, ~bad & called, bad & ~called, ~bad & ~called]
    columns = [*counts, (target - probability) ** 2, entropy]
    patchwise = np.stack([column.astype(np.float64) for column in columns], axis=1)
    sums = np.zeros((n_units, len(columns) + BINS))
    np.add.at(sums[:, : len(columns)], unit, patchwise)
    chosen = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    np.add.at(sums, (unit, len(columns) + chosen), target - probability)
    return sums


def _from_sums(sums: Float[np.ndarray, "draws sums"]) -> dict[str, Float[np.ndarray, " draws"]]:
    tp, fp, fn, tn, squares, entropy = sums[:, :6].T
    n = tp + fp + fn + tn
    recall = _ratio(tp, tp + fn)
    both = (tp + fn > 0) & (tn + fp > 0)
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    mcc = np.where(both, (tp * tn - fp * fn) / np.sqrt(np.maximum(product, 1)), np.nan)
    return {
        "accuracy": _ratio(tp + tn, n),
        "balanced_accuracy": (recall + _ratio(tn, tn + fp)) / 2,
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": recall,
        "mcc": mcc,
        "prevalence": _ratio(tp + fn, n),
        "ece": _ratio(np.abs(sums[:, 6:]).sum(axis=1), n),
        "brier": _ratio(squares, n),
        "loss": _ratio(entropy, n),
    }


def _ratio(
    numerator: Float[np.ndarray, " draws"], denominator: Float[np.ndarray, " draws"]
) -> Float[np.ndarray, " draws"]:
    """Divide, with NaN for 0 / 0."""
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def interval(values: Float[np.ndarray, " draws"]) -> Interval:
    """Return the first value, the estimate, with the 2.5 and 97.5 percentiles of the others."""
    estimate, drawn = float(values[0]), values[1:]
    drawn = drawn[np.isfinite(drawn)]
    if np.isnan(estimate) or not drawn.size:
        return Interval(estimate, np.nan, np.nan)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Interval(estimate, float(low), float(high))
