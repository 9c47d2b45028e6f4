"""How micrographs fare while they arrive: share of artifacts and iciness against time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cryoice.constants import CLASSES
from cryoice.report.colours import CLASS_COLOURS

_GOOD_POINT, _BAD_POINT, _LINE = "#0072B2", "#D55E00", "0.15"
"""Blue and vermilion of Okabe and Ito: told apart with every kind of colour blindness."""
_ICY = {1.0: "good below", 1.5: "mostly unusable above"}
"""What CTFFIND5 makes of its iciness, as `signal.ice_rings` computes it."""
_HOUR = 3600  # s
_BESIDE: dict[str, Any] = {
    "loc": "upper left",
    "bbox_to_anchor": (1.0, 1.02),
    "fontsize": 8,
    "frameon": False,
}
_CLOCKS = 6

Numbers = Float64[np.ndarray, " n"]


def plot_watch(
    times: Numbers,
    shares: Mapping[str, Numbers],
    iciness: Numbers,
    *,
    first: int,
    max_bad: float,
    window: int,
) -> Figure:
    """Show each exposure's share of artifacts and iciness, running medians, and the mean share by class.

    Parameters
    ----------
    times
        When the exposures were written, s since 1970, in ascending order; one at least.
    shares
        Of each class in `CLASSES` but clean, 0 to 1.
    iciness
        NaN where it could not be measured; without any, the panel says so.
    first
        Number of the first exposure, from 1.
    max_bad
        Share above which an exposure is bad.
    window
        Exposures in a running median or mean.
    """
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
    number = first + np.arange(len(times), dtype=np.float64)
    bad = np.sum([*shares.values()], axis=0)
    _draw_shares(top, number, bad, max_bad=max_bad, window=window)
    _draw_iciness(middle, number, iciness, window=window)
    colours = [CLASS_COLOURS[CLASSES.index(name)] for name in shares]
    layers = [pd.Series(values).rolling(window, min_periods=1).mean() for values in shares.values()]
    bottom.stackplot(number, layers, labels=list(shares), colors=colours)
    bottom.set(ylabel=f"mean share of the last {window}", xlabel="exposure, by the time of its file")
    bottom.set_ylim(0, max(0.1, 1.05 * float(np.max(np.sum(layers, axis=0)))))
    bottom.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    bottom.legend(**_BESIDE)
    bottom.set_xlim(first - 0.5, first + max(len(times), 2) - 0.5)
    _draw_clock(top, number, times)
    share = np.mean(bad > max_bad)
    span = f"exposures {first:,} to {first + len(times) - 1:,}"
    figure.suptitle(f"{span}: {share:.0%} bad", fontsize=11)
    return figure


def _draw_shares(axes: Axes, number: Numbers, bad: Numbers, *, max_bad: float, window: int) -> None:
    for wanted, colour, name in ((False, _GOOD_POINT, "good"), (True, _BAD_POINT, "bad")):
        chosen = (bad > max_bad) == wanted
        axes.scatter(number[chosen], bad[chosen], s=9, color=colour, linewidths=0, label=name)
    _draw_median(axes, number, bad, window=window)
    axes.axhline(max_bad, color="0.5", linestyle=":", linewidth=1, label=f"--max-bad {max_bad:g}")
    axes.set(ylabel="share of artifacts", ylim=(-0.03, 1.03))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(**_BESIDE)


def _draw_iciness(axes: Axes, number: Numbers, iciness: Numbers, *, window: int) -> None:
    axes.set(ylabel="iciness")
    if not np.isfinite(iciness).any():
        why = "not measured: pixels coarser than 1.72 Å hold no rings of ice"
        axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color="0.4")
        axes.set_yticks([])
        return
    axes.scatter(number, iciness, s=9, color=_GOOD_POINT, linewidths=0)
    _draw_median(axes, number, iciness, window=window)
    for limit, name in _ICY.items():
        axes.axhline(limit, color="0.5", linestyle=":", linewidth=1)
        axes.annotate(
            name,
            (0.995, limit),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
            color="0.35",
        )
    highest = np.nanmax(iciness)
    axes.set_ylim(0, max(1.15 * highest, 1.2 * max(_ICY)))


def _draw_median(axes: Axes, number: Numbers, values: Numbers, *, window: int) -> None:
    median = pd.Series(values).rolling(window, min_periods=1).median()
    axes.plot(number, median, color=_LINE, linewidth=1.2, label=f"median of the last {window}")


def _draw_clock(axes: Axes, number: Numbers, times: Numbers) -> None:
    """Tell above the axes when some of the exposures were written, in the local time."""
    clock = axes.secondary_xaxis("top")
    clock.tick_params(length=3)
    places = np.unique(np.linspace(0, len(times) - 1, min(_CLOCKS, len(times))).astype(int))
    told = [datetime.fromtimestamp(times[place]) for place in places]
    form = "%H:%M:%S" if times[-1] - times[0] < _HOUR else "%H:%M"
    if told[0].date() != told[-1].date():
        form = "%d %b %H:%M"
    clock.set_xticks(number[places], [f"{moment:{form}}" for moment in told], fontsize=8)
