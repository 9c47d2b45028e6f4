"""A patch network at every point of a grid over a micrograph."""

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from cryoice.mask.device import fast_precision
from cryoice.mask.model import Model
from cryoice.mask.patch_grid import PatchGrid
from cryoice.signal.channels import plain_channel, spectral_channel

BATCH = 128
"""Patches that the network sees at a time."""


@torch.inference_mode()
def patch_scores(grid: PatchGrid, model: Model) -> Float32[np.ndarray, "classes rows columns"]:
    """Return the probabilities of the classes at every point; a row of the grid is in memory at a time.

    They are those of `learn.classifier.PatchClassifier` on a batch of `learn.dataset.PatchDataset` but for
    the rounding of halves there (1e-3) and of half precision here (5e-3 for trained networks). Every patch
    goes through the network alone: a convolution over the whole view sees its neighbours where the network,
    trained on patches, saw the zeros that pad them, which moved a trained network's probabilities by up to
    0.11 (0.03 on average).
    """
    scores = np.empty((len(model.classes), *grid.points), dtype=np.float32)
    for row, (real, spectra) in enumerate(grid.rows()):
        for start in range(0, len(real), BATCH):
            chosen = slice(start, start + BATCH)
            channels = _channels(
                real[chosen].to(model.device), None if spectra is None else spectra[chosen], model
            )
            scores[:, row, chosen] = _probabilities(channels, model, measured=grid.measured).T
    return scores


def _channels(
    real: Float[Tensor, "batch p p"], spectra: Float[Tensor, "batch p p"] | None, model: Model
) -> Float[Tensor, "batch c p p"]:
    """Stack what `learn.view.make_channels` does, with spectra that are averaged already."""
    channels = model.channels or {}
    parts = {"real": real}
    if channels["spectrum"]["kind"] == "plain":
        parts["spectrum"] = plain_channel(real)
    else:
        parts["spectrum"] = torch.zeros_like(real) if spectra is None else spectral_channel(spectra)
    return torch.stack([parts[name] for name in channels["use"]], dim=1)


def _probabilities(
    channels: Float[Tensor, "batch c p p"], model: Model, *, measured: bool
) -> Float32[np.ndarray, "batch classes"]:
    flags = torch.full((len(channels),), measured, device=channels.device)
    with fast_precision(model.device):
        logits = model.net(channels.contiguous(memory_format=torch.channels_last), flags)
    return model.probabilities(logits).cpu().numpy()
