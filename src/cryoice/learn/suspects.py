"""Labels that are probably wrong: confident learning on picks that the networks never saw.

Northcutt, Jiang & Chuang 2021, Confident learning: estimating uncertainty in dataset labels,
doi:10.1613/jair.1.12125, pruning by noise rate as cleanlab implements it, with rates of our own. Labels are
0 GOOD and 1 BAD; noise may differ between the two, but within a class it is taken to strike every pick alike.
"""

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve

from cryoice.constants import BAD, GOOD
from cryoice.learn.entry_noise import noise_groups, picks_of
from cryoice.learn.noise_rates import NoiseRates

NAMES = {GOOD: "GOOD", BAD: "BAD"}

_TINY = 1e-6  # of a probability; and the weight of what breaks ties between labels that are surely wrong


def suspect_scores(table: pd.DataFrame) -> Float[np.ndarray, " n"]:
    """Return the probability that each label is wrong, for every pick in the table's order.

    With g and b the rates GOOD→BAD and BAD→GOOD of its group (`noise_groups`), and p the probability of the
    label BAD, a pick is truly BAD with q = (p - g) / (1 - g - b), within 0 and 1, and by
    Bayes

    - a label BAD is wrong with g (1 - q) / (g (1 - q) + (1 - b) q)
    - a label GOOD is wrong with b q / (b q + (1 - g) (1 - q))

    so that suspects of both classes compare, however unlike their noise; self-confidence, 1 - p(label), is
    biased towards the class with less of it. p is first calibrated against the labels (two parameters: slope
    and offset of its logit; Platt 1999), as the formulas take probabilities at their word. Equal scores are
    set apart by p.

    Raises
    ------
    InputError
        All labels are the same.
    """
    scores = np.zeros(len(table))
    for group in noise_groups(table):
        probability, label = picks_of(table.iloc[group.rows])
        truly_bad = _truly_bad(probability, label, group.rates)
        scores[group.rows] = _wrong(probability, label, truly_bad, group.rates)
    return scores


def find_suspects(table: pd.DataFrame) -> pd.DataFrame:
    """Return the picks whose label confident learning doubts, the surest first.

    Of each label as many are doubted as the rates of their group say are wrong, those that look most like
    the other class, but none that looks more like its own. So some may be of a quality above 0.5, and where
    the rates come out too low some that are surely wrong are not listed. A label of a single pick is not
    judged.

    Parameters
    ----------
    table
        As `judgements.join_judgements` returns it.

    Returns
    -------
    DataFrame
        The columns of the table and rank (from 1), suggested (the other label), quality (probability that
        the label is right, 0-1) and reason. See `suspect_scores` for the order.

    Raises
    ------
    InputError
        All labels are the same.
    """
    doubted, shares, scores = np.zeros(len(table), dtype=bool), np.zeros(len(table)), np.zeros(len(table))
    for group in noise_groups(table):
        probability, label = picks_of(table.iloc[group.rows])
        truly_bad, joint = _truly_bad(probability, label, group.rates), _joint(label, group.rates)
        scores[group.rows] = _wrong(probability, label, truly_bad, group.rates)
        fewest = min(1, int(np.bincount(label).min()) - 1)  # cleanlab judges no label of a single pick
        doubted[group.rows] = find_label_issues(
            label,
            _both((1 - _TINY) * truly_bad + _TINY * probability),  # those clipped keep the network's order
            filter_by="prune_by_noise_rate",
            confident_joint=joint,
            min_examples_per_class=fewest,
            n_jobs=1,
        )
        wrong = joint[[GOOD, BAD], [BAD, GOOD]] / np.maximum(joint.sum(axis=1), 1)
        shares[group.rows] = wrong[label]
    order = np.argsort(-scores, kind="stable")
    order = order[doubted[order]]
    found = table.iloc[order].reset_index(drop=True)
    told = zip(found["label"], found["probability"], shares[order], found["judges"], strict=True)
    return found.assign(
        rank=np.arange(1, len(found) + 1),
        suggested=GOOD + BAD - found["label"],
        quality=np.clip(1 - scores[order], 0, 1),
        reason=[_reason(*row) for row in told],
    )


def precision_at_recall(
    table: pd.DataFrame, flipped: Bool[np.ndarray, " n"], *, recall: float = 0.5
) -> float:
    """Return the precision of the shortest list of `suspect_scores` that holds this share of known flips.

    Parameters
    ----------
    table
        As for `suspect_scores`.
    flipped
        Whether each label is known to be wrong; NaN is returned where none is.
    recall
        Share of the flips to be found, above 0, at most 1.
    """
    if not flipped.any():
        return float("nan")
    precision, reached, _ = precision_recall_curve(flipped, suspect_scores(table))
    return float(precision[reached >= recall][-1])  # recall falls along the curve


def _reason(label: int, probability: float, share: float, judges: int) -> str:
    by = f"{judges} network" + ("s" if judges > 1 else "")
    said = f"labelled {NAMES[label]}, but p(BAD) = {probability:.2f}"
    told = f"by estimate {share:.0%} of the picks labelled {NAMES[label]} are {NAMES[GOOD + BAD - label]}"
    return f"{said}; {told}; judged by {by}"


def _joint(label: Int[np.ndarray, " n"], rates: NoiseRates) -> Int[np.ndarray, "2 2"]:
    """Return how many picks of each label (rows) are truly GOOD and truly BAD, by the rates.

    Of N picks N_BAD are labelled so: N_BAD = g T_GOOD + (1 - b) T_BAD, and T_GOOD + T_BAD = N.
    """
    g, b = rates.good_to_bad, rates.bad_to_good
    labelled_bad = int((label == BAD).sum())
    good = np.clip((len(label) * (1 - b) - labelled_bad) / (1 - g - b), 0, len(label))
    bad = len(label) - good
    return np.rint([[(1 - g) * good, b * bad], [g * good, (1 - b) * bad]]).astype(int)


def _truly_bad(
    probability: Float[np.ndarray, " n"], label: Int[np.ndarray, " n"], rates: NoiseRates
) -> Float[np.ndarray, " n"]:
    """Return the probability that a pick is truly BAD, whatever its label: see `suspect_scores`."""
    g, b = rates.good_to_bad, rates.bad_to_good
    return np.clip((_calibrated(probability, label) - g) / (1 - g - b), 0, 1)


def _wrong(
    probability: Float[np.ndarray, " n"],
    label: Int[np.ndarray, " n"],
    truly_bad: Float[np.ndarray, " n"],
    rates: NoiseRates,
) -> Float[np.ndarray, " n"]:
    """Return the probability that each label is wrong: see `suspect_scores`."""
    g, b = rates.good_to_bad, rates.bad_to_good
    bad = label == BAD
    wrong = np.where(bad, g * (1 - truly_bad), b * truly_bad)
    right = np.where(bad, (1 - b) * truly_bad, (1 - g) * (1 - truly_bad))
    posterior = wrong / np.maximum(wrong + right, _TINY**2)
    return np.asarray(posterior - _TINY * np.where(bad, probability, 1 - probability))


def _both(probability: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 2"]:
    return np.stack([1 - probability, probability], axis=1)


def _calibrated(
    probability: Float[np.ndarray, " n"], label: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Return probabilities that the labels bear out; as they are where they rank BAD below GOOD."""
    clipped = np.clip(probability, _TINY, 1 - _TINY)
    logit = np.log(clipped / (1 - clipped))[:, None]
    fitted = LogisticRegression(C=1e3).fit(logit, label)
    return probability if fitted.coef_[0, 0] <= 0 else np.asarray(fitted.predict_proba(logit)[:, BAD])
