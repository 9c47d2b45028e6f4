"""Does ``cryoice watch`` mask each micrograph once, miss none, and how late? Proof and latency.

    python benchmarks/watch.py [--micrographs 500] [--every 0.05] [--side 256] [--settle 0.5] [--jobs 2]

Micrographs are float32 noise with dark blobs at 8 Å/px. A first process, ``cryoice mask``, masks them
all: the yardstick. Then ``cryoice watch`` runs as a process of its own while another one writes the same
micrographs into its folder, out of order and in awkward ways: in pieces, with a stall longer than
``--settle`` between them, at full size before there is anything in it, renamed into place from a hidden
name, from a visible one, from another folder. When half have come, the watch is killed with SIGKILL and
started again. In the end it gets a SIGTERM.

What is shown: (1) every record and output that was there after the kill is the same file, unchanged, in
the end; (2) the second run's log tells each other micrograph once, and none of those; (3) both logs
together tell each micrograph once, but for those in flight at the kill that were recorded and not told any
more; (4) the lists and all masks are those of ``cryoice mask``, byte for byte. What was in flight and not
recorded when the program was killed is computed again. Latency runs from the moment when a micrograph was
whole on the disk to its record, which is written after its outputs. A second watch is given a micrograph
every three times as long as the yardstick takes for one, so that no queue builds up.
"""

import argparse
import csv
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence, Set
from pathlib import Path

import numpy as np
from rich.console import Console

from cryoice.files.micrograph import write_mrc
from cryoice.files.recorded_outputs import RECORDS_FOLDER

PIXEL_SIZE = 8.0
OPTICS = ("--kV", "300", "--Cs", "2.7", "--Q0", "0.1")
PROGRAM = "from cryoice.cli import app; app()"
LISTS = ("summary.csv", "micrographs.star")
OUT = Console(soft_wrap=True)


