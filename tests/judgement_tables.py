"""Judgements whose truth is known: two distributions of scores, labels flipped at known rates."""

import numpy as np
import pandas as pd


def judged(*, good_to_bad, bad_to_good, n=4000, separation=3.0, sharpness=1.0, seed=0, entry="10000"):
    """Picks seen through a Gaussian score; an honest network's p of the (noisy) label, its logit stretched.

    Returns the table, as `join_judgements` makes it, and which labels were flipped.
    """
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.4).astype(int)
    score = rng.normal(size=n) + separation * truth
    bad = 1 / (1 + np.exp(-(separation * score - separation**2 / 2 + np.log(0.4 / 0.6))))
    flipped = rng.random(n) < np.where(truth == 1, bad_to_good, good_to_bad)
    p = good_to_bad * (1 - bad) + (1 - bad_to_good) * bad
    logit = sharpness * np.log(p / (1 - p))
    table = pd.DataFrame(
        {
            "entry": entry,
            "micrograph": [f"m{number % 20}" for number in range(n)],
            "row": np.arange(n) * 1.0,
            "col": 7.0,
            "label": np.where(flipped, 1 - truth, truth),
            "true_label": truth,
            "probability": 1 / (1 + np.exp(-logit)),
            "judges": 1,
        }
    )
    return table, flipped
