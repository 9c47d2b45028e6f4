"""What does ``cryoice mask`` cost? Time and memory of the whole command, and ratios to what it cannot avoid.

    python benchmarks/mask.py [--model FILE] [--keep DIR]

Micrographs are float32 noise with dark blobs at 1 Å/px, made once and kept. Each case is a process of
its own: 8 micrographs of 4096² px with one and two in flight, then 2 and 4 of them, then sides of 2048
and 8192 px, then masks of full size. The floor is reading a micrograph, one real Fourier transform and
the crop to 8 Å/px, measured between the cases. Beyond the base (Python, torch, the network; a micrograph
of 256² px), time is to grow with the area and the number of micrographs, memory with the area and the
number in flight.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from cryoice.files.micrograph import read_micrograph, write_mrc
from cryoice.signal.fourier import fourier_rescale

PIXEL_SIZE, SAMPLING = 1.0, 8.0
CASES = (
    (4096, 8, 1, False),
    (4096, 8, 2, False),
    (4096, 2, 2, False),
    (4096, 4, 2, False),
    (2048, 8, 2, False),
    (8192, 4, 2, False),
    (4096, 8, 2, True),
    (8192, 4, 2, True),
)
"""Side in px, micrographs, how many are in flight, and whether masks are of full size."""

OPTICS = ("--kV", "300", "--Cs", "2.7", "--Q0", "0.1")
PROGRAM = "import typer; from cryoice.mask_command import mask; typer.run(mask)"


@dataclass(frozen=True)
class Cost:
    """Wall time in s and peak memory in bytes of a process."""

    seconds: float
    memory: float

    @property
    def told_memory(self) -> str:
        """Peak memory in both units that are called alike."""
        return f"{self.memory / 1e9:.2f} GB ({self.memory / 1024**3:.2f} GiB)"


def main() -> None:
    """Run all cases and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="weights instead of those that ship")
    parser.add_argument(
        "--keep", type=Path, default=Path("outputs/benchmarks/mask"), help="for the micrographs"
    )
    given = parser.parse_args()
    flags = ["--model", str(given.model)] if given.model else []
    tiny = micrographs(given.keep, side=256, number=1)
    base = min((cost(tiny, [*flags, "--jobs", "1"]) for _ in range(3)), key=lambda found: found.seconds)
    out = Console(soft_wrap=True)
    out.print(f"base: {base.seconds:.1f} s, {base.told_memory}")
    for side, number, jobs, full_size in CASES:
        paths = micrographs(given.keep, side=side, number=number)
        least = statistics.median(floor(path) for path in paths)
        found = cost(paths, [*flags, "--jobs", str(jobs), *(["--full-size"] if full_size else [])])
        each, beyond = found.seconds / number, (found.seconds - base.seconds) / number
        area = (side / 4096) ** 2
        more = (found.memory - base.memory) / min(jobs, number) / 1e9
        out.print(
            f"{number} of {side}² px, {jobs} in flight{', full size' if full_size else ''}: "
            f"{each:.2f} s each, {beyond:.2f} s beyond the base = {beyond / area:.2f} s per 4096² px "
            f"= {beyond / least:.1f} of the floor ({least:.2f} s); peak memory {found.told_memory}, "
            f"{more:.2f} GB beyond the base for each in flight = {more / area:.2f} GB per 4096² px"
        )


def micrographs(folder: Path, *, side: int, number: int) -> list[Path]:
    """Return noise with dark blobs, written where it is missing."""
    paths = [folder / f"{side}-{index}.mrc" for index in range(number)]
    for index, path in enumerate(paths):
        if path.exists():
            continue
        rng = np.random.default_rng((side, index))
        array = rng.standard_normal((side, side), dtype=np.float32) + np.float32(10)
        for row, column in rng.integers(0, side, (6, 2)):
            radius = int(rng.integers(10, side // 12))
            blob = array[max(0, row - radius) : row + radius, max(0, column - radius) : column + radius]
            blob -= np.float32(2)
        write_mrc(path, array, pixel_size=PIXEL_SIZE)
    return paths


def cost(paths: Sequence[Path], flags: Sequence[str]) -> Cost:
    """Run the command in a process of its own."""
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, "-c", PROGRAM, *map(str, paths), "-o", output, "--angpix", str(PIXEL_SIZE)]
        start = time.perf_counter()
        process = subprocess.Popen([*command, *OPTICS, *flags], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)  # Popen must not wait for it again
    if process.returncode:
        raise SystemExit(process.returncode)
    return Cost(seconds, usage.ru_maxrss * 1024)


def floor(path: Path) -> float:
    """Return the seconds of reading, one transform and the crop."""
    start = time.perf_counter()
    array = read_micrograph(path).array
    side = round(len(array) * PIXEL_SIZE / SAMPLING)
    fourier_rescale(torch.from_numpy(array), (side, side))
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
