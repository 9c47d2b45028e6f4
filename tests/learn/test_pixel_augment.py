"""Crops keep their labels: every change of place is made to both, changes of grey values to neither."""

from dataclasses import replace

import pytest
import torch

from cryoice.constants import IGNORE
from cryoice.learn.pixel_augment import cut_crops, turned
from degrade_settings import NOTHING


def blocks(*, count=6, height=61, width=66, side=8):
    """Return masks of constant blocks and views of the same values."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randint(0, 5, (count, 10, 10), generator=generator)
    masks = coarse.repeat_interleave(side, 1).repeat_interleave(side, 2)[:, :height, :width]
    return masks.float(), masks


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_a_crop_at_the_views_own_scale_is_a_part_of_it():
    views = torch.randn(3, 40, 37)
    crops, _ = cut_crops(views, torch.zeros(3, 40, 37, dtype=torch.long), side=16, settings=NOTHING)
    for view, crop in zip(views, crops, strict=True):
        parts = view.unfold(0, 16, 1).unfold(1, 16, 1)
        nearest = (parts - crop).abs().amax(dim=(2, 3)).min()
        assert nearest < 1e-3


def test_labels_go_where_their_pixels_go():
    views, masks = blocks()
    settings = replace(NOTHING, rescale=0.4, rescale_share=1.0)
    crops, labels = turned(*cut_crops(views, masks, side=32, settings=settings))
    same = ((crops - labels).abs() < 0.5).float().mean()
    assert same > 0.9  # all but interpolated boundaries
    crops, labels = turned(*cut_crops(views, masks, side=32, settings=NOTHING))
    assert (crops - labels).abs().max() < 1e-3


def test_a_rescaled_crop_shows_things_larger_or_smaller():
    stripes = (torch.arange(200) % 20 < 10).float().expand(64, 200, 200).contiguous()
    settings = replace(NOTHING, rescale=0.5, rescale_share=1.0)
    crops, _ = cut_crops(stripes, torch.zeros(64, 200, 200, dtype=torch.long), side=120, settings=settings)
    edges = (crops[:, 0].diff().abs() > 0.3).sum(dim=1)
    assert edges.min() < 11 < 13 < edges.max()  # 12 at its own scale


def test_beyond_a_small_view_there_are_no_labels():
    views, masks = blocks(height=20, width=50)
    crops, labels = cut_crops(views, masks, side=32, settings=NOTHING)
    assert torch.equal((labels == IGNORE).sum(dim=(1, 2)), torch.full((6,), 12 * 32))
    assert (labels[:, :20] != IGNORE).all()
    assert torch.isfinite(crops).all()
