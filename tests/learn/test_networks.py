import pytest
import torch

from cryoice.errors import InputError
from cryoice.learn.networks import ConvClassifier, ResNet18Classifier, TwoStreamClassifier

SMALL = {"width": 4, "depth": 3, "blocks": 1, "hidden": 8, "dropout": 0.0}


@pytest.mark.parametrize("patch", [16, 33, 64])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_patch_gives_two_logits(patch: int, channels: int) -> None:
    net = ConvClassifier(in_channels=channels, patch=patch, **SMALL).eval()
    assert net(torch.randn(3, channels, patch, patch), torch.tensor([True, False, True])).shape == (3, 2)


def test_depth_counts_the_halvings_and_width_doubles_up_to_eightfold() -> None:
    net = ConvClassifier(in_channels=2, patch=64, **(SMALL | {"depth": 5, "blocks": 2}))
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [m.out_channels for m in convolutions] == [4, 4, 8, 8, 16, 16, 32, 32, 32, 32]
    assert [m.stride[0] for m in convolutions] == [2, 1] * 5


def test_resnet_and_two_streams_take_both_channels() -> None:
    patches, measured = torch.randn(2, 2, 32, 32), torch.tensor([True, False])
    for net in (ResNet18Classifier(in_channels=2, patch=32, hidden=8, dropout=0.0), _two_stream()):
        assert net.eval()(patches, measured).shape == (2, 2)


def test_an_unmeasured_spectrum_does_not_reach_the_two_stream_logits() -> None:
    net = _two_stream().eval()
    patches, missing = torch.randn(1, 2, 32, 32), torch.tensor([False])
    changed = patches.clone()
    changed[:, 1] += 5
    assert torch.equal(net(patches, missing), net(changed, missing))
    assert not torch.equal(net(patches, ~missing), net(changed, ~missing))


def test_unmeasured_spectra_do_not_reach_the_statistics_of_their_stream() -> None:
    alone, mixed = _two_stream(), _two_stream()
    mixed.load_state_dict(alone.state_dict())
    patches = torch.randn(6, 2, 32, 32, generator=torch.Generator().manual_seed(0))
    alone.train()(patches[:4], torch.ones(4, dtype=torch.bool))
    mixed.train()(patches, torch.tensor([True] * 4 + [False] * 2))
    for name, value in alone.spectrum.state_dict().items():
        torch.testing.assert_close(mixed.spectrum.state_dict()[name], value)


@pytest.mark.parametrize(("patch", "depth"), [(16, 4), (17, 4), (16, 3)])
@pytest.mark.parametrize("measured", [0, 1, 2, 3])
def test_any_number_of_measured_spectra_trains(patch: int, depth: int, measured: int) -> None:
    net = TwoStreamClassifier(in_channels=2, patch=patch, **(SMALL | {"depth": depth})).train()
    logits = net(torch.randn(3, 2, patch, patch), torch.arange(3) < measured)
    logits.sum().backward()
    assert torch.isfinite(logits).all()


def test_the_network_knows_whether_the_spectrum_was_measured() -> None:
    net = ConvClassifier(in_channels=2, patch=16, **SMALL).eval()
    patches = torch.randn(1, 2, 16, 16)
    assert not torch.equal(net(patches, torch.tensor([True])), net(patches, torch.tensor([False])))


def test_more_halvings_than_the_patch_has_pixels_are_refused() -> None:
    with pytest.raises(InputError, match=r"model\.depth=5"):
        ConvClassifier(in_channels=2, patch=16, **(SMALL | {"depth": 5}))


def test_two_streams_need_two_channels() -> None:
    with pytest.raises(InputError, match="two_stream"):
        TwoStreamClassifier(in_channels=1, patch=32, **SMALL)


def _two_stream() -> TwoStreamClassifier:
    return TwoStreamClassifier(in_channels=2, patch=32, **SMALL)
