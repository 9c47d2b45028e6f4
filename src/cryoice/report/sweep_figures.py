"""Pictures of a sweep: what its jobs scored against what they changed."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from cryoice.report.figures import save_figure
from cryoice.report.sweep import changed_keys
from cryoice.report.sweep_row import FIELD

_MAP = "viridis"  # told apart with every kind of colour blindness, and in grey
_POINT, _MEAN, _THREAD = "#0072B2", "#D55E00", "0.8"
_MOST = 12
"""Values of a key that an axis has room to name."""
_WIDE = 4
"""Greatest value over the least from which an axis is logarithmic."""


def draw_sweep(table: pd.DataFrame, folder: Path, *, metric: str) -> list[Path]:
    """Write the pictures that make sense for what a sweep changed; return their paths.

    Parameters
    ----------
    table
        As `report.sweep.collect_sweep` returns it; jobs without a monitored value are left out.
    folder
        Of the sweep; the pictures go into its ``figures``.
    metric
        Name of the monitored value.
    """
    done = table[table["monitor"].notna()].copy()
    keys = _instead_of_pixels(done, changed_keys(done))
    for key in keys:
        done[key] = _numbers(done[key])
    keys = [key for key in keys if key != "seed"]
    numeric = [key for key in keys if pd.api.types.is_numeric_dtype(done[key])]
    figures = {f"against_{_file_name(key)}": plot_against(done, key, keys, metric) for key in numeric}
    repeated = [key for key in numeric if done[key].nunique() <= min(_MOST, len(done) // 2)]
    repeated.sort(key=lambda key: done[key].nunique(), reverse=True)
    if len(repeated) > 1:
        figures["heat_map"] = plot_heat_map(done, repeated[0], repeated[1], metric)
    if len(keys) > 1:
        figures["parallel_coordinates"] = plot_parallel(done, keys, metric)
    paths = {name: folder / "figures" / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        save_figure(figure, paths[name])
    return list(paths.values())


def plot_against(done: pd.DataFrame, key: str, keys: list[str], metric: str) -> Figure:
    """Show every job's score over one key, and the mean of each value.

    Thin lines join the jobs that differ in this key alone, means of their seeds.
    """
    figure = Figure(figsize=(5.6, 4), layout="constrained")
    axes = figure.subplots()
    others = [name for name in keys if name != key]
    for _, group in done.groupby(others) if others else [("", done)]:
        alike = group.groupby(key)["monitor"].mean()
        axes.plot(alike.index, alike, color=_THREAD, linewidth=1, zorder=1)
    axes.plot(done[key], done["monitor"], "o", color=_POINT, markersize=5, alpha=0.7, label="a job", zorder=2)
    mean = done.groupby(key)["monitor"].mean()
    if len(done) >= 2 * len(mean):
        axes.plot(mean.index, mean, "s-", color=_MEAN, markersize=6, label="mean", zorder=3)
    if _is_wide(done[key]):
        axes.set_xscale("log")
    if len(mean) <= _MOST:
        axes.set_xticks(mean.index, [f"{value:g}" for value in mean.index])
        axes.minorticks_off()
    axes.set(xlabel=_title(key), ylabel=f"best {metric}")
    axes.grid(color="0.92", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    return figure


def plot_heat_map(done: pd.DataFrame, across: str, down: str, metric: str) -> Figure:
    """Show the mean score for every pair of values of two keys, and of how many jobs it is."""
    cells = done.pivot_table(index=down, columns=across, values="monitor", aggfunc=["mean", "size"])
    mean, size = (cells[name].to_numpy(np.float64) for name in ("mean", "size"))
    rows, columns = len(mean), len(mean[0])
    figure = Figure(figsize=(2.2 + 0.95 * columns, 1.4 + 0.7 * rows), layout="constrained")
    axes = figure.subplots()
    norm = Normalize(float(np.nanmin(mean)), float(np.nanmax(mean)))
    shown = axes.imshow(mean, cmap=_MAP, norm=norm, aspect="auto", origin="lower")
    for (row, column), value in np.ndenumerate(mean):
        if np.isfinite(value):
            shade = "black" if norm(value) > 0.6 else "white"
            text = f"{value:.3f}\n× {size[row, column]:.0f}"
            axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=9)
    axes.set_xticks(range(columns), [f"{value:g}" for value in cells["mean"].columns])
    axes.set_yticks(range(rows), [f"{value:g}" for value in cells["mean"].index])
    axes.set(xlabel=_title(across), ylabel=_title(down))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.colorbar(shown, ax=axes, label=f"mean of best {metric}")
    return figure


def plot_parallel(done: pd.DataFrame, keys: list[str], metric: str) -> Figure:
    """Show every job as a line over what it changed, to its score, which colours it."""
    scores = done["monitor"]
    norm = Normalize(float(scores.min()), float(scores.max()))
    shades = ScalarMappable(norm, _MAP)
    names = [*keys, "monitor"]
    scaled = pd.concat([_unit_interval(done[name]) for name in names], axis=1).to_numpy(np.float64)
    figure = Figure(figsize=(1.8 + 1.7 * len(names), 4), layout="constrained")
    axes = figure.subplots()
    for at in np.argsort(scores.to_numpy()):  # the best lie on top
        axes.plot(scaled[at], color=shades.to_rgba(scores.iloc[at]), linewidth=1.6, alpha=0.85)
    for column, name in enumerate(names):
        _draw_axis(axes, column, done[name], scaled[:, column])
    axes.set_xticks(range(len(names)), [*map(_title, keys), f"best {metric}"])
    axes.set(yticks=[], xlim=(-0.2, len(names) - 0.55), ylim=(-0.06, 1.06))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.colorbar(shades, ax=axes, label=f"best {metric}")
    return figure


def _draw_axis(axes: Axes, column: int, values: pd.Series, scaled: np.ndarray) -> None:
    """Draw one upright axis with its values beside it, or with some of them where there are many."""
    axes.axvline(column, color="0.3", linewidth=1, zorder=0)
    marks = dict(sorted(zip(scaled, values, strict=True)))
    if len(marks) > _MOST:
        marks = {place: marks[place] for place in (min(marks), max(marks))}
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}
    for place, value in marks.items():
        text = value if isinstance(value, str) else f"{value:.3g}"
        axes.text(column + 0.04, place, text, va="center", fontsize=8, bbox=box, zorder=5)


def _unit_interval(values: pd.Series) -> pd.Series:
    """Return values from 0 to 1: by their logarithms where they are wide, texts by their order."""
    if not pd.api.types.is_numeric_dtype(values):
        values = values.astype("category").cat.codes
    elif _is_wide(values):
        values = np.log(values)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else values * 0 + 0.5


def _is_wide(values: pd.Series) -> bool:
    return bool(values.min() > 0 and values.max() >= _WIDE * values.min())


def _instead_of_pixels(done: pd.DataFrame, keys: list[str]) -> list[str]:
    """Put the field in Å first, without the patch and the pixel size where it tells the same."""
    if FIELD not in keys:
        return keys
    fields = done[FIELD].nunique()
    same = [key for key in ("patch", "pixel_size") if key in keys and done[key].nunique() == fields]
    return [FIELD, *(key for key in keys if key not in (FIELD, *same))]


def _numbers(values: pd.Series) -> pd.Series:
    """Return the values as numbers where all of them are, else as they were typed."""
    numbers = pd.to_numeric(values, errors="coerce")
    return values.fillna("–").astype(str) if numbers.isna().any() else numbers


def _title(key: str) -> str:
    return {"optimizer.lr": "learning rate", "model.depth": "depth", FIELD: "field of view (Å)"}.get(key, key)


def _file_name(key: str) -> str:
    return re.sub(r"\W+", "_", _title(key).partition(" (")[0]).strip("_")
