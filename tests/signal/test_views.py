"""Several views of a micrograph cost one transform and are those made one at a time."""

import numpy as np
import pytest
import torch

from cryoice.signal.fourier import fourier_rescale, fourier_rescale_all
from cryoice.signal.views import resampled_view, resampled_views


def noise(shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(16, 24), (15, 24), (16, 23), (301, 29)])
def test_shapes_rescaled_together_are_those_rescaled_alone(shape):
    array, shapes = torch.from_numpy(noise(shape)), [(8, 9), (7, 12), (16, 40), shape, (20, 10), (1, 1)]
    together = fourier_rescale_all(array, shapes)
    for wanted, got in zip(shapes, together, strict=True):
        torch.testing.assert_close(got, fourier_rescale(array, wanted), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("targets", [[4.0], [4.0, 1.5], [1.5, 1.0, 4.0], [1.0], [0.7, 2.0]])
def test_views_made_together_are_those_made_alone(targets):
    level = noise((61, 80))
    together = resampled_views(level, pixel_size=1.0, targets=targets)
    for target, got in zip(targets, together, strict=True):
        alone = resampled_view(level, pixel_size=1.0, target=target)
        np.testing.assert_allclose(got, alone, atol=1e-4)
