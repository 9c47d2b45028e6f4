"""What does a sweep cost beside its trainings? Prints ratios, since machines differ.

    python -m benchmarks.sweep [--jobs 8] [key=value ...]

The same short trainings three times: one after the other, each a program of its own; two such programs at a
time, a core each; and as one sweep of the joblib launcher, two at a time. Processor time is told beside
the wall's, which other programs of the machine disturb.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
SHORT = (
    "patch=32", "data.margin=300", "trainer.max_epochs=1", "+trainer.limit_train_batches=20",
    "+trainer.num_sanity_val_steps=0", "trainer.enable_progress_bar=false", "report=scores", "logger=csv",
    "trainer.enable_model_summary=false", "bootstrap=100",
)  # fmt: skip


def main() -> None:
    """Print wall and processor time of the three, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("overrides", nargs="*", help="more of train.py's, as cache=...")
    options = parser.parse_args()
    given, seeds = [*SHORT, *options.overrides], range(options.jobs)
    with TemporaryDirectory(prefix="cryoice-") as name:
        folder = Path(name)
        train([*given, f"hydra.run.dir={folder}/first"])  # simulates and resamples what is missing
        alone = [[*given, f"seed={seed}", f"hydra.run.dir={folder}/alone/{seed}"] for seed in seeds]
        pairs = [[*given, f"seed={seed}", f"hydra.run.dir={folder}/pairs/{seed}"] for seed in seeds]
        sweep = ["-m", *given, f"seed={','.join(map(str, seeds))}", f"hydra.sweep.dir={folder}/sweep",
                 "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]  # fmt: skip
        times = {
            "one after the other": timed(lambda: at_a_time(1, alone)),
            "two at a time": timed(lambda: at_a_time(2, pairs)),
            "sweep": timed(lambda: train(sweep)),
        }
    for what, (wall, processor) in times.items():
        Console().print(f"{options.jobs} trainings, {what}: {wall:.1f} s, processor {processor:.1f} s")
    wall, processor = times["sweep"]
    for what in ("one after the other", "two at a time"):
        other = times[what]
        Console().print(f"sweep / {what}: wall {wall / other[0]:.2f}, processor {processor / other[1]:.2f}")


def train(overrides: list[str], **environment: str) -> None:
    command = [sys.executable, str(ROOT / "train.py"), *overrides]
    subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True, capture_output=True)


def at_a_time(number: int, trainings: list[list[str]]) -> None:
    threads = {"OMP_NUM_THREADS": "1"} if number > 1 else {}
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(lambda overrides: train(overrides, **threads), trainings))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and processor seconds of the programs that a call starts."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - wall, used


if __name__ == "__main__":
    main()
