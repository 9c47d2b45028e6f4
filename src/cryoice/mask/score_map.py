"""Class probabilities over a whole micrograph, at one sampling whatever the network and the camera."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from cryoice.errors import InputError
from cryoice.mask.crystal_evidence import CONTEXT, CONTEXT_AND_SPECTRUM, CRYSTALLINE, with_evidence
from cryoice.mask.interpolation import interpolated
from cryoice.mask.model import PATCHES, Model
from cryoice.mask.patch_grid import patch_grid
from cryoice.mask.patch_scores import patch_scores
from cryoice.mask.windows import pixel_scores
from cryoice.signal.fourier import rescaled_shape
from cryoice.signal.ice_map import IceMap, measure_ice
from cryoice.signal.no_data import pixels_without_data
from cryoice.signal.views import levelled_around, resampled_view

SAMPLING = 8.0
"""Å/px of every map."""


@dataclass(frozen=True)
class ScoreMap:
    """Probabilities of the classes over a micrograph.

    Map pixel (r, c) of (h, w) lies at ``r * H / h, c * W / w`` px of the micrograph of (H, W).

    Attributes
    ----------
    probabilities
        They sum to 1 in each pixel; NaN where most of its area has no data.
    classes
        Their names; the first is the one without artifacts.
    pixel_size
        Å between rows and between columns, close to `SAMPLING`.
    views
        What they were made of: ``context``, or ``context+spectrum`` where the spectra told of crystals.
    """

    probabilities: Float32[np.ndarray, "classes h w"]
    classes: tuple[str, ...]
    pixel_size: tuple[float, float]
    views: str = CONTEXT

    @property
    def score(self) -> Float32[np.ndarray, "h w"]:
        """Probability of any artifact."""
        return 1 - self.probabilities[0]


def score_map(
    micrograph: Float[np.ndarray, "h w"], model: Model, *, pixel_size: float, spectrum: bool = True
) -> ScoreMap:
    """Return the probabilities of the model's classes over a micrograph at ``pixel_size`` Å/px.

    NaN, infinity and padding of one value mean no data. The spectra's evidence of crystals counts where the
    sampling shows it. ``spectrum`` False: the pixels come from an 8-bit picture, which cannot hold the rings
    of ice. The same input gives the same map; threads may share a
    model.

    Raises
    ------
    InputError
        No pixel has data, or the pixel size is no number above 0.
    """
    missing = pixels_without_data(micrograph)
    if missing is not None and missing.all():
        raise InputError("the micrograph has no pixel with data; leave it out")
    _require(pixel_size)
    level = levelled_around(micrograph, missing)
    ice = measure_ice(level, pixel_size=pixel_size, missing=missing).map if spectrum else None
    return score_level(level, model, pixel_size=pixel_size, missing=missing, spectrum=spectrum, ice=ice)


def score_level(
    level: Float[np.ndarray, "h w"],
    model: Model,
    *,
    pixel_size: float,
    missing: Bool[np.ndarray, "h w"] | None = None,
    spectrum: bool = True,
    ice: IceMap | None = None,
) -> ScoreMap:
    """Do what `score_map` does with a micrograph that is levelled already.

    ``missing`` marks the pixels without data; None: there are none. ``ice`` is the evidence of its
    spectra; None: there is none.
    """
    _require(pixel_size)
    before = (level.shape[0], level.shape[1])
    shape = rescaled_shape(before, pixel_size=pixel_size, target=SAMPLING)
    if model.kind == PATCHES:
        grid = patch_grid(level, model, pixel_size=pixel_size, spectrum=spectrum)
        scores, step = patch_scores(grid, model), grid.step
        told = grid.spectra is not None
    else:
        view = resampled_view(level, pixel_size=pixel_size, target=model.pixel_size)
        scores = pixel_scores(view, model)
        step = (before[0] / view.shape[0], before[1] / view.shape[1])
        told = False
    places = [np.arange(shape[axis]) * before[axis] / shape[axis] / step[axis] for axis in (0, 1)]
    probabilities = interpolated(scores, rows=places[0], columns=places[1])
    if missing is not None and missing.any():
        probabilities[:, _share(missing, shape) > 0.5] = np.nan
    per_pixel = (before[0] * pixel_size / shape[0], before[1] * pixel_size / shape[1])
    if ice is not None:
        probabilities = with_evidence(probabilities, model.classes, ice, pixel_size=per_pixel)
        told = told or CRYSTALLINE in model.classes
    return ScoreMap(probabilities, model.classes, per_pixel, CONTEXT_AND_SPECTRUM if told else CONTEXT)


def _require(pixel_size: float) -> None:
    if not 0 < pixel_size < np.inf:
        raise InputError(f"pixel size {pixel_size}: must be a number above 0 (Å/px)")


def _share(marked: Bool[np.ndarray, "h w"], shape: tuple[int, int]) -> Float64[np.ndarray, "rows columns"]:
    """Return the share of marked pixels among those nearest to each pixel of a map of ``shape``."""
    total: np.ndarray = marked
    count: np.ndarray = np.ones((1, 1))
    for axis in (0, 1):
        side = marked.shape[axis]
        centres = np.arange(shape[axis]) * side / shape[axis]
        first = np.ceil(centres - max(side / shape[axis], 1) / 2).clip(0, side - 1).astype(int)
        total = np.add.reduceat(total, first, axis=axis, dtype=np.int32)
        pixels = np.diff(first, append=side).clip(min=1)
        count = count * np.expand_dims(pixels, 1 - axis)
    share: Float64[np.ndarray, "rows columns"] = total / count
    return share
