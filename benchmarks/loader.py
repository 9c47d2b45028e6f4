"""Does the data side keep up with training? Prints ratios, since machines differ.

    python benchmarks/loader.py [patch ...] [key=value ...]

For each patch size: (training steps per second with the real loader) / (the same with one batch kept
in memory), medians of interleaved rounds; and (patches per second of extraction and channels) against
the windows' FFTs alone.
"""

import statistics
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from rich.console import Console

from cryoice.experiment.run import build_data
from cryoice.experiment.settings import plain_settings
from cryoice.experiment.tasks import build_module
from cryoice.learn.classifier import PatchClassifier
from cryoice.learn.datamodule import CryoPPPDataModule
from cryoice.learn.view import make_channels
from cryoice.schema import register

STEPS, ROUNDS = 20, 5
CONF = str(Path(__file__).resolve().parents[1] / "conf")


def main(arguments: list[str]) -> None:
    """Run the benchmark for every patch size named, 64 and 128 by default."""
    overrides = [argument for argument in arguments if "=" in argument]
    patches = [int(argument) for argument in arguments if "=" not in argument] or [64, 128]
    register()
    torch.set_flush_denormal(True)
    for patch in patches:
        with initialize_config_dir(CONF, version_base="1.3"):
            settings = plain_settings(compose("train", overrides=[f"patch={patch}", *overrides]))
        data, module = build_data(settings), build_module(settings)
        assert isinstance(data, CryoPPPDataModule)
        assert isinstance(module, PatchClassifier)
        data.prepare_data()
        data.setup("fit")
        step_ratio, rate = training_ratio(data, module)
        channels, transform = channel_rates(data, module)
        Console().print(
            f"patch {patch}: steps with loader / with one batch = {step_ratio:.2f} ({rate:.0f} patches/s); "
            f"extraction + channels {channels:.0f} patches/s = {channels / transform:.2f} of the FFTs alone"
        )


def training_ratio(data: CryoPPPDataModule, module: PatchClassifier) -> tuple[float, float]:
    """Return the ratio of step rates and the rate in patches/s with the real loader."""
    optimizer = torch.optim.Adam(module.net.parameters())
    kept = next(iter(data.train_dataloader()))
    loader = iter(data.train_dataloader())

    def step(batch: dict[str, torch.Tensor]) -> None:
        optimizer.zero_grad()
        module.loss(module(module.augmented(batch)), batch["label"]).backward()
        optimizer.step()

    def with_loader() -> None:
        nonlocal loader
        for _ in range(STEPS):
            batch = next(loader, None)
            if batch is None:
                loader = iter(data.train_dataloader())
                batch = next(loader)
            step(batch)

    def with_one_batch() -> None:
        for _ in range(STEPS):
            step(kept)

    with_one_batch()
    rounds = [(seconds(with_loader), seconds(with_one_batch)) for _ in range(ROUNDS)]
    ratio = statistics.median(one / real for real, one in rounds)
    return ratio, STEPS * len(kept["label"]) / statistics.median(real for real, _ in rounds)


def channel_rates(data: CryoPPPDataModule, module: PatchClassifier) -> tuple[float, float]:
    """Return patches/s of cutting and both channels, and of the windows' transforms alone."""
    dataset, options = data.datasets["train"], module.hparams["channels"]
    indices = list(islice(iter(data.train_dataloader().sampler), 64))
    region = dataset.__getitems__(indices)["region"].float()
    side = data.patch
    tiles = region.unfold(1, side, side // 2).unfold(2, side, side // 2).contiguous()

    def cut_and_channels() -> None:
        make_channels(dataset.__getitems__(indices), **options, patch=side)

    def transforms() -> None:
        torch.fft.rfft2(tiles)

    rounds = [(seconds(cut_and_channels), seconds(transforms)) for _ in range(2 * ROUNDS)]
    own, alone = (statistics.median(column) for column in zip(*rounds, strict=True))
    return len(indices) / own, len(indices) / alone


def seconds(work: Callable[[], None]) -> float:
    """Return the wall time of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
