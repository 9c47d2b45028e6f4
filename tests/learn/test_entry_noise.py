"""Entries of unlike noise are judged apart, those alike together."""

import pandas as pd
import pytest

from cryoice.learn.entry_noise import entry_noise_rates, noise_groups, noise_rates
from cryoice.learn.suspects import find_suspects
from judgement_tables import judged


def several(*rates, n=4000, separation=3.0):
    """Return a table of entries with these rates GOOD→BAD, and which labels were flipped."""
    made = [
        judged(good_to_bad=rate, bad_to_good=0.0, n=n, separation=separation, seed=seed, entry=f"1000{seed}")
        for seed, rate in enumerate(rates)
    ]
    return pd.concat([table for table, _ in made], ignore_index=True), [flip for _, flip in made]


def test_entries_of_one_noise_are_one_group():
    table, _ = several(0.2, 0.2, 0.2)
    [group] = noise_groups(table)
    assert sorted(group.rows.tolist()) == list(range(12000))
    assert group.rates.good_to_bad == pytest.approx(0.2, abs=0.03)


def test_entries_of_unlike_noise_are_judged_apart_and_the_mean_is_told():
    table, flips = several(0.4, 0.0)
    groups = noise_groups(table)
    assert [len(group.rows) for group in groups] == [4000, 4000]
    assert [group.rates.good_to_bad for group in groups] == pytest.approx([0.4, 0.0], abs=0.05)
    assert noise_rates(table).good_to_bad == pytest.approx(0.2, abs=0.03)
    found = find_suspects(table).query("quality < 0.5")
    assert (found["entry"] == "10000").mean() > 0.98
    right = found["label"] != found["true_label"]
    assert right.mean() > 0.9
    assert right.sum() > 0.7 * flips[0].sum()


def test_entries_with_few_picks_go_together_and_with_the_smallest_other_if_need_be():
    table, _ = several(0.4, 0.0, 0.0)
    few, _ = several(0.0, 0.0, n=100)
    few["entry"] = "few" + few["entry"]
    groups = noise_groups(pd.concat([table, few], ignore_index=True))
    assert sorted(len(group.rows) for group in groups) == [4000, 4000, 4200]
    assert [len(group.rows) for group in noise_groups(few)] == [200]


def test_each_entry_has_its_own_rates_where_it_has_enough_picks():
    table, _ = several(0.4, 0.05)
    few, _ = judged(good_to_bad=0.2, bad_to_good=0.0, n=150, entry="10003")
    found = entry_noise_rates(pd.concat([table, few]))
    assert found["10000"].good_to_bad == pytest.approx(0.4, abs=0.03)
    assert found["10001"].good_to_bad == pytest.approx(0.05, abs=0.03)
    assert found["10003"] is None
