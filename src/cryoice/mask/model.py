"""A trained network of ours, made ready to look at whole micrographs."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from cryoice.errors import InputError
from cryoice.learn.building import build_patch_network, build_pixel_network
from cryoice.learn.checkpoint_file import read_checkpoint
from cryoice.learn.weights_file import read_weights
from cryoice.mask.calibration import Calibration
from cryoice.mask.device import choose_device
from cryoice.mask.fusion import fuse_conv_bn

WEIGHTS = ".safetensors"
PIXELS, PATCHES = "pixels", "patches"
PATCH_CLASSES = ("good", "bad")
NET = "net."
"""What the names of a network's weights begin with in a checkpoint."""

FACTS = ("kind", "classes", "model", "patch", "pixel_size", "channels")
"""What a file must tell of its network."""


@dataclass(frozen=True)
class Model:
    """A network in evaluation mode on its device, and what it must be shown.

    Attributes
    ----------
    net
        Batch normalisation fused into the convolutions, channels-last memory, gradients off.
    kind
        ``pixels``: (batch, 1, h, w) to logits of the same size; ``patches``: the channels of a patch
        and whether its spectrum was measured to the logits of that patch.
    classes
        Names of the logits; the first is the one without artifacts.
    pixel_size
        Å/px of the real view.
    patch
        Side of its windows, px of that view.
    channels
        Patches only: as in ``conf/channels``.
    name
        File name of the weights.
    digest
        First 12 hexadecimal digits of that file's SHA-256.
    calibration
        What the logits go through before the softmax; None: nothing.
    """

    net: nn.Module
    kind: str
    classes: tuple[str, ...]
    pixel_size: float
    patch: int
    channels: Mapping[str, Any] | None
    name: str
    digest: str
    device: torch.device
    calibration: Calibration | None = None

    def on(self, device: torch.device) -> "Model":
        """Return it on another device; the network itself moves there."""
        net = self.net.to(device).to(memory_format=torch.channels_last)
        return replace(self, net=net, device=device)

    def probabilities(
        self, logits: Float[Tensor, "batch classes *rest"]
    ) -> Float32[Tensor, "batch classes *rest"]:
        """Turn what the network gave into calibrated probabilities, single precision."""
        logits = logits.float()
        if self.calibration is not None:
            logits = self.calibration.applied(logits)
        return logits.softmax(dim=1)


def load_model(path: Path | None = None, *, device: str = "auto") -> Model:
    """Load a checkpoint of ``train.py`` (``.ckpt``) or weights (``.safetensors``); None: those that ship.

    ``device`` is ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises
    ------
    InputError
        The file is missing, damaged or of another kind of network, its calibration is impossible, or
        there is no such device.
    """
    chosen = choose_device(device)
    read = read_network(path)
    path, facts = read.path, read.facts
    calibration = Calibration.read(facts, classes=len(facts["classes"]), path=path)
    net = _network(facts, read.state, path)
    return Model(
        net=net.to(chosen).to(memory_format=torch.channels_last),
        kind=facts["kind"],
        classes=tuple(facts["classes"]),
        pixel_size=float(facts["pixel_size"]),
        patch=int(facts["patch"]),
        channels=facts["channels"],
        name=path.name,
        digest=read.digest,
        device=chosen,
        calibration=calibration,
    )


@dataclass(frozen=True)
class NetworkFile:
    """What a file tells of a network: facts as in ``cryoice.learn.weights_file``, weights by name.

    ``digest`` are the first 12 hexadecimal digits of its SHA-256.
    """

    path: Path
    facts: dict[str, Any]
    state: dict[str, Tensor]
    digest: str


def read_network(path: Path | None = None) -> NetworkFile:
    """Read a checkpoint of ``train.py`` or weights, building nothing; None: the weights that ship.

    Raises
    ------
    InputError
        The file is missing or damaged, or does not tell what its network is.
    """
    path = _shipped() if path is None else path
    if not path.is_file():
        raise InputError(f"{path}: no such file; give a .ckpt of train.py or a {WEIGHTS} file")
    facts, state = _read(path)
    if lacking := [fact for fact in FACTS if fact not in facts]:
        raise InputError(f"{path}: does not tell its {', '.join(lacking)}; give a file that train.py wrote")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    return NetworkFile(path, facts, state, digest)


def _shipped() -> Path:
    folder = Path(str(resources.files("cryoice"))) / "weights"
    found = sorted(folder.glob(f"*{WEIGHTS}"))
    if len(found) != 1:
        raise InputError(f"{folder}: holds {len(found)} {WEIGHTS} files, not one; give your own with --model")
    return found[0]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if path.suffix.lower() == WEIGHTS:
        state, facts = read_weights(path)
        return facts, state
    checkpoint = read_checkpoint(path)
    state = {
        name.removeprefix(NET): values
        for name, values in checkpoint.get("state_dict", {}).items()
        if name.startswith(NET)
    }
    known = checkpoint.get("hyper_parameters", {})
    if "classes" in known:
        return {"kind": PIXELS, "channels": None, **known}, state
    return {"kind": PATCHES, "classes": PATCH_CLASSES, **known}, state


def _network(facts: Mapping[str, Any], state: Mapping[str, Tensor], path: Path) -> nn.Module:
    try:
        if facts["kind"] == PATCHES:
            net = build_patch_network(facts["model"], channels=facts["channels"], patch=facts["patch"])
        elif facts["kind"] == PIXELS:
            net = build_pixel_network(facts["model"], classes=len(facts["classes"]))
        else:
            raise InputError(f"{path}: a network of kind '{facts['kind']}'; known are {PIXELS} and {PATCHES}")
        net.load_state_dict(state, strict=True)
    except (KeyError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: its weights do not fit its settings ({reason}); give a file that train.py wrote"
        ) from error
    net.eval().requires_grad_(False)
    fuse_conv_bn(net)
    return net
