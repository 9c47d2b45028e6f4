"""Batch normalisation folded into the convolutions before it."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse_conv_bn(net: nn.Module) -> None:
    """Fold each batch normalisation into the convolution registered right before it, in place.

    ``net`` must be in evaluation mode and call such pairs one after the other, as all networks in
    ``learn`` do; outputs change by rounding only (1e-5 of their size).
    """
    before: tuple[str, nn.Conv2d] | None = None
    for name, child in list(net.named_children()):
        if before is not None and isinstance(child, nn.BatchNorm2d):
            setattr(net, before[0], fuse_conv_bn_eval(before[1], child))
            setattr(net, name, nn.Identity())
        before = (name, child) if isinstance(child, nn.Conv2d) else None
        fuse_conv_bn(child)
