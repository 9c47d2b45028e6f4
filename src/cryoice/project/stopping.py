"""Signals that end a program: noted, so that it can finish what it is at."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Stopped:
    """The signal that asked the program to stop; None as long as none came."""

    signal: int | None = None


@contextmanager
def stopping() -> Iterator[Stopped]:
    """Note the first SIGINT or SIGTERM instead of dying of it; a second one works as ever."""
    stopped = Stopped()
    before: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _: FrameType | None) -> None:
        stopped.signal = number
        restore()

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, note)
    try:
        yield stopped
    finally:
        restore()
