"""How often what a network says comes true, by what it says."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cryoice.learn.metrics import BINS

_COLOURS = ("0.55", "#0072B2", "#D55E00")
_ACROSS = 3


@dataclass(frozen=True)
class Reliability:
    """Sums over `BINS` equally wide bins of the probability; those of disjoint parts add up.

    Attributes
    ----------
    weight
        Of all that fell in a bin.
    said, seen
        Weight times probability, and weight of what came true.
    """

    weight: Float64[np.ndarray, " bins"]
    said: Float64[np.ndarray, " bins"]
    seen: Float64[np.ndarray, " bins"]

    @classmethod
    def of(
        cls, probability: Float[np.ndarray, " n"], came_true: Bool[np.ndarray, " n"], *, weight: float = 1.0
    ) -> "Reliability":
        """Sort probabilities from 0 to 1 into bins; ``weight`` is that of each."""
        chosen = np.minimum((probability * BINS).astype(np.intp), BINS - 1)
        sums = (np.bincount(chosen, values, BINS) * weight for values in (None, probability, came_true))
        return cls(*sums)

    def __add__(self, other: "Reliability") -> "Reliability":
        """Put two parts together."""
        return Reliability(self.weight + other.weight, self.said + other.said, self.seen + other.seen)

    @property
    def ece(self) -> float:
        """Expected calibration error Σ |seen - said| / Σ weight (Guo et al. 2017, eq. 3); NaN: no weight."""
        total = self.weight.sum()
        return float(np.abs(self.seen - self.said).sum() / total) if total else np.nan

    @property
    def points(self) -> tuple[Float64[np.ndarray, " filled"], Float64[np.ndarray, " filled"]]:
        """Mean probability, and the share that came true, of each bin that holds any."""
        filled = self.weight > 0
        return self.said[filled] / self.weight[filled], self.seen[filled] / self.weight[filled]

    @property
    def but_lowest(self) -> "Reliability":
        """All bins but the lowest, in which most pixels of a rare class lie and are right."""
        return Reliability(self.weight[1:], self.said[1:], self.seen[1:])


def plot_reliability(panels: Mapping[str, Mapping[str, Reliability]], *, title: str) -> Figure:
    """Show for each panel how often its curves come true, and below how the probabilities are spread.

    Parameters
    ----------
    panels
        By heading, at most three curves each, by name; bins without weight are left out.
    """
    down = -(-len(panels) // _ACROSS)
    figure = Figure(figsize=(3.4 * _ACROSS, 4.4 * down + 0.5), layout="constrained")
    figure.suptitle(title, fontsize=11)
    grid = figure.add_gridspec(2 * down, _ACROSS, height_ratios=[3, 1] * down)
    for number, (heading, curves) in enumerate(panels.items()):
        row, column = divmod(number, _ACROSS)
        upper = figure.add_subplot(grid[2 * row, column])
        lower = figure.add_subplot(grid[2 * row + 1, column], sharex=upper)
        upper.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1)
        for (name, curve), colour in zip(curves.items(), _COLOURS, strict=False):
            _draw(upper, lower, curve, name=name, colour=colour)
        upper.set(title=heading, ylabel="share that is", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        upper.legend(frameon=False, fontsize=8)
        lower.set(xlabel="probability", ylabel="share", yscale="log", ylim=(1e-5, 1))
        for axes in (upper, lower):
            axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw(upper: Axes, lower: Axes, curve: Reliability, *, name: str, colour: str) -> None:
    label = f"{name}: ECE {curve.ece:.3f}"
    upper.plot(*curve.points, marker="o", markersize=3.5, color=colour, label=label)
    edges = np.linspace(0, 1, BINS + 1)
    lower.stairs(np.maximum(curve.weight / max(curve.weight.sum(), 1e-12), 1e-6), edges, color=colour)
