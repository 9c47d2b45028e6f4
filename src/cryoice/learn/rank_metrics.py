"""Areas under the ROC and precision-recall curves for many resamples of micrographs at once."""

import numpy as np
from jaxtyping import Float, Int

_CELLS = 4_000_000  # draws x patches handled at a time: 32 MB an array


def ranked_areas(
    probability: Float[np.ndarray, " n"],
    target: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, "draws units"],
    unit: Int[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, " draws"], Float[np.ndarray, " draws"]]:
    """Return AUROC and average precision of every resample.

    The patches are sorted by falling probability once; a resample only changes their weights. Over
    the distinct probabilities, AUROC is the area under (false positive rate, recall) by trapezoids,
    so that ties count one half, and average precision is Σ (recall_k - recall_{k-1}) precision_k.
    Both equal scikit-learn's with ``sample_weight`` and are NaN where a class has no weight (average
    precision: where BAD has none).

    Parameters
    ----------
    target
        1 for BAD, 0 for GOOD.
    weights
        How often each micrograph is drawn.
    unit
        The micrograph of each patch, an index into the columns of ``weights``.
    """
    order = np.argsort(-probability, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(probability[order]) != 0, True)) if len(order) else order
    step = max(1, _CELLS // max(1, len(order)))
    parts = [
        _areas(weights[start : start + step][:, unit[order]], target[order], ends)
        for start in range(0, len(weights), step)
    ]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _areas(
    weight: Float[np.ndarray, "draws n"], target: Int[np.ndarray, " n"], ends: Int[np.ndarray, " distinct"]
) -> tuple[Float[np.ndarray, " draws"], Float[np.ndarray, " draws"]]:
    start = np.zeros((len(weight), 1))
    found = np.concatenate([start, np.cumsum(weight * target, axis=1)[:, ends]], axis=1)
    called = np.concatenate([start, np.cumsum(weight, axis=1)[:, ends]], axis=1)
    wrong = called - found
    gain = np.diff(found, axis=1)
    n_bad, n_good = found[:, -1], wrong[:, -1]
    trapezoids = (np.diff(wrong, axis=1) * (found[:, 1:] + found[:, :-1])).sum(axis=1) / 2
    precision = found[:, 1:] / np.maximum(called[:, 1:], 1)
    auroc = np.where((n_bad > 0) & (n_good > 0), trapezoids / np.maximum(n_bad * n_good, 1), np.nan)
    auprc = np.where(n_bad > 0, (gain * precision).sum(axis=1) / np.maximum(n_bad, 1), np.nan)
    return auroc, auprc
