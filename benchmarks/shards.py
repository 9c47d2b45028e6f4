"""Two shards against one process: equal to the bit, what a killed one costs, and the gain.

    python -m benchmarks.shards [--micrographs N] [--side PX] [--keep DIR]

Micrographs are those of ``benchmarks/mask.py``. Each line is a whole command, or two at once, of the
network that ships, on the CPU: one process with one and with two micrographs in flight, two shards at
once with one each and their merge, two devices (here processes on the CPU), and two shards of which one
is killed amid its work. Their folders are compared file by file; times are those of this run, machine
and load.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.mask import OPTICS, PIXEL_SIZE, micrographs

PROGRAM = (sys.executable, "-m", "cryoice", "mask")


def main() -> None:
    """Run all cases and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--micrographs", type=int, default=24)
    parser.add_argument("--side", type=int, default=2048, help="px, at 1 Å/px")
    parser.add_argument("--keep", type=Path, default=Path("outputs/benchmarks/mask"))
    given = parser.parse_args()
    paths = micrographs(given.keep, side=given.side, number=given.micrographs)
    words = [*PROGRAM, *map(str, paths), "--angpix", str(PIXEL_SIZE), "--device", "cpu", *OPTICS]
    out = Console(soft_wrap=True, highlight=False)
    out.print(f"{given.micrographs} micrographs of {given.side}² px")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = timed([words, "-o", folder / "one", "--jobs", 1])
        expected = outputs(folder / "one")
        out.print(f"one process, one in flight: {one:.1f} s, {len(expected)} files")
        two = timed([words, "-o", folder / "two", "--jobs", 2])
        same(expected, folder / "two")
        out.print(f"one process, two in flight: {two:.1f} s; equal to the bit")
        into = [words, "-o", folder / "shards", "--jobs", 1]
        both = timed([*into, "--shard", "1/2"], [*into, "--shard", "2/2"])
        merged = timed([*into, "--merge", "--shards", 2])
        same(expected, folder / "shards")
        out.print(
            f"two shards at once, one in flight each: {both:.1f} s = {both / one:.2f} of one process with "
            f"one, {both / two:.2f} of one with two; the merge takes {merged:.1f} s more; equal to the bit"
        )
        devices = timed([words, "-o", folder / "devices", "--jobs", 1, "--devices", 2])
        same(expected, folder / "devices")
        out.print(f"two devices, one in flight each: {devices:.1f} s = {devices / one:.2f}; equal to the bit")
        out.print(killed(words, folder / "killed", expected, number=given.micrographs))


def killed(words: Sequence[str], folder: Path, expected: dict[str, bytes], *, number: int) -> str:
    """Kill the second of two shards amid its work, run it alone as the merge says, and tell what it cost."""
    into = [words, "-o", folder, "--jobs", 1]
    other, share = start([*into, "--shard", "1/2"]), number // 2
    with start([*into, "--shard", "2/2"]) as victim:
        while len(done(folder, victim=True)) < max(1, share // 3):
            time.sleep(0.02)
        victim.send_signal(signal.SIGKILL)
    if other.wait():
        raise SystemExit(other.returncode)
    merge = subprocess.run(
        flat([*into, "--merge", "--shards", 2]), capture_output=True, text=True, check=False
    )
    [line] = [line for line in merge.stderr.splitlines() if line.startswith("shard ")]
    before = done(folder) | done(folder, victim=True)
    seconds = timed([*into, "--shard", "2/2"])
    after = done(folder) | done(folder, victim=True)
    timed([*into, "--merge", "--shards", 2])
    same(expected, folder)
    kept = sum(after[path] == when for path, when in before.items())
    return (
        f"a shard that was killed: the merge ends with status {merge.returncode} and says "
        f"'{line.partition(';')[0]}'; run alone ({seconds:.1f} s) it masked {len(after) - len(before)} of "
        f"its {share}, {kept} of {len(before)} that were done stayed untouched; equal to the bit"
    )


def done(folder: Path, *, victim: bool = False) -> dict[Path, int]:
    """Return when the records of one of two shards were written; micrographs are numbered from 0."""
    found = (folder / ".cryoice").glob("[!.]*.json")
    its = (path for path in found if int(path.stem.rpartition("-")[2]) % 2 == victim)
    return {path: path.stat().st_mtime_ns for path in its}


def outputs(folder: Path) -> dict[str, bytes]:
    """Return masks, scores, pictures and lists by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def same(expected: dict[str, bytes], folder: Path) -> None:
    """End the program where a folder's files differ from the expected ones."""
    found = outputs(folder)
    differing = [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
    if differing:
        raise SystemExit(f"{folder}: differs in {', '.join(sorted(differing))}")


def timed(*commands: Sequence[object]) -> float:
    """Run commands at once and return the seconds until the last has ended."""
    begin = time.perf_counter()
    for process in [start(command) for command in commands]:
        if process.wait():
            raise SystemExit(process.returncode)
    return time.perf_counter() - begin


def start(command: Sequence[object]) -> "subprocess.Popen[bytes]":
    """Start a command."""
    return subprocess.Popen(flat(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def flat(command: Sequence[object]) -> list[str]:
    """Return the words of a command that begins with a list of them."""
    return [*command[0], *map(str, command[1:])]  # type: ignore[misc]


if __name__ == "__main__":
    main()
