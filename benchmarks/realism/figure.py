"""Pictures of real and simulated patches side by side, and of how their values are spread."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.realism.measures import WINDOW, noise_level, radial_power
from benchmarks.realism.patches import Patches
from cryoice.report.figures import grey_range
from cryoice.signal.statistics import block_mean, local_std

COLOURS = {"real": "#1E88E5", "simulated": "#FF8F00"}
SHOWN = 6


def plot_comparison(kinds: dict[str, Patches], *, title: str) -> Figure:
    """Plot spectra with their 10-90 % bands, grey values, local std, and six patches of each kind."""
    figure = Figure(figsize=(12, 8.5), layout="constrained")
    figure.suptitle(title)
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 1.35)).flat
    spectra, fine, coarse, spread = upper.subplots(1, 4)
    for kind, patches in kinds.items():
        _spectrum(spectra, patches, kind)
        _histogram(fine, patches.values.ravel(), kind)
        _histogram(coarse, np.stack([block_mean(patch, 4) for patch in patches.values]).ravel(), kind)
        side = max(2, round(WINDOW / patches.pixel_size))
        _histogram(spread, np.stack([local_std(patch, side) for patch in patches.values]).ravel(), kind)
    spectra.set(xlabel="1/Å", yscale="log", title="power over noise")
    fine.set(title="grey values", yscale="log")
    coarse.set(title="grey values, binned 4x", yscale="log")
    spread.set(title=f"std in {WINDOW:.0f} Å")
    spectra.legend()
    rows = [(kind, patches.values[_evenly(len(patches.values))]) for kind, patches in kinds.items()]
    _galleries(lower.subplots(len(rows), SHOWN, squeeze=False), rows)
    return figure


def plot_telling(
    kinds: dict[str, Patches], scores: dict[str, Float[np.ndarray, " n"]], *, title: str
) -> Figure:
    """Show the patches of each kind that look most and least simulated to the network."""
    rows: list[tuple[str, Float32[np.ndarray, "n side side"]]] = []
    for kind, patches in kinds.items():
        order = np.argsort(scores[kind])
        rows.append((f"{kind}:\nmost simulated", patches.values[order[::-1][:SHOWN]]))
        rows.append((f"{kind}:\nmost real", patches.values[order[:SHOWN]]))
    figure = Figure(figsize=(12, 2.1 * len(rows)), layout="constrained")
    figure.suptitle(title)
    _galleries(figure.subplots(len(rows), SHOWN, squeeze=False), rows)
    return figure


def _spectrum(axes: Axes, patches: Patches, kind: str) -> None:
    power = radial_power(patches.values)
    frequency = np.arange(power.shape[1]) / (patches.values.shape[-1] * patches.pixel_size)
    relative = power / noise_level(power, frequency)[:, None]
    low, high = np.percentile(relative, (10, 90), axis=0)
    axes.plot(frequency[1:], relative.mean(axis=0)[1:], color=COLOURS[kind], label=kind)
    axes.fill_between(frequency[1:], low[1:], high[1:], color=COLOURS[kind], alpha=0.25, linewidth=0)


def _histogram(axes: Axes, values: Float[np.ndarray, " n"], kind: str) -> None:
    low, high = np.percentile(values, (0.01, 99.99))
    axes.hist(values, np.linspace(low, high, 80).tolist(), density=True, histtype="step", color=COLOURS[kind])


def _evenly(number: int) -> np.ndarray:
    return np.linspace(0, number - 1, SHOWN).astype(int)


def _galleries(panels: np.ndarray, rows: Sequence[tuple[str, Float32[np.ndarray, "n side side"]]]) -> None:
    for line, (name, patches) in zip(panels, rows, strict=True):
        for axes, patch in zip(line, patches, strict=False):
            smooth = block_mean(patch, max(1, patch.shape[0] // 128))
            axes.imshow(smooth, cmap="gray", norm=grey_range(smooth), interpolation="nearest")
        for axes in line:
            axes.set(xticks=[], yticks=[])
        line[0].set_ylabel(name)
