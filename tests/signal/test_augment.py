import pytest
import torch

from cryoice.signal.augment import apply_d4, change_contrast


@pytest.mark.parametrize("side", [4, 5])
def test_the_eight_elements_of_d4_are_all_different_and_keep_the_pixels(side: int) -> None:
    patch = torch.arange(side * side).float().reshape(1, side, side)
    turned = apply_d4(patch.expand(8, -1, -1), torch.arange(8))
    assert len({tuple(p.flatten().tolist()) for p in turned}) == 8
    assert (turned.flatten(1).sort(dim=1).values == patch.flatten()).all()


def test_element_zero_is_the_identity() -> None:
    patch = torch.randn(3, 5, 5)
    assert torch.equal(apply_d4(patch, torch.zeros(3, dtype=torch.long)), patch)


def test_an_odd_patch_keeps_its_middle() -> None:
    patch = torch.zeros(8, 5, 5)
    patch[:, 2, 2] = 1
    assert torch.equal(apply_d4(patch, torch.arange(8)), patch)


def test_contrast_is_gain_times_patch_plus_offset() -> None:
    out = change_contrast(
        torch.ones(2, 3, 3), gain=torch.tensor([2.0, 1.0]), offset=torch.tensor([0.5, -1.0])
    )
    assert out[0].unique().tolist() == [2.5]
    assert out[1].unique().tolist() == [0.0]
