"""A per-pixel network over a view of any size, in windows of bounded size."""

import numpy as np
import torch
from jaxtyping import Float, Float32

from cryoice.mask.device import fast_precision
from cryoice.mask.model import Model

WINDOW = 2048
"""Greatest side of a window, px of the view: 1.6 µm; nearly every micrograph is one window."""

OVERLAP = 768
"""Pixels that neighbouring windows share: the network that ships looks some hundred px around."""


@torch.inference_mode()
def pixel_scores(
    view: Float32[np.ndarray, "h w"], model: Model, *, window: int = WINDOW, overlap: int = OVERLAP
) -> Float32[np.ndarray, "classes h w"]:
    """Return the probability of every class at every pixel of the view.

    A view of up to ``window`` px is one window. Larger ones are cut at multiples of ``window - overlap``
    px, which a network's stride must divide, and blended with Hann ramps, which sum to 1, over the middle
    third of each overlap: pixels of a window within a third of the overlap (256 px) of an edge that it shares
    do not count. The network that ships sees further, faintly: its probabilities differ from those of one
    large window by 0.03 at most, by 0.013 in one pixel of a thousand. Beside the result the memory is that of
    one window.
    """
    total = np.zeros((len(model.classes), *view.shape), dtype=np.float32)
    for rows in _spans(view.shape[0], window=window, overlap=overlap):
        for columns in _spans(view.shape[1], window=window, overlap=overlap):
            weight = np.outer(
                _ramps(rows, view.shape[0], overlap=overlap), _ramps(columns, view.shape[1], overlap=overlap)
            )
            total[:, rows, columns] += weight * _probabilities(view[rows, columns], model)
    return total


def _spans(side: int, *, window: int, overlap: int) -> list[slice]:
    """Return windows that cover a side; all but the last are ``window`` px long."""
    count = max(1, -(-(side - overlap) // (window - overlap)))
    starts = (number * (window - overlap) for number in range(count))
    return [slice(start, min(start + window, side)) for start in starts]


def _ramps(span: slice, side: int, *, overlap: int) -> Float32[np.ndarray, " length"]:
    """Weigh the pixels of a window: 1, and Hann ramps to 0 towards the edges that it shares."""
    length = span.stop - span.start
    near = np.arange(length) + 0.5
    distance = np.full(length, np.inf)
    if span.start > 0:
        distance = np.minimum(distance, near)
    if span.stop < side:
        distance = np.minimum(distance, near[::-1])
    share = np.clip((distance - overlap / 3) / (overlap / 3), 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * share)).astype(np.float32)


def _probabilities(window: Float32[np.ndarray, "h w"], model: Model) -> Float[np.ndarray, "classes h w"]:
    shown = torch.from_numpy(np.ascontiguousarray(window))[None, None].to(model.device)
    with fast_precision(model.device):
        logits = model.net(shown.contiguous(memory_format=torch.channels_last))
    probabilities: Float[np.ndarray, "classes h w"] = model.probabilities(logits)[0].cpu().numpy()
    return probabilities
