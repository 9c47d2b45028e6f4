"""Known flips come first, whatever their share and whichever class they are of."""

import numpy as np
import pandas as pd
import pytest
from cleanlab.rank import get_label_quality_scores

from cryoice.errors import InputError
from cryoice.learn.entry_noise import noise_rates
from cryoice.learn.suspects import find_suspects, precision_at_recall, suspect_scores
from judgement_tables import judged

KINDS = {
    "symmetric 20 %": (0.2, 0.2),
    "symmetric 40 %": (0.4, 0.4),
    "GOOD to BAD 20 %": (0.2, 0.0),
    "GOOD to BAD 40 %": (0.4, 0.0),
}


def table(label, probability, judges=1):
    return pd.DataFrame(
        {
            "entry": "e",
            "micrograph": "m",
            "row": np.arange(len(label)) * 1.0,
            "col": 0.0,
            "label": label,
            "true_label": -1,
            "probability": probability,
            "judges": judges,
        }
    )


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("kind", KINDS)
def test_half_of_the_flips_are_found_with_few_false_alarms(kind, sharpness):
    good_to_bad, bad_to_good = KINDS[kind]
    picks, flipped = judged(good_to_bad=good_to_bad, bad_to_good=bad_to_good, sharpness=sharpness)
    assert precision_at_recall(picks, flipped) > 0.92


@pytest.mark.parametrize("kind", KINDS)
def test_noise_rates_are_found(kind):
    good_to_bad, bad_to_good = KINDS[kind]
    picks, _ = judged(good_to_bad=good_to_bad, bad_to_good=bad_to_good, separation=4)
    found = noise_rates(picks)
    assert found.good_to_bad == pytest.approx(good_to_bad, abs=0.03)
    assert found.bad_to_good == pytest.approx(bad_to_good, abs=0.03)


def ours_and_cleanlabs(picks, flipped):
    """Precision at half the flips by the posterior and by cleanlab's scores, plain and adjusted."""
    both = np.stack([1 - picks["probability"], picks["probability"]], axis=1)

    def reached(score):
        found = np.cumsum(flipped[np.argsort(-score, kind="stable")])
        needed = np.argmax(found >= flipped.sum() / 2) + 1
        return found[needed - 1] / needed

    scores = [suspect_scores(picks)]
    for adjust in (False, True):
        scores.append(1 - get_label_quality_scores(picks["label"].to_numpy(), both, adjust_pred_probs=adjust))
    return [reached(score) for score in scores]


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("kind", KINDS)
def test_the_posterior_is_no_worse_than_either_of_cleanlabs_scores_where_one_class_is_noisier(
    kind, sharpness
):
    good_to_bad, bad_to_good = KINDS[kind]
    picks, flipped = judged(
        good_to_bad=good_to_bad, bad_to_good=bad_to_good, separation=2, sharpness=sharpness
    )
    ours, plain, adjusted = ours_and_cleanlabs(picks, flipped)
    assert ours > adjusted
    if bad_to_good == 0:
        assert ours > plain + 0.05


def test_scores_are_the_formula():
    # of the 120 that look GOOD 20 are labelled BAD, of the 80 that look BAD none GOOD: g = 2 / 12, b = 0
    label = np.array([1] * 100 + [0] * 100)
    picks = table(label, np.array([0.9] * 80 + [0.1] * 120))
    rates = noise_rates(picks)
    assert (rates.good_to_bad, rates.bad_to_good) == pytest.approx((2 / 12, 0), abs=1e-3)
    scores = suspect_scores(picks)
    # at 0.1 the labels bear out 2 of 12, all of which the noise explains: such a pick is GOOD for sure
    assert scores[80:100] == pytest.approx(1, abs=0.01)
    assert scores[:80] == pytest.approx(0, abs=0.01)
    assert scores[100:] == pytest.approx(0, abs=0.01)


