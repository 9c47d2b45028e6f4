"""What do bf16, accumulation, compilation and a second process change? Prints ratios, since machines differ.

    python benchmarks/training.py [key=value ...]

For each option: (examples per second with it) / (the same in single precision and one process, on the same
cores), medians over interleaved rounds of the median step; and what its first step cost beyond another one.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from rich.console import Console

from cryoice.experiment.run import build_data
from cryoice.experiment.settings import plain_settings
from cryoice.experiment.tasks import build_module
from cryoice.learn.quiet import no_needless_warnings, quiet_lightning
from cryoice.schema import register

STEPS, ROUNDS = 10, 3
CONF = str(Path(__file__).resolve().parents[1] / "conf")
YARDSTICK = "fp32, one process"
OPTIONS = {
    YARDSTICK: (),
    "bf16": ("trainer.precision=bf16-mixed",),
    "accumulation of 4": ("trainer.accumulate_grad_batches=4",),
    "compile": ("compile=true",),
    "compile and bf16": ("compile=true", "trainer.precision=bf16-mixed"),
    "two processes": ("trainer=ddp",),
}
_CHILD = "--child"


class Clock(pl.Callback):
    """Notes the beginning of every step."""

    def __init__(self) -> None:
        self.starts: list[float] = []

    def on_train_batch_start(self, *_: Any) -> None:
        """Note it."""
        self.starts.append(time.perf_counter())


class Run:
    """One option's network, kept over the rounds: compiled once."""

    def __init__(self, overrides: list[str], data: pl.LightningDataModule | None = None) -> None:
        with initialize_config_dir(CONF, version_base="1.3"):
            self.settings = plain_settings(compose("train", overrides=overrides))
        self.data, self.module = data or build_data(self.settings), build_module(self.settings)
        if self.settings["compile"]:
            assert isinstance(self.module.net, torch.nn.Module)
            self.module.net.compile()

    def steps(self) -> list[float]:
        """Return the seconds of each step of a short training, loading included."""
        clock = Clock()
        quiet = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False}
        trainer = instantiate(
            self.settings["trainer"] | quiet | {"enable_progress_bar": False, "max_epochs": 1},
            limit_train_batches=STEPS + 1,
            limit_val_batches=0,
            num_sanity_val_steps=0,
            callbacks=[clock],
        )
        with no_needless_warnings():
            trainer.fit(self.module, self.data)
        return [end - start for start, end in zip(clock.starts, clock.starts[1:], strict=False)]


def two_processes(overrides: list[str]) -> list[float]:
    """Do what `Run.steps` does where torchrun starts two processes."""
    by = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    threads = str(max(1, torch.get_num_threads() // 2))
    done = subprocess.run(
        [*by, __file__, _CHILD, *overrides],
        env=os.environ | {"OMP_NUM_THREADS": threads}, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    found: list[float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(given: list[str]) -> None:
    """Run the benchmark, with other settings where ``key=value`` says so."""
    register()
    quiet_lightning()
    torch.set_flush_denormal(True)
    if given and given[0] == _CHILD:
        steps = Run(given[1:]).steps()
        if os.environ["RANK"] == "0":
            sys.stdout.write(json.dumps(steps) + "\n")
        torch.distributed.destroy_process_group()  # else its threads may abort the program at its end
        return
    data = Run(given).data
    runs = {name: Run([*more, *given], data) for name, more in OPTIONS.items() if "trainer=ddp" not in more}
    seconds: dict[str, list[float]] = {name: [] for name in OPTIONS}
    first: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, more in OPTIONS.items():
            steps = runs[name].steps() if name in runs else two_processes([*more, *given])
            seconds[name].append(statistics.median(steps[1:]))
            first.setdefault(name, steps[0] - seconds[name][0])
    for name in OPTIONS:
        ratios = [whole / own for whole, own in zip(seconds[YARDSTICK], seconds[name], strict=True)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        Console().print(
            f"{name}: {statistics.median(ratios):.2f} ({spread}); first step {first[name]:+.1f} s",
            highlight=False,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
