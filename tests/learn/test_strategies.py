"""Losses with a memory do what their formulas say, and come back from a checkpoint the same."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from cryoice.errors import InputError
from cryoice.learn.strategies import CoTeaching, EarlyLearning, ForwardCorrection, NonNegativePU

GOOD, BAD = 0, 1


def logits_of(*probabilities_of_bad):
    bad = torch.tensor(probabilities_of_bad)
    return torch.stack([(1 - bad).log(), bad.log()], dim=1)


def step(loss, logits, label, *, index=None, epoch=0):
    chosen = torch.arange(len(label)) if index is None else torch.tensor(index)
    return loss.step([logits], torch.tensor(label), index=chosen, epoch=epoch)


def test_early_learning_rewards_agreement_with_the_running_mean():
    loss = EarlyLearning(strength=3.0, beta=0.7)
    logits, label = logits_of(0.2), [BAD]
    entropy = -math.log(0.2)
    # t = 0.3 p after the first step, 0.7 t + 0.3 p after the second; p·p = 0.64 + 0.04
    first = entropy + 3 * math.log(1 - 0.3 * 0.68)
    second = entropy + 3 * math.log(1 - (0.7 * 0.3 + 0.3) * 0.68)
    assert step(loss, logits, label).item() == pytest.approx(first, rel=1e-5)
    assert step(loss, logits, label).item() == pytest.approx(second, rel=1e-5)


def test_early_learning_remembers_each_pick_by_its_place():
    loss = EarlyLearning(strength=1.0, beta=0.5)
    step(loss, logits_of(0.2, 0.6), [GOOD, BAD], index=[4, 1])
    kept = loss.get_extra_state()
    assert kept.shape == (5, 2)
    assert kept[4].tolist() == pytest.approx([0.4, 0.1])
    assert kept[1].tolist() == pytest.approx([0.2, 0.3])
    assert kept[0].tolist() == [0, 0]


def test_early_learning_goes_on_from_its_state():
    before, after = (EarlyLearning(strength=3.0, beta=0.7) for _ in range(2))
    step(before, logits_of(0.2, 0.6), [GOOD, BAD])
    after.load_state_dict(before.state_dict())
    again = [step(loss, logits_of(0.3, 0.5), [GOOD, BAD]).item() for loss in (before, after)]
    assert again[0] == again[1]


def test_co_teaching_trains_each_network_on_what_the_other_finds_easy():
    loss = CoTeaching(forget=0.5, warm_up=1)
    first, second = logits_of(0.1, 0.9), logits_of(0.8, 0.3)  # of two picks labelled GOOD
    got = loss.step([first, second], torch.tensor([GOOD, GOOD]), index=torch.arange(2), epoch=0)
    # the first finds pick 0 easiest, the second pick 1
    assert got.item() == pytest.approx(-math.log(1 - 0.9) - math.log(1 - 0.8), rel=1e-5)


def test_co_teaching_forgets_more_with_every_epoch_of_the_warm_up():
    loss = CoTeaching(forget=0.4, warm_up=4)
    assert [loss.kept(100, epoch) for epoch in range(6)] == [90, 80, 70, 60, 60, 60]
    assert CoTeaching(forget=0.9, warm_up=1).kept(1, 5) == 1


def forward(good_to_bad, bad_to_good):
    return ForwardCorrection(good_to_bad=good_to_bad, bad_to_good=bad_to_good, warm_up=3)


def test_the_forward_loss_compares_labels_with_what_the_truth_would_be_labelled_as():
    loss = forward(0.4, 0.1)
    # P(labelled BAD) = 0.8 · 0.4 + 0.2 · 0.9 = 0.5
    assert loss(logits_of(0.2), torch.tensor([BAD])).item() == pytest.approx(-math.log(0.5), rel=1e-5)
    assert forward(0.0, 0.0)(logits_of(0.2), torch.tensor([BAD])).item() == pytest.approx(-math.log(0.2))


def test_the_forward_loss_is_least_at_the_truth():
    """3 of 10 are BAD; with T_01 = 0.4, T_10 = 0.1 a share 0.28 + 0.27 = 0.55 is labelled BAD."""
    loss = forward(0.4, 0.1)
    label = torch.tensor([BAD] * 55 + [GOOD] * 45)
    costs = {p: loss(logits_of(*[p] * 100), label).item() for p in (0.2, 0.25, 0.3, 0.35, 0.4, 0.55)}
    assert min(costs, key=costs.__getitem__) == 0.3


def test_given_rates_need_no_warm_up_and_no_validation():
    loss = forward(0.4, 0.1)
    assert not loss.wants_validation(0)
    assert step(loss, logits_of(0.2), [BAD]).item() == pytest.approx(-math.log(0.5), rel=1e-5)


def picks(counts):
    """Return probabilities of BAD and labels; counts: {probability: (labelled GOOD, labelled BAD)}."""
    p = [value for value, (good, bad) in counts.items() for _ in range(good + bad)]
    label = [which for good, bad in counts.values() for which in [GOOD] * good + [BAD] * bad]
    return torch.tensor(p), torch.tensor(label)


def test_rates_are_read_off_the_surest_picks():
    loss = forward(None, None)
    assert [loss.wants_validation(epoch) for epoch in range(4)] == [True, True, True, False]
    # 30 of the 100 that look GOOD are labelled BAD, 10 of the 100 that look BAD are labelled GOOD
    loss.learn_from(*picks({0.2: (70, 30), 0.5: (50, 50), 0.7: (10, 90)}))
    assert loss.rates.tolist() == pytest.approx([0.3, 0.1])
    warm = step(loss, logits_of(0.2), [BAD], epoch=2)
    assert warm.item() == pytest.approx(-math.log(0.2), rel=1e-5)
    # P(labelled BAD) = 0.8 · 0.3 + 0.2 · 0.9 = 0.42
    assert step(loss, logits_of(0.2), [BAD], epoch=3).item() == pytest.approx(-math.log(0.42), rel=1e-5)


def test_a_validation_split_of_one_label_teaches_no_rates():
    loss = forward(None, None)
    loss.learn_from(torch.tensor([0.1, 0.9]), torch.tensor([BAD, BAD]))
    assert loss.rates.tolist() == [0, 0]


def test_a_given_rate_is_not_overwritten_by_the_estimate():
    loss = forward(None, 0.25)
    loss.learn_from(*picks({0.2: (60, 40), 0.9: (0, 100)}))
    assert loss.rates.tolist() == pytest.approx([0.4, 0.25])
    kept = forward(None, 0.25)
    kept.load_state_dict(loss.state_dict())
    assert torch.equal(kept.rates, loss.rates)


def pu(rate):
    return NonNegativePU(good_to_bad=rate, warm_up=3)


def test_the_pu_risk_takes_hidden_good_picks_out_of_the_bad_ones():
    """Two GOOD of p(BAD) 0.1, four BAD; r = 0.5 hides as many again: h = (2/4) · 1 = 0.5."""
    logits = logits_of(0.1, 0.1, 0.9, 0.9, 0.9, 0.1)
    got = pu(0.5)(logits, torch.tensor([GOOD, GOOD, BAD, BAD, BAD, BAD]))
    mean_bad = (3 * -math.log(0.9) - math.log(0.1)) / 4
    good_as_good, good_as_bad = -math.log(0.9), -math.log(0.1)
    positive = (2 + 0.5 * 4) / 6 * good_as_good
    negative = 4 / 6 * (mean_bad - 0.5 * good_as_bad)
    assert negative < 0  # overfitted: climbs back
    assert got.item() == pytest.approx(-negative, rel=1e-5)
    less = pu(0.2)  # h = 0.5 · 0.25 = 0.125
    positive = (2 + 0.125 * 4) / 6 * good_as_good
    negative = 4 / 6 * (mean_bad - 0.125 * good_as_bad)
    expected = pytest.approx(positive + negative, rel=1e-5)
    assert less(logits, torch.tensor([GOOD, GOOD, BAD, BAD, BAD, BAD])).item() == expected


def test_the_pu_risk_of_clean_labels_is_cross_entropy():
    logits, label = torch.randn(9, 2), torch.tensor([0, 1, 1, 0, 1, 0, 0, 1, 1])
    assert pu(0.0)(logits, label).item() == pytest.approx(cross_entropy(logits, label).item(), rel=1e-5)
    one_kind = torch.ones(9, dtype=torch.long)
    assert pu(0.3)(logits, one_kind).item() == pytest.approx(cross_entropy(logits, one_kind).item())


def test_the_pu_risk_is_least_at_the_truth():
    """Of 100 picks without any looks 30 are BAD; a third of the 70 GOOD are labelled so as well."""
    loss = pu(1 / 3)
    n_good = round(70 * 2 / 3)
    label = torch.tensor([GOOD] * n_good + [BAD] * (100 - n_good))
    costs = {p: loss(logits_of(*[p] * 100), label).item() for p in (0.2, 0.25, 0.3, 0.35, 0.4, 0.53)}
    assert min(costs, key=costs.__getitem__) == 0.3


def test_rates_that_would_leave_nothing_of_the_labels_are_held_back():
    loss = forward(None, None)
    loss.learn_from(torch.tensor([0.5, 0.5]), torch.tensor([GOOD, BAD]))  # says nothing of either
    assert loss.rates.tolist() == pytest.approx([0.45, 0.45])
    with pytest.raises(InputError, match=r"sum to 1\.2; labels say something below 1 only"):
        forward(0.6, 0.6)
