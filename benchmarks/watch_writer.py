"""Write the micrographs of one folder to another, one after another, out of order and in awkward ways.

    python benchmarks/watch_writer.py FROM TO --every 0.05 --stall 1

A part of `benchmarks/watch.py`. ``arrivals.csv`` beside TO tells when each was whole, ns since 1970.
"""

import argparse
import heapq
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

PIECE_S = 0.04

Steps = Iterator[float]
"""Seconds to wait between one step of writing a file and the next."""


def main() -> None:
    """Write all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--every", type=float, required=True, help="s between two")
    parser.add_argument("--stall", type=float, required=True, help="s that some files stall half-written")
    given = parser.parse_args()
    write_all(given.source, given.target, every=given.every, stall=given.stall)


def write_all(source: Path, target: Path, *, every: float, stall: float) -> None:
    """Write all micrographs, each in the next of `WAYS`; several are half-written at any time."""
    paths = sorted(source.iterdir())
    np.random.default_rng(0).shuffle(paths)
    begun, turn = time.monotonic(), 0
    events: list[tuple[float, int, str, Steps]] = []
    for index, path in enumerate(paths):
        steps = WAYS[index % len(WAYS)](path, target, stall)
        heapq.heappush(events, (begun + index * every, turn := turn + 1, path.stem, steps))
    with (target.parent / "arrivals.csv").open("w") as stream:
        while events:
            moment, _, name, steps = heapq.heappop(events)
            time.sleep(max(0.0, moment - time.monotonic()))
            pause = next(steps, None)
            if pause is None:
                stream.write(f"{name},{time.time_ns()}\n")
            else:
                heapq.heappush(events, (time.monotonic() + pause, turn := turn + 1, name, steps))


def in_pieces(path: Path, target: Path, stall: float) -> Steps:
    """Grow in three pieces."""
    yield from appended(path, target, PIECE_S)


def with_a_stall(path: Path, target: Path, stall: float) -> Steps:
    """Grow in three pieces, each long after the one before."""
    yield from appended(path, target, stall)


def appended(path: Path, target: Path, pause: float) -> Steps:
    content = path.read_bytes()
    third = len(content) // 3
    with (target / path.name).open("wb", buffering=0) as stream:
        for begin, end in ((0, third), (third, 2 * third), (2 * third, len(content))):
            stream.write(content[begin:end])
            if end < len(content):
                yield pause


def at_full_size_at_once(path: Path, target: Path, stall: float) -> Steps:
    """Have the right size before the contents, which come last part first."""
    content = path.read_bytes()
    half = len(content) // 2
    with (target / path.name).open("wb", buffering=0) as stream:
        stream.truncate(len(content))
        for begin, end in ((half, len(content)), (0, half)):
            yield PIECE_S
            stream.seek(begin)
            stream.write(content[begin:end])


def from_a_hidden_name(path: Path, target: Path, stall: float) -> Steps:
    """Be written under a hidden name and renamed."""
    yield from renamed(path, target / f".{path.name}", target)


def from_a_visible_name(path: Path, target: Path, stall: float) -> Steps:
    """Be written under a name that is a micrograph's and renamed at once."""
    yield from renamed(path, target / f"{path.stem}.tmp.mrc", target)


def from_another_folder(path: Path, target: Path, stall: float) -> Steps:
    """Be written elsewhere and moved."""
    yield from renamed(path, target.parent / path.name, target)


def renamed(path: Path, scratch: Path, target: Path) -> Steps:
    shutil.copy(path, scratch)
    yield PIECE_S
    scratch.rename(target / path.name)


WAYS = (
    in_pieces,
    with_a_stall,
    at_full_size_at_once,
    from_a_hidden_name,
    from_a_visible_name,
    from_another_folder,
)

if __name__ == "__main__":
    main()
