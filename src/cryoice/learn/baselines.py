"""Three simple predictors that every network is compared with."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cryoice.constants import BAD

_MAX_ITER = 5000  # the solver's cap; standardised features need a few hundred at most


@dataclass(frozen=True)
class Features:
    """What the baselines see of each patch.

    Attributes
    ----------
    statistics
        Mean, standard deviation and log radial spectra of each patch; NaN where one was not measured.
    iciness
        Power in the ice band against the rest; NaN where Nyquist forbids it.
    label
        0 GOOD, 1 BAD.
    """

    statistics: Float[np.ndarray, "n d"]
    iciness: Float[np.ndarray, " n"]
    label: Int[np.ndarray, " n"]


def baseline_probabilities(
    train: Features, test: Features, *, seed: int
) -> dict[str, Float[np.ndarray, " n"] | None]:
    """Fit each baseline on the training patches and return its probability of BAD on the test patches.

    - ``majority``: the training prevalence for every patch
    - ``iciness``: logistic regression on the iciness alone, which is a threshold with a probability;
      None when any patch lacks it
    - ``logistic``: logistic regression on the standardised statistics that every patch has

    With a single class to learn from, the fitted two fall back to the prevalence as well.
    """
    ice_train, ice_test = train.iciness[:, None], test.iciness[:, None]
    known = np.isfinite(train.statistics).all(axis=0) & np.isfinite(test.statistics).all(axis=0)
    statistics = [part.statistics.compress(known, axis=1) for part in (train, test)]
    return {
        "majority": np.full(len(test.label), _prevalence(train.label)),
        "iciness": _fitted(ice_train, train.label, ice_test, seed),
        "logistic": _fitted(statistics[0], train.label, statistics[1], seed),
    }


def _prevalence(label: Int[np.ndarray, " n"]) -> float:
    """Return the share of BAD; one half when there is nothing to learn from."""
    return float(np.mean(label == BAD)) if len(label) else 0.5


def _fitted(
    inputs: Float[np.ndarray, "n d"],
    label: Int[np.ndarray, " n"],
    wanted: Float[np.ndarray, "m d"],
    seed: int,
) -> Float[np.ndarray, " m"] | None:
    if not (np.isfinite(inputs).all() and np.isfinite(wanted).all()):
        return None
    if len(np.unique(label)) < 2 or not len(wanted):
        return np.full(len(wanted), _prevalence(label))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=_MAX_ITER, random_state=seed))
    model.fit(inputs, label == BAD)
    return np.asarray(model.predict_proba(wanted)[:, 1], dtype=np.float64)
