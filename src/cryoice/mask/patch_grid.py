"""What a patch network is shown of a whole micrograph: patches and spectra on a grid that covers it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from scipy.ndimage import affine_transform
from torch import Tensor

from cryoice.learn.dataset import SAME_PIXEL_SIZE
from cryoice.learn.view import spectrum_region
from cryoice.mask.mirror import MirroredView
from cryoice.mask.model import Model
from cryoice.mask.region_spectra import RegionSpectra
from cryoice.signal.ice_rings import ring_visible
from cryoice.signal.views import resampled_views

STEP = 0.25
"""Distance of the grid's points as a share of the patch's side."""

LEAST_STEP = 8.0
"""Å between points below which no map shows more."""


@dataclass(frozen=True)
class PatchGrid:
    """Patches and regional spectra around the points of a grid over one micrograph.

    Point (i, j) lies at ``i * step[0], j * step[1]`` px of the micrograph; the last points lie on its far
    edges or beyond, and views are mirrored there. Patches and regions are those that
    `learn.dataset.PatchDataset` cuts at the same position, not rounded to half precision.

    Attributes
    ----------
    real
        The real view; interpolated to the model's pixel size where the micrograph is coarser, with
        positions then rounded to whole pixels of it.
    scale
        Pixels of ``real`` per pixel of the micrograph, along rows and columns.
    spectra
        None: the spectral channel is not shared between patches, or cannot be measured.
    measured
        As in a batch of `PatchDataset`.
    """

    real: MirroredView
    scale: tuple[float, float]
    spectra: RegionSpectra | None
    measured: bool
    step: tuple[float, float]
    points: tuple[int, int]
    patch: int

    def rows(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield the real patches and the regional spectra of each row of points, from the top."""
        tops, lefts = (self._corners(axis) for axis in (0, 1))
        spectra: Iterator[Tensor | None] = iter(
            [None] * len(tops) if self.spectra is None else self.spectra.rows()
        )
        first, width = int(lefts[0]), int(lefts[-1] - lefts[0]) + self.patch
        for top, spectrum in zip(tops, spectra, strict=True):
            strip = self.real.strip(top=int(top), height=self.patch, left=first, width=width)
            windows = np.lib.stride_tricks.sliding_window_view(strip, self.patch, axis=1)
            patches = windows[:, lefts - first].transpose(1, 0, 2)
            yield torch.from_numpy(np.ascontiguousarray(patches)), spectrum

    def _corners(self, axis: int) -> np.ndarray:
        centres = np.arange(self.points[axis]) * self.step[axis] * self.scale[axis]
        corners: np.ndarray = np.rint(centres).astype(int) - self.patch // 2
        return corners


def patch_grid(
    level: Float[np.ndarray, "h w"], model: Model, *, pixel_size: float, spectrum: bool
) -> PatchGrid:
    """Resample a levelled micrograph and lay a grid over it.

    The step is a quarter of a patch, at least 8 Å, in whole hops of the spectral windows where regions
    share them. ``spectrum`` False: the pixels cannot hold the rings of ice, as in 8-bit pictures.
    """
    channels = model.channels or {}
    shared, measured = _spectral_view(model, pixel_size, spectrum=spectrum)
    native = max(model.pixel_size, pixel_size)
    targets = [native, *([channels["spectrum"]["pixel_size"]] if shared else [])]
    views = resampled_views(level, pixel_size=pixel_size, targets=targets)
    real = views[0] if _same(native, model.pixel_size) else _finer(views[0], native / model.pixel_size)
    scale = _per_pixel(level, views[0], native / model.pixel_size if real is not views[0] else 1.0)
    hop = model.patch // 2 if shared else 1
    least = max(STEP * model.patch * model.pixel_size, LEAST_STEP)
    hops = max(1, round(least / (hop * (targets[-1] if shared else model.pixel_size))))
    basis = _per_pixel(level, views[1], 1.0) if shared else scale
    step = (hop * hops / basis[0], hop * hops / basis[1])
    points = _points(level.shape[0], step[0]), _points(level.shape[1], step[1])
    spectra = _region_spectra(views[1], model, hops=hops, points=points) if shared else None
    return PatchGrid(MirroredView(real), scale, spectra, measured, step, points, model.patch)


def _spectral_view(model: Model, pixel_size: float, *, spectrum: bool) -> tuple[bool, bool]:
    """Tell whether regional spectra are shown, and whether the network is told of a measured spectrum.

    The rules of `learn.build` and `PatchDataset`.
    """
    channels: Any = model.channels or {}
    if spectrum_region(channels["spectrum"], patch=model.patch) == 0:
        return False, _same(max(model.pixel_size, pixel_size), model.pixel_size)
    measured = spectrum and ring_visible(max(pixel_size, channels["spectrum"]["pixel_size"]))
    return measured and "spectrum" in channels["use"], measured


def _region_spectra(
    view: Float32[np.ndarray, "h w"], model: Model, *, hops: int, points: tuple[int, int]
) -> RegionSpectra:
    settings = (model.channels or {})["spectrum"]
    return RegionSpectra(
        MirroredView(view),
        patch=model.patch,
        side=spectrum_region(settings, patch=model.patch),
        hops=hops,
        grid=points,
        window=settings["window"],
        device=model.device,
    )


def _same(native: float, pixel_size: float) -> bool:
    return native <= SAME_PIXEL_SIZE * pixel_size


def _finer(view: Float32[np.ndarray, "h w"], ratio: float) -> Float32[np.ndarray, "rows columns"]:
    """Interpolate with cubic splines, as `extract_patch` does; pixel (0, 0) stays where it is."""
    shape = tuple(int((side - 1) * ratio) + 1 for side in view.shape)
    fine: Float32[np.ndarray, "rows columns"] = affine_transform(
        view, [1 / ratio, 1 / ratio], output_shape=shape, output=np.float32, order=3, mode="nearest"
    )
    return fine


def _per_pixel(
    level: Float[np.ndarray, "h w"], view: Float32[np.ndarray, "rows columns"], ratio: float
) -> tuple[float, float]:
    """Return the view's pixels per pixel of the micrograph, times ``ratio``."""
    return ratio * view.shape[0] / level.shape[0], ratio * view.shape[1] / level.shape[1]


def _points(side: int, step: float) -> int:
    """Return how many points reach from the first pixel to the last or beyond."""
    return math.ceil((side - 1) / step - 1e-9) + 1