def main() -> None:
    """Run all and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--micrographs", type=int, default=500)
    parser.add_argument("--every", type=float, default=0.05, help="s between two")
    parser.add_argument("--side", type=int, default=256, help="px")
    parser.add_argument("--settle", type=float, default=0.5, help="s; passed on")
    parser.add_argument("--jobs", type=int, default=2, help="passed on")
    parser.add_argument("--keep", type=Path, default=Path("outputs/benchmarks/watch"), help="for the files")
    given = parser.parse_args()
    shutil.rmtree(given.keep, ignore_errors=True)
    made = given.keep / "batch/in"
    make_micrographs(made, side=given.side, number=given.micrographs)
    each = yardstick(given.keep / "batch", jobs=given.jobs)
    watch_killed(given, each)
    watch_unhurried(given, each)


def make_micrographs(folder: Path, *, side: int, number: int) -> None:
    """Write noise with dark blobs."""
    folder.mkdir(parents=True)
    for index in range(number):
        rng = np.random.default_rng((side, index))
        array = rng.standard_normal((side, side), dtype=np.float32) + np.float32(10)
        for row, column in rng.integers(0, side, (3, 2)):
            radius = int(rng.integers(4, side // 12))
            array[max(0, row - radius) : row + radius, max(0, column - radius) : column + radius] -= 3
        write_mrc(folder / f"m{index:05d}.mrc", array, pixel_size=PIXEL_SIZE)


def start(folder: Path, command: str, *flags: str) -> subprocess.Popen[bytes]:
    """Start cryoice in a folder, on ``in`` there; outputs go to ``out``."""
    words = [sys.executable, "-c", PROGRAM, command, "in", "-o", "out", *OPTICS, *flags]
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL)


def yardstick(folder: Path, *, jobs: int) -> float:
    """Mask all with ``cryoice mask``; return s each, from the first record to the last."""
    begun = time.perf_counter()
    if start(folder, "mask", "--jobs", str(jobs)).wait():
        raise SystemExit("the batch failed")
    wall = time.perf_counter() - begun
    moments = sorted(recorded(folder / "out").values())
    each = (moments[-1] - moments[0]) / (len(moments) - 1) / 1e9
    OUT.print(
        f"cryoice mask: {len(moments)} micrographs in {wall:.1f} s, "
        f"{each:.3f} s each once begun: the yardstick"
    )
    return each


def watch_killed(given: argparse.Namespace, each: float) -> None:
    """Watch while micrographs come, with a kill in the middle, and show what became of them."""
    folder = given.keep / "live"
    (folder / "in").mkdir(parents=True)
    total = given.micrographs
    flags = ("--settle", str(given.settle), "--jobs", str(given.jobs))
    watching = start(folder, "watch", *flags)
    wait_until(lambda: (folder / "out" / RECORDS_FOLDER).is_dir())
    writing = writer(given, folder, every=given.every)
    wait_until(lambda: len(list((folder / "in").glob("m*.mrc"))) >= total // 2)
    wait_until(lambda: len(recorded(folder / "out")) > 0)
    watching.kill()
    watching.wait()
    killed, before = time.time_ns(), fingerprints(folder / "out")
    known = {Path(name).stem for name in before if name.endswith(".json")}
    shutil.copy(folder / "out/watch.log", folder / "first.log")
    (folder / "out/watch.log").unlink()
    watching = start(folder, "watch", *flags)
    if writing.wait():
        raise SystemExit("the writer failed")
    wait_until(lambda: len(recorded(folder / "out")) >= total, seconds=600)
    watching.send_signal(signal.SIGTERM)
    status = watching.wait()
    after, moments, came = fingerprints(folder / "out"), recorded(folder / "out"), arrivals(folder)
    kept = {
        name: mark
        for name, mark in before.items()
        if Path(name).name.partition(".")[0].partition("_")[0] in known
    }
    OUT.print(
        f"cryoice watch: {total} micrographs, one every {1000 * given.every:.0f} ms; SIGKILL after "
        f"{len(known)} records, started again; exit status after SIGTERM {status}"
    )
    report(f"{len(moments)} records", sorted(moments) == sorted(came))
    report(
        f"{len(kept)} files of {len(known)} micrographs recorded before the kill are unchanged",
        kept.items() <= after.items(),
    )
    show_logs(folder, came.keys(), known, in_flight=2 * given.jobs)
    show_equal(given.keep / "batch/out", folder / "out")
    late = {name: (moments[name] - came[name]) / 1e9 for name in came}
    say_latency("latency of all", list(late.values()), each)
    first = min(moments[name] for name in came.keys() - known if moments[name] > killed)
    OUT.print(f"  from the kill to the first record of the second run: {(first - killed) / 1e9:.1f} s")
    say_latency("latency of those recorded before the kill", [late[name] for name in known], each)


def show_logs(folder: Path, came: Set[str], known: Set[str], *, in_flight: int) -> None:
    """Show that each micrograph is told masked once over the logs of both runs."""
    second = logged(folder / "out/watch.log")
    expected = sorted(came - known)
    report(
        f"the second run masked the other {len(expected)} once each, and none but these",
        sorted(second) == expected,
    )
    told = Counter([*logged(folder / "first.log"), *second])
    untold = came - told.keys()
    report(
        f"both logs tell {len(told)} once each, and the other {len(untold)} were in flight at the kill",
        set(told.values()) == {1} and untold <= known and len(untold) <= in_flight,
    )


def show_equal(batch: Path, live: Path) -> None:
    """Show that lists and outputs are those of a batch, to the byte."""
    report("lists equal those of cryoice mask", all(same(batch, live, name) for name in LISTS))
    outputs = [path.name for path in batch.iterdir() if path.name.startswith("m0")]
    report(
        f"{len(outputs)} outputs equal those of cryoice mask",
        all(same(batch, live, name) for name in outputs),
    )


def watch_unhurried(given: argparse.Namespace, each: float) -> None:
    """Watch while micrographs come so slowly that none waits for another."""
    folder = given.keep / "unhurried"
    (folder / "in").mkdir(parents=True)
    watching = start(folder, "watch", "--settle", str(given.settle), "--jobs", str(given.jobs))
    wait_until(lambda: (folder / "out" / RECORDS_FOLDER).is_dir())
    number = min(60, given.micrographs)
    for path in sorted((given.keep / "batch/in").iterdir())[number:]:
        path.rename(given.keep / path.name)  # the writer takes what is there
    every = 3 * each
    if writer(given, folder, every=every).wait():
        raise SystemExit("the writer failed")
    wait_until(lambda: len(recorded(folder / "out")) >= number, seconds=120)
    watching.send_signal(signal.SIGTERM)
    watching.wait()
    moments, came = recorded(folder / "out"), arrivals(folder)
    say_latency(
        f"{number} micrographs, one every {1000 * every:.0f} ms: latency",
        [(moments[name] - came[name]) / 1e9 for name in came],
        each,
    )


def writer(given: argparse.Namespace, folder: Path, *, every: float) -> subprocess.Popen[bytes]:
    """Start the process that writes."""
    words = [str(given.keep / "batch/in"), str(folder / "in"), "--every", str(every)]
    program = Path(__file__).with_name("watch_writer.py")
    return subprocess.Popen([sys.executable, program, *words, "--stall", str(2 * given.settle)])


def recorded(output: Path) -> dict[str, int]:
    """Return when each record was written, ns since 1970."""
    return {path.stem: path.stat().st_mtime_ns for path in (output / RECORDS_FOLDER).glob("m*.json")}


def fingerprints(output: Path) -> dict[str, tuple[int, int, int]]:
    """Return inode, bytes and time of change of all records and outputs."""
    found = [path for path in output.rglob("m[0-9]*") if path.is_file()]
    marks = {str(path.relative_to(output)): path.stat() for path in found}
    return {name: (mark.st_ino, mark.st_size, mark.st_mtime_ns) for name, mark in marks.items()}


def arrivals(folder: Path) -> dict[str, int]:
    with (folder / "arrivals.csv").open() as stream:
        return {name: int(moment) for name, moment in csv.reader(stream)}


def logged(log: Path) -> list[str]:
    """Return the micrographs that a log calls masked."""
    words = [line.split() for line in log.read_text().splitlines()]
    return [Path(line[2].rstrip(":")).stem for line in words if line[1] == "masked"]


def same(one: Path, other: Path, name: str) -> bool:
    return (one / name).read_bytes() == (other / name).read_bytes()


def report(claim: str, holds: bool) -> None:
    OUT.print(f"  {'yes' if holds else 'NO'}: {claim}")
    if not holds:
        raise SystemExit(1)


def say_latency(what: str, seconds: Sequence[float], each: float) -> None:
    middle, late = np.quantile(seconds, (0.5, 0.95))
    OUT.print(
        f"  {what}: median {middle:.2f} s, 95 % {late:.2f} s "
        f"= {middle / each:.1f} and {late / each:.1f} times the yardstick"
    )


def wait_until(true: Callable[[], bool], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit("waited for too long")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
