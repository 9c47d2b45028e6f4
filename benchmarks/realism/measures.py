"""What can be measured of patches and micrographs, and how far two kinds of them differ."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Float32

from benchmarks.realism.data import Sample
from cryoice.files.pick_contrast import contrast_map, score_positions
from cryoice.signal.fourier import power_spectrum, radial_average, window_2d
from cryoice.signal.statistics import (
    autocorrelation_length,
    block_mean,
    ks_distance,
    local_std,
    skewness_and_kurtosis,
    standardised_difference,
)

WINDOW = 64.0
"""Å across the windows of the local standard deviation."""
BINNINGS = (1, 2, 4)
BANDS = ((128, 64), (64, 32), (32, 16), (16, 10), (4.6, 4.2), (3.9, 3.6))
"""Å: particles, their shape, solvent; beside the ring of vitreous ice, and on it."""
NOISE_BAND = (6.0, 8.0)
"""Å, where hardly any signal is left and a camera still passes nearly all noise."""


def radial_power(
    patches: Float32[np.ndarray, "n side side"],
) -> Float[np.ndarray, "n bins"]:
    """Power spectra of patches, radially averaged, up to Nyquist."""
    side = patches.shape[-1]
    window = window_2d("hann", side)
    return np.concatenate(
        [
            radial_average(power_spectrum(torch.from_numpy(part), window)).numpy()[:, : side // 2 + 1]
            for part in np.array_split(patches, max(1, len(patches) // 64))
        ]
    )


def noise_level(
    power: Float[np.ndarray, "n bins"], frequency: Float[np.ndarray, " bins"]
) -> Float[np.ndarray, " n"]:
    """Mean power between 8 and 6 Å, or over the third quarter to Nyquist where 6 Å lies beyond it."""
    if frequency[-1] > 1 / NOISE_BAND[0]:
        return _band(power, frequency, (NOISE_BAND[1], NOISE_BAND[0]))
    return _band(power, frequency, (2 / frequency[-1], 4 / 3 / frequency[-1]))


def patch_measures(
    patches: Float32[np.ndarray, "n side side"], pixel_size: float
) -> dict[str, Float[np.ndarray, " n"]]:
    """Measure every patch; a measure its pixel size forbids is left out."""
    power = radial_power(patches)
    frequency = np.arange(power.shape[1]) / (patches.shape[-1] * pixel_size)
    noise = noise_level(power, frequency)
    found: dict[str, Float[np.ndarray, " n"]] = {}
    for factor in BINNINGS:
        moments = np.array([skewness_and_kurtosis(block_mean(patch, factor)) for patch in patches])
        found[f"skewness, binned {factor}x"], found[f"excess kurtosis, binned {factor}x"] = moments.T
    window = max(2, round(WINDOW / pixel_size))
    spreads = np.stack([local_std(patch, window) for patch in patches])
    found[f"mean std in {WINDOW:.0f} Å"] = spreads.mean(axis=(1, 2))
    found[f"spread of std in {WINDOW:.0f} Å"] = spreads.std(axis=(1, 2)) / spreads.mean(axis=(1, 2))
    found["autocorrelation length, Å"] = pixel_size * np.array([autocorrelation_length(p) for p in patches])
    for band in BANDS:
        if frequency[-1] > 1 / band[1]:
            name = f"log power {band[0]:g}-{band[1]:g} Å over noise"
            found[name] = np.log(_band(power, frequency, band) / noise)
    for share in (0.5, 0.75, 1.0):
        nearby = slice(round(share * (power.shape[1] - 1)) - 2, round(share * (power.shape[1] - 1)) + 3)
        found[f"log power at {share:g} Nyquist over noise"] = np.log(power[:, nearby].mean(axis=1) / noise)
    return found


def sample_measures(samples: Sequence[Sample]) -> dict[str, Float[np.ndarray, " n"]]:
    """Contrast of the picks (disc minus annulus, robust std at 14 px a particle) in each micrograph."""
    contrasts = []
    for sample in samples:
        if sample.diameter and len(sample.positions):
            contrast = contrast_map(sample.array, sample.diameter)
            if contrast is not None:
                contrasts.append(score_positions(contrast, sample.positions)[0])
    return {"contrast of the picks": np.array(contrasts)} if contrasts else {}


def comparison(
    real: Mapping[str, Float[np.ndarray, " n"]], simulated: Mapping[str, Float[np.ndarray, " m"]]
) -> list[dict[str, float | str]]:
    """Rows of means, spreads, standardised difference and Kolmogorov-Smirnov distance."""
    return [
        {
            "measure": name,
            "real": float(values.mean()),
            "real spread": float(values.std()),
            "simulated": float(simulated[name].mean()),
            "simulated spread": float(simulated[name].std()),
            "difference": standardised_difference(values, simulated[name]),
            "KS": ks_distance(values, simulated[name]),
        }
        for name, values in real.items()
        if name in simulated
    ]


def markdown(rows: Sequence[Mapping[str, float | str]]) -> str:
    """Write the rows of `comparison` as a table."""
    lines = ["| measure | real | simulated | difference / std | KS |", "| :-- | --: | --: | --: | --: |"]
    for row in rows:
        pairs = [f"{row[kind]:.3f} ± {row[f'{kind} spread']:.3f}" for kind in ("real", "simulated")]
        lines.append(
            f"| {row['measure']} | {' | '.join(pairs)} | {row['difference']:+.2f} | {row['KS']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _band(
    power: Float[np.ndarray, "n bins"], frequency: Float[np.ndarray, " bins"], band: tuple[float, float]
) -> Float[np.ndarray, " n"]:
    """Mean power between two resolutions in Å, the coarser first; of the nearest bin if none lies there."""
    inside = (frequency >= 1 / band[0]) & (frequency <= 1 / band[1])
    if not inside.any():
        inside[np.abs(frequency - (1 / band[0] + 1 / band[1]) / 2).argmin()] = True
    mean: Float[np.ndarray, " n"] = power[:, inside].mean(axis=1)
    return mean
