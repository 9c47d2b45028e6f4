"""Several judgements of a pick become one."""

import pandas as pd
import pytest

from cryoice.errors import InputError
from cryoice.learn.judgements import join_judgements


def predictions(*rows):
    names = ["entry", "micrograph", "y", "x", "label", "true_label", "probability"]
    return pd.DataFrame(rows, columns=names)


def test_probabilities_of_a_pick_judged_twice_are_averaged():
    one = predictions(("e", "a", 3.0, 4.0, 1, 0, 0.2), ("e", "b", 1.0, 2.0, 0, -1, 0.6))
    two = predictions(("e", "a", 3.0, 4.0, 1, 0, 0.4))
    found = join_judgements([one, two])
    assert found[["micrograph", "row", "col", "label", "true_label", "judges"]].to_numpy().tolist() == [
        ["a", 3.0, 4.0, 1, 0, 2],
        ["b", 1.0, 2.0, 0, -1, 1],
    ]
    assert found["probability"].tolist() == pytest.approx([0.3, 0.6])


def test_a_pick_that_its_file_lists_twice_is_one_pick_judged_once():
    found = join_judgements([predictions(*[("e", "a", 3.0, 4.0, 1, 0, 0.2)] * 2)])
    assert found["judges"].tolist() == [1]


def test_a_place_may_hold_a_good_and_a_bad_pick():
    both = predictions(("e", "a", 3.0, 4.0, 1, 0, 0.2), ("e", "a", 3.0, 4.0, 0, 0, 0.2))
    assert join_judgements([both, both])["judges"].tolist() == [2, 2]


def test_one_pick_with_two_labels_is_refused_and_named():
    one, two = (predictions(("e", "a", 3.0, 4.0, label, 0, 0.2)) for label in (0, 1))
    with pytest.raises(
        InputError, match=r"1 picks have one label .* e/a row 3, col 4; give runs on the same labels"
    ):
        join_judgements([one, two])


def test_no_picks_are_refused():
    for tables in ([], [predictions()]):
        with pytest.raises(InputError, match="no pick in them"):
            join_judgements(tables)
