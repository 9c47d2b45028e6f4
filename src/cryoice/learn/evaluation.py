"""From a trained module and its data to figures and numbers on the test micrographs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cryoice.learn.baselines import Features
from cryoice.learn.dataset import PatchDataset
from cryoice.signal.fourier import averaged_spectrum, power_spectrum, radial_average, window_2d
from cryoice.signal.ice_rings import high_frequency_score, iciness


def prediction_table(dataset: PatchDataset, probability: Tensor) -> pd.DataFrame:
    """Return one row a pick: entry, micrograph, y, x (px as stored), labels, probability of BAD."""
    picks = dataset.picks
    owner = [dataset.micrographs[index] for index in picks["micrograph"]]
    return pd.DataFrame(
        {
            "entry": [micrograph.entry for micrograph in owner],
            "micrograph": [micrograph.name for micrograph in owner],
            "y": picks["row"].to_numpy(),
            "x": picks["col"].to_numpy(),
            "label": picks["label"].to_numpy(),
            "true_label": picks["true_label"].to_numpy(),
            "probability": probability.double().numpy(),
        }
    )


@dataclass(frozen=True)
class Spectra:
    """Which spectrum of a batch measures ice, and at which pixel size (Å/px)."""

    patch: int
    pixel_size: float
    window: str

    @classmethod
    def of(cls, channels: dict[str, Any], *, patch: int, pixel_size: float) -> "Spectra":
        """Choose the averaged spectrum where the channels have one, else the real patch's own."""
        spectrum = channels["spectrum"]
        if spectrum["kind"] == "plain":
            return cls(patch=patch, pixel_size=pixel_size, window="hann")
        return cls(patch=patch, pixel_size=spectrum["pixel_size"], window=spectrum["window"])

    def power(self, batch: dict[str, Tensor]) -> Tensor:
        """Return (batch, patch, patch) power spectra, zero frequency at the centre."""
        patches = batch.get("region", batch["real"]).float()
        return averaged_spectrum(patches, window_2d(self.window, self.patch))


def baseline_features(loader: Iterable[dict[str, Tensor]], spectra: Spectra) -> Features:
    """Return what the baselines see: mean, std, log radial spectra, and the iciness.

    Both the real patch's spectrum and the spectral region's are among the statistics; what was not
    measured is NaN.
    """
    rows, ice, labels = [], [], []
    for batch in loader:
        real, power, measured = batch["real"].float(), spectra.power(batch), batch["measured"]
        own = radial_average(power_spectrum(real, window_2d("hann", real.shape[-1])))
        parts = [
            real.mean(dim=(1, 2))[:, None],
            real.std(dim=(1, 2))[:, None],
            _log(own),
            torch.where(measured[:, None], _log(radial_average(power)), torch.nan),
        ]
        rows.append(torch.cat(parts, dim=1))
        ice.append(torch.where(measured, iciness(power, pixel_size=spectra.pixel_size), torch.nan))
        labels.append(batch["label"])
    return Features(
        statistics=torch.cat(rows).double().numpy(),
        iciness=torch.cat(ice).double().numpy(),
        label=torch.cat(labels).numpy(),
    )


def high_frequency_scores(loader: Iterable[dict[str, Tensor]], spectra: Spectra) -> np.ndarray:
    """Return each patch's high-frequency score, in the loader's order."""
    scores = [high_frequency_score(spectra.power(batch), pixel_size=spectra.pixel_size) for batch in loader]
    return torch.cat(scores).numpy()


def _log(profile: Tensor) -> Tensor:
    inner = profile[:, : 2 * profile.shape[1] // 3]  # the corners beyond hold few pixels
    return inner.clamp(min=1e-6).log()
