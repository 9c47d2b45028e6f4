"""Squares cut from clean ice, in groups that are never on both sides of a test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32, Int
from scipy import fft

from benchmarks.realism.data import Sample, clean_squares
from cryoice.signal.fourier import fourier_rescale, rescaled_shape

CUT = 20.0
"""Å, where the low and the high band meet."""
LOW_PIXEL = 5.0
"""Å/px of the low band: Nyquist at 10 Å holds all of its soft edge."""
GAP = 128.0
"""Å of an only micrograph left out on each side of the lines that quarter it."""


@dataclass(frozen=True)
class Patches:
    """Patches of one kind: which group (micrograph, or quarter of an only one), which sample, where."""

    values: Float32[np.ndarray, "n side side"]
    group: Int[np.ndarray, " n"]
    sample: Int[np.ndarray, " n"]
    corner: Int[np.ndarray, "n 2"]
    pixel_size: float


def quartered(samples: Sequence[Sample]) -> list[Sample]:
    """Cut an only micrograph into its quarters, a gap of 256 Å between them; leave several as they are."""
    if len(samples) > 1:
        return list(samples)
    (whole,) = samples
    quarters = []
    for lower in (0, 1):
        for right in (0, 1):
            clean = whole.clean.copy()
            for axis, far in ((0, lower), (1, right)):
                side, gap = clean.shape[axis], round(GAP / whole.pixel_size)
                shut = slice(0, side // 2 + gap) if far else slice(side // 2 - gap, side)
                clean[(shut, slice(None)) if axis == 0 else (slice(None), shut)] = False
            quarters.append(replace(whole, name=f"{whole.name}:{lower}{right}", clean=clean))
    return quarters


def cut_patches(
    samples: Sequence[Sample], *, band: str, field: float, number: int, rng: np.random.Generator
) -> Patches:
    """Draw about ``number`` half-overlapping squares of ``field`` Å, as many from each sample as it has."""
    pixel_size = samples[0].pixel_size
    side = round(field / pixel_size)
    each = -(-number // len(samples))
    values, group, corner = [], [], []
    for index, sample in enumerate(samples):
        squares = clean_squares(sample, side, side // 2)
        if not squares:
            continue
        array, scale = banded(sample, band)
        size = round(side / scale)
        for chosen in rng.permutation(len(squares))[:each]:
            row, col = squares[chosen]
            top, left = (
                min(round(at / scale), edge - size) for at, edge in zip((row, col), array.shape, strict=True)
            )
            values.append(array[top : top + size, left : left + size])
            group.append(index)
            corner.append((row, col))
    stacked = np.array(group), np.array(corner).reshape(-1, 2)
    return Patches(np.stack(values), stacked[0], stacked[0], stacked[1], pixel_size)


def banded(sample: Sample, band: str) -> tuple[Float32[np.ndarray, "h w"], float]:
    """Return the micrograph in one band and its pixel over the sample's: all, low or high of 20 Å."""
    if band == "all":
        return sample.array, 1.0
    rows = fft.fftfreq(sample.array.shape[0], sample.pixel_size)[:, None]
    columns = fft.rfftfreq(sample.array.shape[1], sample.pixel_size)
    # a cosine edge from 22 to 18 Å
    place = np.clip((np.hypot(rows, columns) * CUT - 0.9) / 0.2, 0, 1)
    passed = 0.5 + 0.5 * np.cos(np.pi * place)
    spectrum = fft.rfft2(sample.array) * (passed if band == "low" else 1 - passed).astype(np.float32)
    array: np.ndarray = fft.irfft2(spectrum, sample.array.shape).astype(np.float32)
    if band == "high" or sample.pixel_size >= LOW_PIXEL:
        return array, 1.0
    height, width = array.shape
    shape = rescaled_shape((height, width), pixel_size=sample.pixel_size, target=LOW_PIXEL)
    return fourier_rescale(torch.from_numpy(array), shape).numpy(), LOW_PIXEL / sample.pixel_size
