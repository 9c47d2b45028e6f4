"""What a network is shown of a micrograph: level, resampled, on one scale."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32

from cryoice.signal.fourier import fourier_rescale_all, rescaled_shape
from cryoice.signal.no_data import mirror_into, pixels_without_data
from cryoice.signal.normalise import clean_pixels, remove_plane, standardise


def levelled(micrograph: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Clip hot pixels, remove the plane of brightness and mirror what lies beside pixels without data.

    What has data comes out as if nothing else were there: scale and plane are those of its pixels.
    """
    return levelled_around(micrograph, pixels_without_data(micrograph))


def levelled_around(
    micrograph: Float[np.ndarray, "h w"], missing: Bool[np.ndarray, "h w"] | None
) -> Float[np.ndarray, "h w"]:
    """Do what `levelled` does for who knows already which pixels are ``missing``; None: none is."""
    level = remove_plane(clean_pixels(micrograph, missing), missing)
    if missing is not None:
        mirror_into(level, missing)
    return level


def resampled_view(
    level: Float[np.ndarray, "h w"], *, pixel_size: float, target: float
) -> Float32[np.ndarray, "rows cols"]:
    """Resample a `levelled` micrograph from ``pixel_size`` to ``target`` Å/px; median 0, robust std 1.

    Pixel (0, 0) stays where it is: ``position_out = position_in · shape_out / shape_in``.
    """
    return resampled_views(level, pixel_size=pixel_size, targets=[target])[0]


def resampled_views(
    level: Float[np.ndarray, "h w"], *, pixel_size: float, targets: Sequence[float]
) -> list[Float32[np.ndarray, "_ _"]]:
    """Return the `resampled_view` at each of the ``targets`` (Å/px), with one transform for them all."""
    before = (level.shape[0], level.shape[1])
    shapes = [rescaled_shape(before, pixel_size=pixel_size, target=target) for target in targets]
    source = level.astype(np.float32, copy=False)
    changed = [shape for shape in shapes if shape != before]
    resampled = iter(fourier_rescale_all(torch.from_numpy(source), changed) if changed else [])
    return [standardise(source if shape == before else next(resampled).numpy()) for shape in shapes]
