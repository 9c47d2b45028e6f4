"""Suspect labels as CSV for people and for ``data.suspects``, as STAR for RELION, and as a picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

from cryoice.constants import BAD, GOOD, UNKNOWN
from cryoice.files.atomic import replacing
from cryoice.files.star import Table, write_star
from cryoice.learn.entry_noise import entry_noise_rates, noise_rates
from cryoice.learn.noise_rates import NoiseRates
from cryoice.learn.suspects import precision_at_recall
from cryoice.report.figures import LABEL_COLOURS, LABEL_NAMES, frame_patch, show_patch

CSV, STAR, SHEET = "suspects.csv", "suspects.star", "suspects.png"

SHOWN = 12
"""Suspects of each label on the sheet."""

_COLUMNS = [
    "rank", "entry", "micrograph", "row", "col", "x", "y",
    "label", "suggested", "probability", "quality", "judges", "reason",
]  # fmt: skip
_ACROSS = 4
_DIGITS = 4


def suspects_for_people(suspects: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the CSV file: labels in words, row and col as stored, x and y as in the files."""
    words = {name: suspects[name].map(LABEL_NAMES) for name in ("label", "suggested")}
    rounded = {name: suspects[name].round(_DIGITS) for name in ("probability", "quality")}
    return suspects.assign(**words, **rounded)[_COLUMNS]


def write_lists(suspects: pd.DataFrame, folder: Path) -> None:
    """Write suspects.csv and suspects.star into ``folder``.

    RELION counts from the first row of the array as stored: its x is col, its y is row.

    Parameters
    ----------
    suspects
        As `learn.suspects.find_suspects` ranks them and `Micrographs.place` or `without_place` places them.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    table = suspects_for_people(suspects)
    with replacing(folder / CSV) as path:
        table.to_csv(path, index=False)
    particles = {
        "rlnMicrographName": suspects["file"].tolist(),
        "rlnCoordinateX": suspects["col"].tolist(),
        "rlnCoordinateY": suspects["row"].tolist(),
        "cryoiceLabel": table["label"].tolist(),
        "cryoiceSuggested": table["suggested"].tolist(),
        "cryoiceProbability": table["probability"].tolist(),
        "cryoiceQuality": table["quality"].tolist(),
    }
    sizes = suspects["pixel_size"]
    if sizes.isna().any() or not len(sizes):
        write_star(folder / STAR, {"particles": particles})
        return
    groups = sorted(sizes.unique())
    numbers = [groups.index(size) + 1 for size in sizes]
    write_star(
        folder / STAR, {"optics": _optics(groups), "particles": particles | {"rlnOpticsGroup": numbers}}
    )


def _optics(pixel_sizes: list[float]) -> Table:
    numbers = range(1, len(pixel_sizes) + 1)
    return {
        "rlnOpticsGroup": list(numbers),
        "rlnOpticsGroupName": [f"opticsGroup{number}" for number in numbers],
        "rlnMicrographPixelSize": pixel_sizes,
        "rlnMicrographOriginalPixelSize": pixel_sizes,
    }


def summarise(table: pd.DataFrame, suspects: pd.DataFrame, *, listed: int) -> dict[str, Any]:
    """Return what ``summary.json`` holds: counts, estimated noise rates, overall and by entry.

    Where true labels are known it also tells how well the flips among them are found.
    """
    by_entry, rates = table.groupby("entry").size(), entry_noise_rates(table)
    doubted = suspects.groupby("entry").size()
    summary = {
        "picks": len(table),
        "most_judges": int(table["judges"].max()),
        "auroc_against_labels": _auroc(table),
        "suspects": len(suspects),
        "listed": listed,
        **_rates(noise_rates(table)),
        "entries": {
            entry: {
                "picks": int(by_entry[entry]),
                "suspects": int(doubted.get(entry, 0)),
                "auroc_against_labels": _auroc(table[table["entry"] == entry]),
                **_rates(found),
            }
            for entry, found in rates.items()
        },
    }
    return summary | _against_truth(table, suspects)


def _auroc(table: pd.DataFrame) -> float | None:
    """Return the AUROC against the labels, None where all are the same."""
    if table["label"].nunique() < len((GOOD, BAD)):
        return None
    return float(roc_auc_score(table["label"], table["probability"]))


def _rates(found: NoiseRates | None) -> Mapping[str, float | None]:
    if found is None:
        return {"good_to_bad": None, "bad_to_good": None}
    return {
        "good_to_bad": round(found.good_to_bad, _DIGITS),
        "bad_to_good": round(found.bad_to_good, _DIGITS),
    }


def _against_truth(table: pd.DataFrame, suspects: pd.DataFrame) -> dict[str, Any]:
    if (table["true_label"] == UNKNOWN).any():
        return {}
    flipped = (table["true_label"] != table["label"]).to_numpy()
    right = (suspects["true_label"] != suspects["label"]).to_numpy()
    if not flipped.any():
        return {"known_flips": 0}
    return {
        "known_flips": int(flipped.sum()),
        "precision_at_recall_0.5": precision_at_recall(table, flipped, recall=0.5),
        "precision": float(right.mean()) if len(right) else None,
        "recall": float(right.sum() / flipped.sum()),
    }


def first_of_each(suspects: pd.DataFrame) -> pd.DataFrame:
    """Return the surest suspects of either label, those to be shown."""
    return suspects.groupby("label", sort=True).head(SHOWN)


def plot_suspects(
    patches: Float[np.ndarray, "n height width"], suspects: pd.DataFrame, *, title: str, pixel_size: float
) -> Figure:
    """Show suspects by label, side by side, each framed in the colour of its label.

    Above a patch stand rank, probability of BAD, entry and micrograph; ``pixel_size`` (Å/px) is the patches'.
    """
    labels = suspects["label"].to_numpy()
    most = max(int((labels == value).sum()) for value in (GOOD, BAD))
    rows = max(1, -(-most // _ACROSS))
    figure = Figure(figsize=(2 * 1.75 * _ACROSS, 2.15 * rows + 1.1), layout="constrained")
    figure.suptitle(f"{title}; patches of {patches.shape[-1] * pixel_size:.0f} Å", fontsize=11)
    for value, half in zip(
        (BAD, GOOD), figure.subfigures(1, 2, squeeze=False, wspace=0.04).flat, strict=True
    ):
        half.suptitle(
            f"labelled {LABEL_NAMES[value]}, suggested {LABEL_NAMES[GOOD + BAD - value]}",
            fontsize=11,
            color=LABEL_COLOURS[value],
        )
        panels = list(half.subplots(rows, _ACROSS, squeeze=False).flat)
        own = np.flatnonzero(labels == value)
        if not len(own):
            half.text(0.5, 0.5, "none", ha="center", color="0.5")
        for panel, number in zip(panels, own, strict=False):
            row = suspects.iloc[number]
            show_patch(panel, patches[number], "gray")
            frame_patch(panel, LABEL_COLOURS[value])
            where = f"{_short(row['entry'])}/{_short(row['micrograph'])}"
            text = f"{row['rank']}: p(BAD) {row['probability']:.2f}\n{where}"
            panel.set_title(text, fontsize=7)
        for panel in panels[len(own) :]:
            panel.set_axis_off()
    return figure


def _short(name: str, most: int = 14) -> str:
    return name if len(name) <= most else f"…{name[-most + 1 :]}"
