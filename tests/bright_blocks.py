"""Micrographs of noise with one bright block, and a network that calls brightness contamination.

Run as a program, it is ``cryoice`` with that network, slowed down: so that a test can kill it.
"""

import signal
import sys
import time

import numpy as np
import torch
from torch import nn

from cryoice.constants import CLASSES
from cryoice.files.micrograph import write_mrc
from cryoice.mask.model import Model

ANGPIX = 8.0
"""Å/px of the micrographs: that of the maps, so that masks have their shape."""
BLOCK = (slice(6, 18), slice(24, 34))


class Brightness(nn.Module):
    """Logits: 10 for contamination where the view is above 4 (robust std), 10 for clean elsewhere."""

    def __init__(self, *, delay: float = 0.0):
        super().__init__()
        self.delay = delay

    def forward(self, views):
        time.sleep(self.delay)
        logits = torch.zeros(len(views), len(CLASSES), *views.shape[-2:])
        bright = views[:, 0] > 4
        logits[:, 0], logits[:, 2] = 10.0 * ~bright, 10.0 * bright
        return logits


def brightness_model(*, delay=0.0, digest="0" * 12):
    return Model(
        net=Brightness(delay=delay),
        kind="pixels",
        classes=CLASSES,
        pixel_size=ANGPIX,
        patch=32,
        channels=None,
        name="brightness.ckpt",
        digest=digest,
        device=torch.device("cpu"),
    )


def noise_with_block(*, side=(40, 45), block=BLOCK, seed=0):
    array = np.random.default_rng(seed).normal(size=side).astype(np.float32)
    array[block] += 9
    return array


def write_micrographs(folder, number, *, pixel_size=ANGPIX, **options):
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"m{index:02d}.mrc" for index in range(number)]
    for index, path in enumerate(paths):
        write_mrc(path, noise_with_block(seed=index, **options), pixel_size=pixel_size)
    return paths


if __name__ == "__main__":
    from cryoice.cli import app
    from cryoice.mask import model as model_module

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    delay = float(sys.argv.pop(1))
    model_module.load_model = lambda path, *, device: brightness_model(delay=delay)
    app()
