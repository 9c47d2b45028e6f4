"""What networks think of picks that they did not learn from, several judgements of a pick joined."""

from collections.abc import Sequence

import pandas as pd

from cryoice.errors import InputError

PLACE = ["entry", "micrograph", "row", "col"]
"""Where a pick lies, px as stored; with its label it is one pick."""


def join_judgements(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return a row a pick, its probability of BAD averaged over the networks that judged it.

    Parameters
    ----------
    tables
        One a network, as `evaluation.prediction_table` makes them, of picks that it never saw.

    Returns
    -------
    DataFrame
        Columns entry, micrograph, row, col (px as stored), label, true_label, probability and judges (how
        many networks judged the pick), by entry, micrograph and position.

    Raises
    ------
    InputError
        There is no pick, or two tables give a pick different labels.
    """
    pick = [*PLACE, "label"]
    named = [
        table.rename(columns={"y": "row", "x": "col"}).drop_duplicates(pick)  # a file may list a pick twice
        for table in tables
    ]
    if not sum(map(len, named)):
        raise InputError("predictions: no pick in them; give the folders of finished runs")
    _require_one_label(named)
    joined = pd.concat(named).groupby(pick, sort=True)
    columns = {"true_label": ("true_label", "first"), "probability": ("probability", "mean")}
    return joined.agg(**columns, judges=("label", "size")).reset_index()


def _require_one_label(tables: Sequence[pd.DataFrame]) -> None:
    """Check that all networks saw the same labels at a place; it may hold a GOOD and a BAD pick."""
    seen = pd.concat(
        [(table["label"] + 1).groupby([table[name] for name in PLACE]).sum() for table in tables]
    )
    unlike = seen.groupby(level=PLACE).nunique().loc[lambda count: count > 1]
    if len(unlike):
        entry, micrograph, row, col = unlike.index[0]
        raise InputError(
            f"predictions: {len(unlike)} picks have one label in one run and another in another, the first "
            f"{entry}/{micrograph} row {row:g}, col {col:g}; give runs on the same labels"
        )
