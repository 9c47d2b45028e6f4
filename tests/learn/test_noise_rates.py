"""Rates of wrong labels come back, whatever the network's doubt and calibration."""

import numpy as np
import pytest

from cryoice.constants import BAD, GOOD
from cryoice.learn.noise_rates import estimate_noise_rates
from judgement_tables import judged

NOISES = [(0.0, 0.0), (0.2, 0.0), (0.4, 0.0), (0.0, 0.3), (0.2, 0.2)]


def arrays(picks):
    return picks["probability"].to_numpy(), picks["label"].to_numpy()


@pytest.mark.parametrize(("good_to_bad", "bad_to_good"), NOISES)
def test_classes_that_overlap_do_not_look_like_noise(good_to_bad, bad_to_good):
    """Gaussians 2 σ apart: AUROC 0.92, so that a sixth of the picks lie on the other side of the middle."""
    errors = []
    for seed in range(5):
        picks, _ = judged(good_to_bad=good_to_bad, bad_to_good=bad_to_good, separation=2, n=8000, seed=seed)
        found = estimate_noise_rates(*arrays(picks))
        errors.append([found.good_to_bad - good_to_bad, found.bad_to_good - bad_to_good])
    assert np.abs(np.mean(errors, axis=0)).max() < 0.02
    assert np.sqrt(np.mean(np.square(errors))) < 0.03


def test_only_the_order_counts():
    picks, _ = judged(good_to_bad=0.3, bad_to_good=0.1)
    probability, label = arrays(picks)
    assert estimate_noise_rates(probability, label) == estimate_noise_rates(np.exp(5 * probability), label)


def test_the_classes_may_change_names():
    picks, _ = judged(good_to_bad=0.3, bad_to_good=0.1)
    probability, label = arrays(picks)
    found, other = estimate_noise_rates(probability, label), estimate_noise_rates(-probability, 1 - label)
    assert (found.good_to_bad, found.bad_to_good) == (other.bad_to_good, other.good_to_bad)


def test_a_score_is_not_cut_in_two():
    """All alike: neither rate can be below the share of the other label, in whatever order they stand."""
    label = np.array([GOOD] * 70 + [BAD] * 30)
    for order in (label, label[::-1]):
        found = estimate_noise_rates(np.full(100, 0.5), order)
        assert (found.good_to_bad, found.bad_to_good) == pytest.approx(
            (0.27, 0.63)
        )  # 0.3 and 0.7, held at a sum of 0.9


def test_a_few_lucky_picks_are_no_tail():
    """4 of 100 that stand lowest are labelled GOOD by chance; 20 are asked for."""
    label = np.array([GOOD] * 4 + [BAD, GOOD] * 48)
    found = estimate_noise_rates(np.linspace(0, 1, 100), label)
    assert found.good_to_bad > 0.3
