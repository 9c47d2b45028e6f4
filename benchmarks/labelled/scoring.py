"""From labelled micrographs to what the figures need, one list for each network."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8, UInt16
from rich.table import Table

from benchmarks.labelled.baselines import baselines
from benchmarks.labelled.data import LabelledMicrograph
from benchmarks.labelled.estimate import Runs, estimate, groups
from benchmarks.labelled.metrics import precision
from benchmarks.labelled.table import INTERVAL, add_columns
from benchmarks.labelled.tally import ANY, Tally, tally, truth_on_map
from benchmarks.labelled.worst import place_of
from cryoice.files.picture import write_png
from cryoice.mask.model import Model
from cryoice.mask.regions import RegionSettings, make_mask
from cryoice.mask.score_map import ScoreMap, score_map
from cryoice.report.mask_overlay import overlay, shrunk


def scored(
    micrographs: Iterable[LabelledMicrograph],
    models: Sequence[Model],
    settings: RegionSettings,
    *,
    compare: bool,
    overlays: Path | None,
) -> list[list[Tally]]:
    """Score what has labelled pixels by networks, and by baselines too where these ``compare``.

    What the first network finds is drawn where a folder is given.
    """
    runs: list[list[Tally]] = [[] for _ in models]
    for micrograph in micrographs:
        others = baselines(micrograph) if compare else {}
        for rank, (model, tallies) in enumerate(zip(models, runs, strict=True)):
            folder = None if rank else overlays
            tallies += judged(micrograph, model, settings, overlays=folder, baselines=others)
    return runs


def judged(
    micrograph: LabelledMicrograph,
    model: Model,
    settings: RegionSettings,
    *,
    overlays: Path | None = None,
    baselines: Mapping[str, Float32[np.ndarray, "h w"]] | None = None,
) -> list[Tally]:
    """Score and mask a micrograph, draw it where a folder is given, and count; empty without labels."""
    scores = score_map(
        micrograph.array, model, pixel_size=micrograph.pixel_size, spectrum=micrograph.spectrum
    )
    mask, _ = make_mask(scores, settings)
    if overlays is not None:
        path = place_of(overlays, micrograph.source, micrograph.name)
        write_png(path, side_by_side(micrograph, scores, mask, settings))
    found = tally(micrograph, scores, mask, baselines=baselines)
    return [] if found is None else [found]


def side_by_side(
    micrograph: LabelledMicrograph,
    scores: ScoreMap,
    mask: UInt16[np.ndarray, "h w"],
    settings: RegionSettings,
) -> UInt8[np.ndarray, "rows columns 3"]:
    """Draw the truth on the left, what was found on the right."""
    view = shrunk(micrograph.array, (mask.shape[0], mask.shape[1]))
    truth = truth_on_map(micrograph, mask.shape)
    pair = [
        overlay(view, shown, score, pixel_size=scores.pixel_size, unsure=settings.band, title=title)
        for shown, score, title in (
            (truth, np.zeros_like(scores.score), f"labels (no data: not counted) of {micrograph.name}"),
            (mask, scores.score, f"found by {scores.views}"),
        )
    ]
    tallest = max(len(picture) for picture in pair)
    padded = [np.pad(p, ((0, tallest - len(p)), (0, 8), (0, 0)), constant_values=255) for p in pair]
    return np.concatenate(padded, axis=1)


def factor_table(runs: Mapping[float, Runs]) -> Table:
    """Average precision of any artifact by source, for each factor on the pixel size."""
    table = Table(title=f"AP of any artifact at wrong pixel sizes ({INTERVAL})")
    add_columns(table, ["source"], [f"{factor:g} times the Å/px" for factor in runs])
    rows: dict[str, list[str]] = {}
    for factor_runs in runs.values():
        for source, group in groups(factor_runs):
            rows.setdefault(source, []).append(str(estimate(_any_precision, group)))
    for source, cells in rows.items():
        table.add_row(source, *cells)
    return table


def _any_precision(tallies: Sequence[Tally], weights: np.ndarray) -> np.ndarray:
    return precision(tallies, weights, scorer=ANY)
