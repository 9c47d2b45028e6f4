"""The weights that a training starts from instead of random ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.mask.calibration import KEY, Calibration
from cryoice.mask.model import PIXELS, read_network

SHIPPED = "shipped"
"""What ``init`` calls the weights of the package."""

_LAST = "head"
"""The layer that gives the logits."""


@dataclass(frozen=True)
class Start:
    """A trained per-pixel network.

    Attributes
    ----------
    path, digest
        Its file, and the first 12 hexadecimal digits of the SHA-256 of that.
    facts
        What the file tells of it, without the calibration.
    state
        Its weights, calibrated: the last layer's are divided by the temperature and have the bias added, so
        that the training goes on from the probabilities that ``cryoice mask`` shows.
    """

    path: Path
    digest: str
    facts: dict[str, Any]
    state: dict[str, Tensor]

    @classmethod
    def read(cls, name: str, settings: Mapping[str, Any]) -> "Start":
        """Read a file, or the weights that ship.

        Raises
        ------
        InputError
            The file cannot be read, or its network is none of all classes of pixels at the pixel size of
            ``settings``.
        """
        read = read_network(None if name == SHIPPED else Path(name))
        facts = dict(read.facts)
        if settings.get("task") != PIXELS or facts["kind"] != PIXELS or tuple(facts["classes"]) != CLASSES:
            raise InputError(
                f"init={name}: start from a network of pixels, task=pixels, that tells {', '.join(CLASSES)}"
            )
        if (size := facts["pixel_size"]) != settings["pixel_size"]:
            raise InputError(f"init={name}: its views have {size:g} Å/px; set pixel_size={size:g}")
        calibration = Calibration.read(facts, classes=len(CLASSES), path=read.path)
        facts.pop(KEY, None)
        return cls(read.path, read.digest, facts, _calibrated(read.state, calibration))

    def load_into(self, module: pl.LightningModule) -> None:
        """Give a module's network the weights, and keep its batch statistics as they are.

        A few micrographs are a poor sample of grey values: normalisation goes on with the running means and
        variances, whose scales and shifts are trained all the same.

        Raises
        ------
        InputError
            The weights do not fit the network that the file tells of.
        """
        assert isinstance(module.net, nn.Module)
        try:
            module.net.load_state_dict(self.state, strict=True)
        except RuntimeError as error:
            raise InputError(
                f"{self.path}: its weights do not fit its settings; give a file that train.py wrote"
            ) from error
        for part in module.net.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()  # Lightning keeps the modes that it finds


def _calibrated(state: Mapping[str, Tensor], calibration: Calibration | None) -> dict[str, Tensor]:
    if calibration is None:
        return dict(state)
    weight, bias = f"{_LAST}.weight", f"{_LAST}.bias"
    changed = {
        weight: state[weight] / calibration.temperature,
        bias: calibration.applied(state[bias][None])[0],
    }
    return {**state, **changed}
