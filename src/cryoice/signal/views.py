"""What a network is shown of a micrograph: level, resampled, on one scale."""

import numpy as np
import torch
from jaxtyping import Float, Float32

from cryoice.signal.fourier import fourier_rescale, rescaled_shape
from cryoice.signal.normalise import clean_pixels, remove_plane, standardise


def levelled(micrograph: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Fill pixels without data, clip hot ones and remove the plane of brightness."""
    return remove_plane(clean_pixels(micrograph))


def resampled_view(
    level: Float[np.ndarray, "h w"], *, pixel_size: float, target: float
) -> Float32[np.ndarray, "rows cols"]:
    """Resample a `levelled` micrograph from ``pixel_size`` to ``target`` Å/px; median 0, robust std 1.

    Pixel (0, 0) stays where it is: ``position_out = position_in · shape_out / shape_in``.
    """
    shape = rescaled_shape((level.shape[0], level.shape[1]), pixel_size=pixel_size, target=target)
    source = level.astype(np.float32, copy=False)
    resampled = source if shape == level.shape else fourier_rescale(torch.from_numpy(source), shape).numpy()
    return standardise(resampled)
