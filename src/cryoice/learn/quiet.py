"""What Lightning says that no user of ours can act on."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_ADVICE = (
    "does not have many workers",  # one keeps up: benchmarks/loader.py
    "exists and is not empty",  # a resumed run's own checkpoints
    "smaller than the logging interval",  # small data sets have epoch means
    r"module\(s\) in eval mode at the start of training",  # whose batch statistics stay: `Start.load_into`
    r"self\.log\('train/loss'",  # the mean over the devices already
    "GPU available but not used",  # the CPU was asked for
    "isinstance.treespec, LeafSpec",  # Lightning 2.6 beside torch 2.15
)


def quiet_lightning() -> None:
    """Keep Lightning's messages about devices and tips out of the terminal, warnings apart."""
    for name in (
        "pytorch_lightning.utilities.rank_zero",
        "pytorch_lightning.accelerators.cuda",
        "lightning_fabric.utilities.distributed",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)


def ignore_needless_warnings() -> None:
    """Silence the warnings that do not apply here, as long as this process lives."""
    for words in _ADVICE:
        warnings.filterwarnings("ignore", message=f".*{words}.*")


@contextmanager
def no_needless_warnings() -> Iterator[None]:
    """Silence the warnings that do not apply here."""
    with warnings.catch_warnings():
        ignore_needless_warnings()
        yield