def test_suspects_are_ranked_explained_and_given_the_other_label():
    label = np.array([1] * 10 + [0] * 10)
    picks = table(label, np.array([0.9] * 8 + [0.1, 0.05] + [0.1] * 9 + [0.95]), judges=[1] * 9 + [2] * 11)
    found = find_suspects(picks)
    assert found["row"].tolist() == [9.0, 19.0, 8.0]
    assert found["rank"].tolist() == [1, 2, 3]
    assert (found["suggested"] == 1 - found["label"]).all()
    assert found["quality"].between(0, 1).all()
    assert found["quality"].is_monotonic_increasing
    # 20 picks are all in the tail, so that g = b = 0.45 and 4.5 of 10 are wrong, rounded to even
    assert found["reason"][0] == (
        "labelled BAD, but p(BAD) = 0.05; by estimate 40% of the picks labelled BAD are GOOD; "
        "judged by 2 networks"
    )
    assert found["reason"][2].endswith("judged by 1 network")


@pytest.mark.parametrize(("good_to_bad", "bad_to_good"), [(0.3, 0.1), (0.4, 0.0), (0.2, 0.2)])
def test_of_each_label_as_many_are_suspect_as_the_rates_say(good_to_bad, bad_to_good):
    picks, flipped = judged(good_to_bad=good_to_bad, bad_to_good=bad_to_good)
    found, rates = find_suspects(picks), noise_rates(picks)
    label, g, b = picks["label"], rates.good_to_bad, rates.bad_to_good
    truly_good = (len(picks) * (1 - b) - label.sum()) / (1 - g - b)
    for value, number in ((1, g * truly_good), (0, b * (len(picks) - truly_good))):
        own = picks[label == value].sort_values("probability", ascending=value == 1)
        expected = own["row"].head(round(number))
        listed = set(found["row"][found["label"] == value])
        assert listed <= set(expected)
        assert len(listed) > 0.9 * number - 1  # all but those that look more like their own label
    right = flipped[found["row"].astype(int)]
    assert right.mean() > 0.75
    assert right.sum() / flipped.sum() > 0.7


def test_precision_at_recall_by_hand():
    # by score: flip, sound, flip, sound...; half of the two flips is the first, all of them need three
    label = np.array([1] * 10 + [0] * 10)
    p = np.array([0.9] * 6 + [0.04, 0.03, 0.02, 0.01] + [0.1] * 10)
    picks, flipped = table(label, p), np.zeros(20, dtype=bool)
    flipped[[9, 7]] = True
    assert precision_at_recall(picks, flipped, recall=0.5) == 1
    assert precision_at_recall(picks, flipped, recall=1.0) == pytest.approx(2 / 3)
    assert np.isnan(precision_at_recall(picks, np.zeros(20, dtype=bool)))


def test_sound_labels_have_hardly_a_suspect():
    picks, _ = judged(good_to_bad=0.0, bad_to_good=0.0, separation=6)
    found = noise_rates(picks)
    assert max(found.good_to_bad, found.bad_to_good) < 0.01
    assert len(find_suspects(picks)) < 0.01 * len(picks)


@pytest.mark.parametrize("picks", [1, 2])
def test_a_label_keeps_a_pick(picks):
    label = np.array([0] * 40 + [1] * picks)
    found = find_suspects(table(label, np.append(np.linspace(0.1, 0.4, 40), [0.002, 0.001][-picks:])))
    assert (found["label"] == 1).sum() == picks - 1


def test_networks_that_rank_picks_the_wrong_way_round_are_taken_as_they_are():
    label = np.array([1, 0] * 20)
    scores = suspect_scores(table(label, np.where(label == 1, 0.2, 0.8) + np.linspace(0, 0.1, 40)))
    assert np.isfinite(scores).all()


def test_a_single_label_is_refused():
    with pytest.raises(InputError, match="all picks have one label"):
        find_suspects(table(np.ones(5, dtype=int), np.full(5, 0.5)))
