"""`train.py` in several processes, as the tests need it: ``python tests/many_devices.py key=value ...``.

With ``STOP_AT=rank:epoch:batch`` that process sends itself SIGTERM amid that step. With ``FROZEN=1``
batch normalisation keeps its first statistics, and several devices compute what one does.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from pytorch_lightning import Callback
from torch import nn

from cryoice.experiment import run
from cryoice.learn.share import Share

ROOT = Path(__file__).parents[1]
LIMIT = 300
"""Seconds after which processes that wait for each other for ever are ended."""


class StopAt(Callback):
    def __init__(self, rank, epoch, batch):
        self.place = (rank, epoch, batch)

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if (Share.current().rank, trainer.current_epoch, batch_idx) == self.place:
            os.kill(os.getpid(), signal.SIGTERM)


def frozen(module):
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()
    return module


def start(*overrides, by=(), program=__file__, cwd=ROOT, **environ):
    """Run the program and wait; ``by``: what starts it, for example torchrun."""
    command = [*(by or [sys.executable]), str(program), *overrides]
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environ, capture_output=True, text=True, timeout=LIMIT, check=False
    )


def main():
    callbacks, build = run.training_callbacks, run.build_module
    if place := os.environ.get("STOP_AT"):

        def with_stop(settings, **places):
            best, others = callbacks(settings, **places)
            return best, [StopAt(*map(int, place.split(":"))), *others]

        run.training_callbacks = with_stop
    if os.environ.get("FROZEN"):
        run.build_module = lambda settings: frozen(build(settings))
    program = ROOT / "train.py"
    code = compile(program.read_text("utf-8"), program, "exec")  # the started processes are to come here, too
    exec(code, {"__name__": "__main__", "__file__": str(program)})


if __name__ == "__main__":
    main()
