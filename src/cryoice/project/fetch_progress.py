"""How far the fetching of an entry is: a bar on a terminal, lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


class FetchProgress:
    """A `Watcher` that shows what it is told on the error stream."""

    def __init__(self, console: Console, bar: Progress, name: str) -> None:
        self._console, self._bar, self._name = console, bar, name
        self._task = bar.add_task(name, total=None)

    def stage(self, words: str, *, size: int | None = None) -> None:
        """Begin a new bar."""
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(f"{self._name} {words}", total=size)

    def starts(self, *, size: int | None, have: int) -> None:
        """Tell of the download; the bar begins where the last one ended."""
        if have:
            self.says(f"continuing after {decimal(have)}" + (f" of {decimal(size)}" if size else ""))
        elif size is not None:
            self.says(f"downloading {decimal(size)}")
        self.stage("downloading", size=size)
        self._bar.reset(self._task, total=size, completed=have)

    def advances(self, count: int) -> None:
        """Move the bar."""
        self._bar.advance(self._task, count)

    def says(self, text: str) -> None:
        """Print one line above the bar."""
        self._console.print(f"{self._name}: {text}")


@contextmanager
def showing(console: Console) -> Iterator[Progress]:
    """Show bars in bytes with speed and remaining time; nothing where there is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar
