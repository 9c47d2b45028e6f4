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
    """Note the first SIGINT or SIGTERM instead of dying of it; a second one ends the program at once."""
    stopped = Stopped()
    before: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}

    def note(number: int, _: FrameType | None) -> None:
        stopped.signal = number
        for caught in before:
            signal.signal(caught, signal.SIG_DFL)

    for caught in (signal.SIGINT, signal.SIGTERM):
        before[caught] = signal.signal(caught, note)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
